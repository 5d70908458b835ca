"""Legs inside Freqtrade's own engine: when they open, how large they are, and how they end."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.exceptions import FreqtradeException

from outrigger.hedge.tag import parse_tag
from tests.engine.harness import START, candles, flat
from tests.engine.hedge_harness import BNB, BTC, ETH, PRICES, HedgeEngine, hedge_track

MINUTES = 120
HEDGE = {"candidates": {BTC: [ETH]}, "squeeze_gain": 0.0}
# Forecast 1 %: protective 2 %, armed at 1.5 %, trail .75 %.
STOP = {
    "stop": {
        "policy": "volatility",
        "protect_sigma": 2.0,
        "activation": 0.015,
        "activation_sigma": 1.5,
        "trail_sigma": 0.75,
    }
}

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]


def path(pair: str, *levels: tuple[int, float], count: int = MINUTES) -> list[tuple[float, ...]]:
    """Candles that run from level to level: (row, move from the first price), flat after the last."""
    rows, moves = zip(*((0, 0.0), *levels), strict=True)
    points = PRICES[pair] * (1 + np.interp(np.arange(count + 1), rows, moves))
    return [(a, max(a, b), min(a, b), b) for a, b in pairwise(points)]


def row(moment: Any) -> int:
    return round((pd.Timestamp(moment) - START).total_seconds() / 60)


def by_pair(found: Any) -> dict[str, Any]:
    assert found.strategy.faults.total() == 0
    return {trade.pair: trade for trade in found.trades}


def run(engine: HedgeEngine, frames: Any, entries: Any, **kind: Any) -> dict[str, Any]:
    tracks = kind.pop("tracks", {BTC: {ETH: hedge_track(MINUTES)}})
    return by_pair(
        engine.run_pairs(frames, entries, **{"hedge": HEDGE, "tracks": tracks, "outrigger": STOP} | kind)
    )


@pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
@pytest.mark.parametrize(("order", "later"), [((BTC, ETH), 0), ((ETH, BTC), 1)], ids=["before", "after"])
def test_leg_opens_with_its_primary_or_one_candle_later(
    hedge_engine: HedgeEngine, side: int, order: tuple[str, ...], later: int
) -> None:
    frames = {pair: flat(PRICES[pair], MINUTES) for pair in order}
    found = run(hedge_engine, frames, {BTC: [(10, side)]})
    primary, leg = found[BTC], found[ETH]
    assert row(primary.open_date_utc) == 10
    assert row(leg.open_date_utc) == 10 + later
    assert leg.is_short == (side > 0)
    assert leg.enter_tag == f"hedge:BTC#{primary.id}"
    # Ratio .5 and beta .5, less what the exchange's lots round off.
    target = 0.25 * primary.amount * primary.open_rate
    assert target * 0.99 < leg.amount * leg.open_rate <= target


def test_leg_of_a_stopped_primary_runs_on_and_ends_by_its_own_trail(hedge_engine: HedgeEngine) -> None:
    """BTC falls 3 %, ETH 5 %: the long is stopped at -2 %, the short leg trails the fall by .7 %."""
    frames = {
        BTC: path(BTC, (20, 0.0), (40, -0.03)),
        ETH: path(ETH, (20, 0.0), (45, -0.05), (46, -0.048), (60, -0.02)),
    }
    found = run(hedge_engine, frames, {BTC: [(10, 1)]})
    primary, leg = found[BTC], found[ETH]
    assert primary.exit_reason == "stop_loss"
    assert leg.exit_reason in ("hedge_runner_stop", "hedge_runner_momentum")
    assert row(leg.close_date_utc) > row(primary.close_date_utc) + 1
    assert leg.close_rate == pytest.approx(2_000 * 0.95 * 1.007, rel=3e-3)
    assert leg.close_profit_abs > 0 > primary.close_profit_abs


def test_leg_of_a_primary_stopped_on_its_entry_candle_is_opened_all_the_same(
    hedge_engine: HedgeEngine,
) -> None:
    """At the candle's open nobody knows that the primary will not see its close."""
    frames = {
        BTC: path(BTC, (10, 0.0), (11, -0.03)),
        ETH: path(ETH, (10, 0.0), (11, -0.05), (30, -0.06), (50, -0.03)),
    }
    found = run(hedge_engine, frames, {BTC: [(10, 1)]})
    primary, leg = found[BTC], found[ETH]
    assert (row(primary.open_date_utc), row(primary.close_date_utc)) == (10, 10)
    assert row(leg.open_date_utc) == 10
    assert leg.enter_tag == f"hedge:BTC#{primary.id}"
    assert leg.exit_reason.startswith("hedge_runner")


