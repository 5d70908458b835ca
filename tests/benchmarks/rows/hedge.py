"""What the hedge costs: a backtest with legs over the same without."""

from __future__ import annotations

from tests.benchmarks.backtests import BacktestBench
from tests.benchmarks.bench import Bench
from tests.benchmarks.result import Result

TARGET = 1.35
TURNS = 3


def mapping(pairs: tuple[str, ...]) -> dict[str, list[str]]:
    """Two primaries with two candidates each where there are enough pairs, else one with one."""
    return {pair: list(pairs[-2:]) for pair in pairs[:2]} if len(pairs) > 3 else {pairs[0]: [pairs[1]]}


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
        # Beside other work on the machine, the steadier of the two.
        "processor_ratio": found.ratio(lambda run: run.cpu),
        "wall_seconds": found.summary(lambda run: run.wall),
        "loop_seconds": found.summary(lambda run: run.phases["loop"]),
        "trades": {"hedged": len(hedged.trades), "plain": len(plain.trades)},
        "minutes_in_trade": {"hedged": hedged.minutes, "plain": plain.minutes},
    }
    title = "wall time of a 1m backtest with the hedge over one without"
    return Result("hedge-backtest", title, found.ratio(lambda run: run.wall), "×", TARGET, details)
