"""One trade alone, candle by candle, against outcomes worked out by hand and the one-step law."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError
from outrigger.review.lab import replay, replay_many
from outrigger.review.lab_trade import Outcome, PairCandles, ReplayTerms
from outrigger.risk.liquidation import MaintenanceTier
from outrigger.sided import alike
from outrigger.stops.law import advance, is_crossed, open_stop
from outrigger.stops.policies import WidthColumns

ENTRY = 40_000.0
TERMS = ReplayTerms(horizon_bars=100, min_step=0.0, fee=0.0)
TIERS = (MaintenanceTier(0.0, 0.004, 0.0),)
Move = tuple[float, float, float, float]
every_side = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])


def market(side: int, *moves: Move, funding: dict[int, float] | None = None) -> PairCandles:
    """Candles from a long's point of view, as moves from the entry; mirrored for a short."""
    o, h, low, c = (ENTRY * (1 + side * np.array(column)) for column in zip(*moves, strict=True))
    charged = np.zeros(len(moves))
    for row, rate in (funding or {}).items():
        charged[row] = rate
    return PairCandles(o, *((h, low) if side > 0 else (low, h)), c, charged)


def still(count: int, at: float = 0.0) -> list[Move]:
    return [(at, at, at, at)] * count


def to(start: float, end: float) -> Move:
    return (start, max(start, end), min(start, end), end)


def flat_widths(size: int, protect: float, activation: float, trail: float) -> WidthColumns:
    return WidthColumns(np.full(size, protect), np.full(size, activation), np.full(size, trail))


def run(
    side: int, moves: list[Move], *, widths: tuple[float, float, float], funding: Any = None, **terms: Any
) -> Outcome:
    """Replay an entry at the open of row 1."""
    candles = market(side, *moves, funding=funding)
    return replay(candles, flat_widths(len(candles), *widths), 1, side, replace(TERMS, **terms))


TRAIL, FIXED, LATE = (0.03, 0.0, 0.03), (0.03, np.inf, np.nan), (0.03, 0.02, 0.01)


@every_side
def test_replay_ratchet_example_leaves_at_its_trail(side: int) -> None:
    """40,000 → 42,000 → 41,000 under a 3 % trail: 38,800, 40,740, 40,740; mirrored for a short."""
    out = run(side, [*still(3), to(0, 0.05), to(0.05, 0.025), to(0.025, 0), *still(2)], widths=TRAIL)
    assert out.exit == pytest.approx(40_740.0 if side > 0 else 38_000 * 1.03)
    assert (out.exit_row, out.reason, out.armed) == (5, "stop", True)
    assert out.best == pytest.approx(0.05)


@every_side
def test_replay_entry_candle_high_never_counts(side: int) -> None:
    moves = [*still(1), (0.0, 0.04, -0.01, 0.0), *still(4), to(0, -0.04), *still(2)]
    out = run(side, moves, widths=LATE)
    assert (out.exit_row, out.armed) == (6, False)
    assert out.exit == pytest.approx(ENTRY * (1 - side * 0.03))


@every_side
def test_replay_entry_candle_low_fills_at_the_protective_stop(side: int) -> None:
    out = run(side, [*still(1), (0.0, 0.01, -0.05, 0.0), *still(3)], widths=LATE)
    assert (out.exit_row, out.reason) == (1, "stop")
    assert out.gross == pytest.approx(-0.03)


@every_side
def test_replay_candle_that_arms_and_dives_is_tested_against_the_stop_before_it(side: int) -> None:
    """Up 3 % and down 2 % in one candle: the stop known before it is still the protective one."""
    out = run(side, [*still(3), (0.0, 0.03, -0.02, 0.025), *still(2, 0.025), to(0.025, 0.0)], widths=LATE)
    assert out.exit_row == 6
    assert out.exit == pytest.approx(ENTRY * (1 + side * 0.03) * (1 - side * 0.01))


@every_side
def test_replay_close_beyond_a_new_stop_leaves_at_the_next_open(side: int) -> None:
    """Armed at +3 %, the trail would stand at about +2 % but the candle closed at +1 %."""
    out = run(side, [*still(3), (0.0, 0.03, 0.0, 0.01), (0.012, 0.02, 0.01, 0.02), *still(2)], widths=LATE)
    assert (out.exit_row, out.reason) == (4, "stop_crossed")
    assert out.gross == pytest.approx(0.012)


@every_side
@pytest.mark.parametrize(("gap_fills", "expected"), [(True, -0.05), (False, -0.03)])
def test_replay_gap_through_the_stop_fills_by_the_option(side: int, gap_fills: bool, expected: float) -> None:
    moves = [*still(3), (-0.05, -0.02, -0.06, -0.05), *still(2, -0.05)]
    out = run(side, moves, widths=FIXED, gap_fills=gap_fills)
    assert (out.exit_row, out.gross) == (3, pytest.approx(expected))