def test_runner_without_time_closes_in_the_candle_after_its_primary(hedge_engine: HedgeEngine) -> None:
    frames = {BTC: path(BTC, (20, 0.0), (40, -0.03)), ETH: path(ETH, (20, 0.0), (45, -0.05))}
    found = run(hedge_engine, frames, {BTC: [(10, 1)]}, hedge={**HEDGE, "runner_hours": 0.0})
    primary, leg = found[BTC], found[ETH]
    assert leg.exit_reason == "hedge_primary_ended"
    assert row(leg.close_date_utc) == row(primary.close_date_utc) + 1
    # The open of that candle: nothing of the candle in which the primary was stopped is undone.
    assert leg.close_rate == pytest.approx(frames[ETH][row(leg.close_date_utc)][0], rel=1e-5)


def test_leg_of_a_primary_that_ended_in_profit_is_closed(hedge_engine: HedgeEngine) -> None:
    frames = {
        BTC: path(BTC, (20, 0.0), (40, 0.04), (60, 0.01)),
        ETH: flat(PRICES[ETH], MINUTES),
    }
    found = run(hedge_engine, frames, {BTC: [(10, 1)]})
    assert found[BTC].exit_reason == "trailing_stop_loss"
    assert found[ETH].exit_reason == "hedge_primary_profit"
    assert row(found[ETH].close_date_utc) == row(found[BTC].close_date_utc) + 1


def test_own_stop_of_a_paired_leg_ends_it_for_good(hedge_engine: HedgeEngine) -> None:
    """ETH rises 7 % against its short leg, three times its 2 %, while BTC stands still."""
    frames = {BTC: flat(PRICES[BTC], MINUTES), ETH: path(ETH, (20, 0.0), (40, 0.07))}
    found = hedge_engine.run_pairs(
        frames,
        {BTC: [(10, 1)]},
        hedge=HEDGE | {"band": 1.0},
        tracks={BTC: {ETH: hedge_track(MINUTES)}},
        outrigger=STOP,
    )
    legs = [trade for trade in found.trades if trade.pair == ETH]
    assert [leg.exit_reason for leg in legs] == ["hedge_leg_ended"]
    assert legs[0].close_rate == pytest.approx(2_000 * 1.06, rel=1e-4)


@pytest.mark.parametrize(
    ("changed", "tracks"),
    [
        ({}, {BTC: {ETH: hedge_track(MINUTES, correlation=0.5)}}),
        ({}, {BTC: {ETH: hedge_track(MINUTES, correlation=float("nan"))}}),
        ({}, {}),
        ({"enabled": False}, {BTC: {ETH: hedge_track(MINUTES)}}),
        ({"candidates": {BTC: []}}, {BTC: {ETH: hedge_track(MINUTES)}}),
    ],
    ids=["below the floor", "not known", "not measured", "switched off", "off for the pair"],
)
def test_primary_stands_alone(hedge_engine: HedgeEngine, changed: Any, tracks: Any) -> None:
    frames = {pair: flat(PRICES[pair], MINUTES) for pair in (BTC, ETH)}
    assert set(run(hedge_engine, frames, {BTC: [(10, 1)]}, hedge=HEDGE | changed, tracks=tracks)) == {BTC}


def test_candidate_that_is_a_primary_itself_leaves_the_leg_to_the_next(hedge_engine: HedgeEngine) -> None:
    frames = {pair: flat(PRICES[pair], MINUTES) for pair in (BTC, ETH, BNB)}
    hedge = HEDGE | {"candidates": {BTC: [ETH, BNB]}}
    tracks = {BTC: {ETH: hedge_track(MINUTES, correlation=0.9), BNB: hedge_track(MINUTES)}}
    found = run(hedge_engine, frames, {BTC: [(10, 1)], ETH: [(5, 1)]}, hedge=hedge, tracks=tracks)
    assert found[ETH].enter_tag == "test"
    assert found[BNB].enter_tag == f"hedge:BTC#{found[BTC].id}"


def test_legs_leave_half_of_the_slots_to_primaries(hedge_engine: HedgeEngine) -> None:
    frames = {pair: flat(PRICES[pair], MINUTES) for pair in (BTC, ETH, BNB)}
    hedge = HEDGE | {"candidates": {BTC: [ETH, BNB]}}
    tracks = {BTC: {ETH: hedge_track(MINUTES), BNB: hedge_track(MINUTES)}}
    entries = {BTC: [(10, 1)], BNB: [(12, 1)]}
    config = {"max_open_trades": 3}
    found = run(hedge_engine, frames, entries, hedge=hedge, tracks=tracks, config=config)
    assert found[BNB].enter_tag == "test"
    assert len(found) == 3


