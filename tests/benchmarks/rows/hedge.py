"""What the hedge costs: a backtest with legs over the same without, and one decision about an open leg."""

from __future__ import annotations

from time import perf_counter_ns

from outrigger.hedge.choice import Candidate, Primary, choose_leg
from outrigger.hedge.life import LegLife, Phase, PrimaryNow, advance_life
from outrigger.hedge.measure import CHART, HedgeTrack, measure_hedges
from outrigger.hedge.size import hedge_ratio, leg_size, rebalance
from outrigger.settings.hedge import HedgeSettings
from tests.benchmarks.backtests import BacktestBench
from tests.benchmarks.bench import Bench
from tests.benchmarks.pairing import percentiles
from tests.benchmarks.result import Result
from tests.benchmarks.walk import minute_walk, resampled

BACKTEST_TARGET, DECISION_TARGET_US = 1.35, 100.0
BTC, ETH, BNB = (f"{coin}/USDT:USDT" for coin in ("BTC", "ETH", "BNB"))
CANDLES, DECISIONS, TURNS = 40_000, 60_000, 3
FIVE_MS = 300_000


def mapping(pairs: tuple[str, ...]) -> dict[str, list[str]]:
    """Two primaries with two candidates each where there are enough pairs, else one with one."""
    return {pair: list(pairs[2:4]) for pair in pairs[:2]} if len(pairs) > 3 else {pairs[0]: [pairs[1]]}


def hedge_backtest(bench: Bench) -> Result:
    """Whole processes in turn, start-up and data included."""
    candidates = mapping(bench.market.pairs)
    home = bench.home / "hedge"
    home.mkdir()
    turns = bench.size(TURNS, 1)
    found = BacktestBench(bench.market, home).switched({"hedge": {"candidates": candidates}}, turns)
    hedged, plain = found.ours[-1], found.floor[-1]
    details = {
        "market": bench.market.label,
        "candidates": candidates,
        "turns": len(found.ours),
        "wall_seconds": found.summary(lambda run: run.wall),
        "loop_seconds": found.summary(lambda run: run.phases["loop"]),
        "trades": {"hedged": len(hedged.trades), "plain": len(plain.trades)},
        "minutes_in_trade": {"hedged": hedged.minutes, "plain": plain.minutes},
    }
    title = "wall time of a 1m backtest with the hedge over one without"
    return Result("hedge-backtest", title, found.ratio(lambda run: run.wall), "×", BACKTEST_TARGET, details)


def hedge_decision(bench: Bench) -> Result:
    """99th percentile of choosing a leg, and of one step of an open one."""
    settings = HedgeSettings(candidates={BTC: [ETH, BNB]})
    minutes = bench.size(CANDLES, 20_000)
    chart = resampled(minute_walk(minutes), CHART)
    tracks = measure_hedges(BTC, {BTC: chart, ETH: chart, BNB: chart}, settings)
    times = _decisions(tracks, settings, bench.size(DECISIONS, 2_000))
    shares = {"p50_us": 0.5, "p99_us": 0.99, "p999_us": 0.999}
    found = {
        name: dict(zip(shares, percentiles(taken, *shares.values()), strict=True))
        for name, taken in times.items()
    }
    worst = max(part["p99_us"] for part in found.values())
    details = {"decisions": len(times["choose"]), "candles": len(chart), **found}
    return Result("hedge-decision", "p99 of one hedge decision", worst, "µs", DECISION_TARGET_US, details)


def _decisions(tracks: dict[str, HedgeTrack], settings: HedgeSettings, count: int) -> dict[str, list[float]]:
    """Microseconds of each decision at one five-minute close after the other."""
    closed = tracks[ETH].closed_at_ms
    known = len(closed) // 2
    primary = Primary(BTC, 1, 1_000.0, 1e-4, 0.3)
    life = LegLife(1, -1, Phase.PAIRED, int(closed[0]))
    taken: dict[str, list[float]] = {"choose": [], "hold": []}
    for number in range(count):
        now = int(closed[known + number % known])
        begun = perf_counter_ns()
        candidates = [Candidate(pair, track.at(now), None, 1e-4, 5.0) for pair, track in tracks.items()]
        choose_leg(primary, candidates, 5e-4, settings)
        chosen = perf_counter_ns()
        reading = tracks[ETH].at(now)
        if reading is not None:
            advance_life(life, PrimaryNow(), reading.state, None, now, 1e-3, FIVE_MS, settings)
            target = leg_size(reading.beta, 1_000.0, hedge_ratio(0.3, settings), settings).notional
            rebalance(260.0, target, reading.state, life.since_ms, now, settings)
        taken["choose"].append((chosen - begun) / 1000)
        taken["hold"].append((perf_counter_ns() - chosen) / 1000)
    return taken