@every_side
def test_replay_candle_wholly_beyond_the_stop_fills_at_its_open(side: int) -> None:
    moves = [*still(3), (-0.05, -0.04, -0.06, -0.05), *still(2, -0.05)]
    assert run(side, moves, widths=FIXED, gap_fills=False).gross == pytest.approx(-0.05)


@every_side
def test_replay_engine_like_fills_a_breached_old_stop_without_asking_again(side: int) -> None:
    """Up 5 %, then through everything: the engine fills at the old stop, a live trail at the new one."""
    moves = [*still(3), to(0, 0.05), to(0.05, -0.2), *still(2, -0.2)]
    slow = run(side, moves, widths=TRAIL, engine_like=True, gap_fills=False)
    live = run(side, moves, widths=TRAIL, gap_fills=False)
    assert slow.gross == pytest.approx(-0.03)
    assert live.exit == pytest.approx(ENTRY * (1 + side * 0.05) * (1 - side * 0.03))
    assert slow.exit_row == live.exit_row == 4


@every_side
@pytest.mark.parametrize("bp", [0, 5, 10, 20])
def test_replay_slippage_worsens_stop_exits_only(side: int, bp: int) -> None:
    stopped = run(side, [*still(3), to(0, -0.04)], widths=FIXED, slippage=bp / 1e4)
    assert stopped.exit == pytest.approx(ENTRY * (1 - side * 0.03) * (1 - side * bp / 1e4))
    ended = run(side, [*still(3), to(0, 0.01)], widths=FIXED, slippage=bp / 1e4)
    assert (ended.exit, ended.reason) == (pytest.approx(ENTRY * (1 + side * 0.01)), "data_end")


@every_side
def test_replay_fees_are_paid_on_both_sides_notional(side: int) -> None:
    out = run(side, [*still(3), to(0, 0.02)], widths=FIXED, fee=0.0005)
    assert out.fees == pytest.approx(0.0005 + 0.0005 * (1 + side * 0.02))
    assert out.net == pytest.approx(0.02 - out.fees)


@every_side
def test_replay_funding_is_charged_while_the_position_is_open(side: int) -> None:
    """Events at entry, at +2 % and after the exit: longs pay positive rates on the price of the moment."""
    moves = [*still(2), to(0, 0.02), *still(1, 0.02), to(0.02, -0.03), *still(3, -0.03)]
    out = run(side, moves, widths=FIXED, funding={0: 9.0, 1: 0.0001, 3: 0.0002, 4: -0.0005, 5: 9.0})
    assert out.exit_row == 4
    at_2 = 1 + side * 0.02
    assert out.funding == pytest.approx(-side * (0.0001 + 0.0002 * at_2 - 0.0005 * at_2))
    assert out.net == pytest.approx(out.gross + out.funding)


@every_side
def test_replay_wide_stop_at_ten_times_leverage_is_liquidated(side: int) -> None:
    """At 10x and .4 % maintenance a long is liquidated at (1 - .1) / (1 - .004), a short at 1.1 / 1.004."""
    out = run(side, [*still(3), to(0, -0.12)], widths=(0.2, np.inf, np.nan), tiers=TIERS, leverage=10.0)
    assert out.reason == "liquidation"
    assert out.exit == pytest.approx(ENTRY * (0.9 / 0.996 if side > 0 else 1.1 / 1.004))


@every_side
def test_replay_stop_inside_liquidation_is_reached_first(side: int) -> None:
    out = run(side, [*still(3), to(0, -0.12)], widths=FIXED, tiers=TIERS, leverage=10.0)
    assert (out.reason, out.gross) == ("stop", pytest.approx(-0.03))


@every_side
@pytest.mark.parametrize(("engine_like", "reason"), [(False, "liquidation"), (True, "stop")])
def test_replay_gap_beyond_liquidation_is_liquidated_but_not_in_the_engine(
    side: int, engine_like: bool, reason: str
) -> None:
    moves = [*still(3), (-0.15, -0.15, -0.2, -0.2)]
    out = run(side, moves, widths=FIXED, tiers=TIERS, leverage=10.0, engine_like=engine_like)
    assert out.reason == reason


@every_side
def test_replay_horizon_closes_at_the_close_of_its_last_candle(side: int) -> None:
    moves = [*still(3), to(0, 0.01), to(0.01, 0.015), to(0.015, 0.0)]
    out = run(side, moves, widths=FIXED, horizon_bars=3)
    assert (out.exit_row, out.reason, out.gross) == (4, "horizon", pytest.approx(0.015))