def test_too_few_slots_are_refused_at_the_start(hedge_engine: HedgeEngine) -> None:
    frames = {pair: flat(PRICES[pair], MINUTES) for pair in (BTC, ETH)}
    with pytest.raises(FreqtradeException, match="max_open_trades is 1"):
        run(hedge_engine, frames, {}, config={"max_open_trades": 1})


def test_candidate_that_is_not_listed_is_refused_at_the_start(hedge_engine: HedgeEngine) -> None:
    with pytest.raises(FreqtradeException, match="not on the whitelist"):
        run(hedge_engine, {BTC: flat(PRICES[BTC], MINUTES)}, {})


def test_leg_is_resized_to_a_new_beta_and_never_beyond_it(hedge_engine: HedgeEngine) -> None:
    """Beta falls from .5 to .3: the leg is cut at once; then it rises to .6: added after an hour."""
    beta = np.concatenate((np.full(6, 0.5), np.full(4, 0.3), np.full(16, 0.6)))
    frames = {pair: flat(PRICES[pair], MINUTES) for pair in (BTC, ETH)}
    found = run(hedge_engine, frames, {BTC: [(10, 1)]}, tracks={BTC: {ETH: hedge_track(MINUTES, beta=beta)}})
    worth = found[BTC].amount * PRICES[BTC]
    held, seen = 0.0, []
    for order in found[ETH].orders:
        held += order.safe_filled * (1 if order.ft_order_side == "sell" else -1)
        seen.append((row(order.order_filled_utc), held * PRICES[ETH] / worth))
    lot = 0.001 * PRICES[ETH] / worth
    assert [at for at, _ in seen[:3]] == [10, 30, 90]
    for (_, share), wanted in zip(seen, (0.25, 0.15, 0.3), strict=False):
        assert wanted - 2 * lot < share < wanted + 2 * lot


def walks(count: int) -> dict[str, pd.DataFrame]:
    """Correlated walks with enough noise to stop trades often."""
    rng = np.random.default_rng(7)
    shared = rng.standard_t(4, count) * 8e-4
    made = {}
    for pair, own in ((BTC, 3e-4), (ETH, 4e-4), (BNB, 5e-4)):
        close = PRICES[pair] * np.exp(np.cumsum(shared + rng.normal(0, own, count)))
        before = np.concatenate(([PRICES[pair]], close[:-1]))
        made[pair] = candles(
            [(a, max(a, b) * 1.0002, min(a, b) * 0.9998, b) for a, b in zip(before, close, strict=True)]
        )
    return made


def five_minutes(frame: pd.DataFrame) -> pd.DataFrame:
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    whole = frame.iloc[: len(frame) // 5 * 5]
    return whole.resample("5min", on="date").agg(rules).reset_index()


def test_window_cut_short_agrees_on_every_trade_closed_before_the_cut(hedge_engine: HedgeEngine) -> None:
    """Measured, not given: correlation and beta come from the same candles, cut at the same moment."""
    whole, count = walks(4_000), 4_000
    sides = np.random.default_rng(3).choice([1, -1], 60)
    entries = {BTC: [(1_500 + 40 * n, int(side)) for n, side in enumerate(sides)], BNB: [(1_700, 1)]}
    # BNB first: its leg for BTC has to foresee BTC's entries, and must not foresee more.
    order = (BNB, BTC, ETH)

    def closed(cut: int) -> list[tuple[Any, ...]]:
        frames = {pair: whole[pair].iloc[:cut] for pair in order}
        five = {pair: five_minutes(frame) for pair, frame in frames.items()}
        given = {pair: [at for at in rows if at[0] < cut] for pair, rows in entries.items()}
        hedge = HEDGE | {"candidates": {BTC: [ETH, BNB]}, "correlation_floor": 0.5}
        found = hedge_engine.run_pairs(frames, given, hedge=hedge, outrigger=STOP, five_minutes={BTC: five})
        assert found.strategy.faults.total() == 0
        return [
            (t.pair, t.enter_tag, t.open_date_utc, t.close_date_utc, t.exit_reason, t.close_rate, t.amount)
            for t in sorted(found.trades, key=lambda t: t.id)
        ]

    full = closed(count)
    assert sum(parse_tag(tag) is not None for _, tag, *_ in full) >= 8
    assert len({reason for *_, reason, _, _ in full}) >= 4
    for cut in (2_203, 3_301):
        end = START + pd.Timedelta(minutes=cut - 1)
        before = [trade for trade in full if trade[3] < end]
        assert [trade for trade in closed(cut) if trade[3] < end] == before