@every_side
def test_replay_unreadable_candles_keep_the_stop(side: int) -> None:
    nan = (float("nan"),) * 4
    out = run(side, [*still(2), to(0, 0.03), nan, nan, to(0.03, 0.0), nan], widths=LATE)
    assert out.exit_row == 5
    assert out.exit == pytest.approx(ENTRY * (1 + side * 0.03) * (1 - side * 0.01))


def test_replay_no_widths_before_the_entry_is_refused() -> None:
    candles = market(1, *still(4))
    with pytest.raises(DataError, match="entry candle 0 of 4"):
        replay(candles, flat_widths(4, *FIXED), 0, 1, TERMS)
    with pytest.raises(DataError, match="protective distance"):
        replay(candles, flat_widths(4, float("nan"), 0.02, 0.01), 1, 1, TERMS)


def by_hand(candles: PairCandles, widths: WidthColumns, row: int, side: int, terms: ReplayTerms) -> Any:
    """The slow second implementation: the one-step law, one candle after the other."""
    entry = float(candles.open[row])
    state = open_stop(side, entry, widths.at(row - 1), row)
    extremes, adverse = (candles.high, candles.low) if side > 0 else (candles.low, candles.high)
    last = min(len(candles) - 1, row + terms.horizon_bars)
    for at in range(row, last + 1):
        if at > row + 1:
            state = advance(state, extremes[at - 1], widths.at(at - 1), at - 1, terms.min_step)
        if at > row and is_crossed(state, float(candles.close[at - 1])):
            return at, candles.open[at], state.armed
        if side * (adverse[at] - state.stop) <= 0:
            beyond = side * (candles.open[at] - state.stop) <= 0
            return at, candles.open[at] if beyond else state.stop, state.armed
    return last, candles.close[last], state.armed


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, -1]),
    st.sampled_from([0.0, 0.015, 0.03]),
    st.sampled_from([0.0, 5e-4, 5e-3]),
)
def test_replay_on_random_walks_equals_the_one_step_law(
    seed: int, side: int, activation: float, min_step: float
) -> None:
    rng = np.random.default_rng(seed)
    candles, widths = random_market(rng, 150, activation)
    row, terms = int(rng.integers(1, 60)), replace(TERMS, min_step=min_step, horizon_bars=70)
    out = replay(candles, widths, row, side, terms)
    at, price, _ = by_hand(candles, widths, row, side, terms)
    assert (out.exit_row, out.exit) == (at, pytest.approx(price))


def random_market(rng: np.random.Generator, size: int, activation: float) -> tuple[PairCandles, WidthColumns]:
    """A walk with gaps between candles, and widths that change with every candle."""
    close = ENTRY * np.exp(np.cumsum(rng.normal(0, 0.006, size)))
    opened = np.concatenate(([ENTRY], close[:-1])) * np.exp(rng.normal(0, 0.002, size))
    high = np.maximum(opened, close) * (1 + np.abs(rng.normal(0, 0.003, size)))
    low = np.minimum(opened, close) * (1 - np.abs(rng.normal(0, 0.003, size)))
    candles = PairCandles(opened, high, low, close, np.zeros(size))
    armed = np.full(size, 0.0) if activation == 0 else activation * rng.uniform(0.5, 2, size)
    return candles, WidthColumns(rng.uniform(0.02, 0.06, size), armed, rng.uniform(0.005, 0.03, size))


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, -1]))
def test_replay_knows_nothing_of_candles_after_its_exit(seed: int, side: int) -> None:
    rng = np.random.default_rng(seed)
    candles, widths = random_market(rng, 120, 0.02)
    out = replay(candles, widths, 5, side, TERMS)
    cut = out.exit_row + 1
    seen = PairCandles(
        *(getattr(candles, name)[:cut] for name in ("open", "high", "low", "close", "funding"))
    )
    # The exit candle's own widths are known only at its close, when the trade is over.
    known = WidthColumns(
        *(
            np.append(column[: cut - 1], np.nan)
            for column in (widths.protect, widths.activation, widths.trail)
        )
    )
    again = replay(seen, known, 5, side, TERMS)
    assert (again.exit_row, again.exit) == (out.exit_row, out.exit)


def test_replay_many_gives_the_fields_of_each_replay_in_order() -> None:
    candles, widths = random_market(np.random.default_rng(3), 300, 0.02)
    rows, sides = np.array([5, 40, 41]), np.array([1, -1, 1])
    frame = replay_many(candles, alike(widths), rows, sides, TERMS)
    for position, (row, side) in enumerate(zip(rows, sides, strict=True)):
        one = replay(candles, widths, int(row), int(side), TERMS)
        assert frame.iloc[position].to_dict() == {name: getattr(one, name) for name in frame.columns}
