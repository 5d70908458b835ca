"""The stop law inside Freqtrade's own engine: every fact of the engine that could break it, both sides."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.engine.harness import Engine, candles, flat

ENTRY = 40_000.0
TRAIL = {"stop": {"policy": "trailing", "trailing_width": 0.03, "trailing_activation": 0.0}}
FIXED = {"stop": {"policy": "fixed", "fixed_distance": 0.03}}
# Forecast 1 %: protective 2 %, armed at 1.5 %, trail .75 %.
MULTIPLES = {"protect_sigma": 2.0, "activation": 0.015, "activation_sigma": 1.5, "trail_sigma": 0.75}
VOLATILITY = {"stop": {"policy": "volatility", **MULTIPLES}}
LEVERAGES = [1.0, 3.0, 5.0, 10.0]
SIDES = [1, -1]

Rows = list[tuple[float, float, float, float]]
every_side = pytest.mark.parametrize("side", SIDES, ids=["long", "short"])
every_leverage = pytest.mark.parametrize("leverage", LEVERAGES, ids=lambda value: f"{value:g}x")

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]


def path(side: int, *moves: tuple[float, float, float, float]) -> Rows:
    """Candles from a long's point of view, in fractions of the entry; mirrored for a short, on the tick."""
    if side > 0:
        return [tuple(round(ENTRY * (1 + move), 1) for move in candle) for candle in moves]  # type: ignore[misc]
    return [tuple(round(ENTRY * (1 - move), 1) for move in (o, low, h, c)) for o, h, low, c in moves]  # type: ignore[misc]


def still(count: int, at: float = 0.0) -> list[tuple[float, float, float, float]]:
    return [(at, at, at, at)] * count


def to(start: float, end: float) -> tuple[float, float, float, float]:
    return (start, max(start, end), min(start, end), end)


def level(side: int, fraction: float) -> float:
    return ENTRY * (1 + side * fraction)


@every_leverage
@every_side
def test_ratchet_example_through_engine_leaves_at_its_trail(
    engine: Engine, side: int, leverage: float
) -> None:
    """40,000 → 42,000 → 41,000 under a 3 % trail: 38,800, 40,740, 40,740; mirrored for a short."""
    moves = [*still(4), to(0, 0.05), to(0.05, 0.025), to(0.025, 0), *still(3)]
    found = engine.run(path(side, *moves), [(2, side)], outrigger=TRAIL, leverage=leverage)
    expected = 40_740.0 if side > 0 else 38_000 * 1.03
    assert found.trade.leverage == leverage
    assert found.trade.close_rate == pytest.approx(expected, abs=0.1)
    assert found.trade.exit_reason == "trailing_stop_loss"
    # 41,000 lies above 40,740 (39,000 below 39,140): the candle that falls on to the entry hits.
    assert found.row_of_exit == 6


@every_leverage
@every_side
def test_protective_stop_stands_at_its_price_whatever_the_leverage(
    engine: Engine, side: int, leverage: float
) -> None:
    moves = [*still(4), to(0, -0.019), to(-0.019, -0.021), *still(2)]
    found = engine.run(path(side, *moves), [(2, side)], outrigger=VOLATILITY, leverage=leverage)
    assert found.trade.close_rate == pytest.approx(level(side, -0.02), abs=0.2)
    assert found.trade.exit_reason == "stop_loss"
    assert found.row_of_exit == 5


@every_leverage
@every_side
def test_trail_arms_on_the_close_and_ratchets(engine: Engine, side: int, leverage: float) -> None:
    """Armed at 1.5 %: best 2 %, trail .75 % of price below it."""
    moves = [*still(4), to(0, 0.02), to(0.02, 0.016), to(0.016, 0.0), *still(3)]
    found = engine.run(path(side, *moves), [(2, side)], outrigger=VOLATILITY, leverage=leverage)
    expected = ENTRY * (1 + side * 0.02) * (1 - side * 0.0075)
    assert found.trade.close_rate == pytest.approx(expected, abs=0.2)
    assert found.trade.exit_reason == "trailing_stop_loss"


@every_side
def test_trail_does_not_arm_below_the_activation(engine: Engine, side: int) -> None:
    moves = [*still(4), to(0, 0.0149), to(0.0149, 0.0), to(0.0, -0.025), *still(2)]
    found = engine.run(path(side, *moves), [(2, side)], outrigger=VOLATILITY, leverage=3)
    assert found.trade.close_rate == pytest.approx(level(side, -0.02), abs=0.2)


@every_leverage
@every_side
def test_stop_is_not_moved_within_the_candle_that_moves_it(
    engine: Engine, side: int, leverage: float
) -> None:
    """Fact 2: the engine passes the candle's best price; a stop made of it would be hit at once."""
    spike = (0.0, 0.03, -0.005, -0.005)
    moves = [*still(4), spike, to(-0.005, -0.004), *still(3, -0.004)]
    found = engine.run(path(side, *moves), [(2, side)], outrigger=VOLATILITY, leverage=leverage)
    # The trail of a 3 % best lies at 2.2 %, above the close: crossed, so left at the next open.
    assert found.row_of_exit == 5
    assert found.trade.exit_reason == "stop_crossed"
    assert found.trade.close_rate == pytest.approx(level(side, -0.005), abs=0.2)


@every_side
def test_crossed_stop_fills_at_the_open_not_at_the_stop(engine: Engine, side: int) -> None:
    """Fact 3: a candle that bounces back through a crossed stop must not be filled at that stop."""
    moves = [*still(4), (0.0, 0.03, 0.0, 0.01), (0.01, 0.025, 0.009, 0.02), *still(3, 0.02)]
    found = engine.run(path(side, *moves), [(2, side)], outrigger=VOLATILITY, leverage=5)
    assert (found.trade.exit_reason, found.row_of_exit) == ("stop_crossed", 5)
    assert found.trade.close_rate == pytest.approx(level(side, 0.01), abs=0.2)


@every_leverage
@every_side
def test_fill_does_not_loosen_the_stop(engine: Engine, side: int, leverage: float) -> None:
    """Fact 4: a further fill calls the stop with leave to loosen it; a wider forecast must not."""
    moves = [*still(3), to(0, 0.02), *still(4, 0.02), to(0.02, 0.0), *still(3)]
    found = engine.run(
        path(side, *moves),
        [(2, side)],
        sigma=[0.01] * 5 + [0.02] * 7,
        outrigger=VOLATILITY,
        leverage=leverage,
        add_at=4,
        config={"position_adjustment_enable": True, "max_open_trades": 3},
    )
    assert found.trade.nr_of_successful_entries == 2
    assert found.trade.close_rate == pytest.approx(ENTRY * (1 + side * 0.02) * (1 - side * 0.0075), abs=0.2)


@every_side
def test_entry_candle_never_arms_and_fills_at_the_protective_stop(engine: Engine, side: int) -> None:
    """Fact 5: the engine would otherwise tick up, arm and dive to the candle's low."""
    moves = [*still(2), (0.0, 0.04, -0.03, 0.0), *still(4)]
    found = engine.run(path(side, *moves), [(2, side)], outrigger=VOLATILITY, leverage=5)
    assert (found.row_of_exit, found.trade.exit_reason) == (2, "stop_loss")
    assert found.trade.close_rate == pytest.approx(level(side, -0.02), abs=0.2)


@every_side
def test_entry_candle_high_does_not_count_later(engine: Engine, side: int) -> None:
    moves = [*still(2), (0.0, 0.04, -0.01, 0.0), *still(4), to(0, -0.03), *still(2)]
    found = engine.run(path(side, *moves), [(2, side)], outrigger=VOLATILITY, leverage=5)
    assert found.row_of_exit == 7
    assert found.trade.close_rate == pytest.approx(level(side, -0.02), abs=0.2)


@pytest.mark.parametrize("key", ["trailing_stop", "use_custom_stoploss"])
def test_settings_that_defeat_the_stop_are_refused(engine: Engine, key: str) -> None:
    """Fact 6: Freqtrade's own trail divides by leverage in one place and not in another."""
    from freqtrade.exceptions import OperationalException, StrategyError

    switched = (
        {"trailing_stop": True, "trailing_stop_positive": 0.01} if key == "trailing_stop" else {key: False}
    )
    with pytest.raises((OperationalException, StrategyError), match=key):
        engine.run(path(1, *still(6)), [(2, 1)], config=switched)


@every_leverage
@every_side
def test_exception_in_the_callback_keeps_the_last_stop(
    engine: Engine, side: int, leverage: float, caplog: pytest.LogCaptureFixture
) -> None:
    """Fact 7: Freqtrade swallows it. The armed stop stands, one message says so, all are counted."""
    moves = [*still(4), to(0, 0.02), *still(2, 0.02), to(0.02, 0.06), to(0.06, 0.0), *still(2)]
    with caplog.at_level(logging.ERROR, logger="outrigger"):
        found = engine.run(
            path(side, *moves), [(2, side)], outrigger=VOLATILITY, leverage=leverage, broken_from=6
        )
    assert found.trade.close_rate == pytest.approx(ENTRY * (1 + side * 0.02) * (1 - side * 0.0075), abs=0.2)
    told = [record for record in caplog.records if "the stop stays where it is" in record.getMessage()]
    assert len(told) == 1
    assert found.strategy.faults.total() >= 2


@every_side
def test_gap_through_a_placed_stop_is_filled_at_the_open(engine: Engine, side: int) -> None:
    """Fact 8: the engine fills at the stop where the candle reaches it, at the open where it lies beyond."""
    beyond = [*still(4), (-0.05, -0.04, -0.06, -0.05), *still(2, -0.05)]
    found = engine.run(path(side, *beyond), [(2, side)], outrigger=FIXED, leverage=3)
    assert found.trade.close_rate == pytest.approx(level(side, -0.05), abs=0.2)
    reaching = [*still(4), (-0.05, -0.02, -0.06, -0.05), *still(2, -0.05)]
    found = engine.run(path(side, *reaching), [(2, side)], outrigger=FIXED, leverage=3)
    assert found.trade.close_rate == pytest.approx(level(side, -0.03), abs=0.2)


@every_side
def test_stop_on_exchange_makes_no_difference_in_a_backtest(engine: Engine, side: int) -> None:
    """Fact 9: the engine ignores it."""
    moves = [*still(4), to(0, -0.04), *still(2)]
    types = engine.run(path(side, *still(6)), []).strategy.order_types
    on_exchange = {"order_types": {**types, "stoploss_on_exchange": True}}
    found = engine.run(path(side, *moves), [(2, side)], outrigger=FIXED, leverage=3, config=on_exchange)
    assert found.trade.close_rate == pytest.approx(level(side, -0.03), abs=0.2)


@every_side
def test_widening_forecast_never_loosens_the_engines_stop(engine: Engine, side: int) -> None:
    moves = [*still(4), to(0, 0.03), *still(6, 0.03), to(0.03, 0.0), *still(2)]
    sigma = [0.01] * 5 + [0.01, 0.02, 0.04, 0.06, 0.06, 0.06, 0.06, 0.06, 0.06]
    found = engine.run(path(side, *moves), [(2, side)], sigma=sigma, outrigger=VOLATILITY, leverage=5)
    assert found.trade.close_rate == pytest.approx(ENTRY * (1 + side * 0.03) * (1 - side * 0.0075), abs=0.2)


@every_side
def test_unknown_forecast_opens_nothing(engine: Engine, side: int) -> None:
    found = engine.run(path(side, *still(8)), [(3, side)], sigma=float("nan"), outrigger=VOLATILITY)
    assert found.trades == []


@every_side
def test_forecast_that_goes_missing_keeps_the_stop(engine: Engine, side: int) -> None:
    moves = [*still(4), to(0, 0.02), *still(3, 0.02), to(0.02, 0.0), *still(2)]
    sigma = [0.01] * 5 + [float("nan")] * 6
    found = engine.run(path(side, *moves), [(2, side)], sigma=sigma, outrigger=VOLATILITY, leverage=5)
    assert found.trade.close_rate == pytest.approx(ENTRY * (1 + side * 0.02) * (1 - side * 0.0075), abs=0.2)


@every_side
def test_missing_and_empty_candles_keep_the_stop(engine: Engine, side: int) -> None:
    moves = [*still(4), to(0, 0.02), *still(6, 0.02), to(0.02, 0.0), *still(2)]
    frame = candles(path(side, *moves))
    frame.loc[6, "volume"] = 0.0
    found = engine.run(
        [],
        [(2, side)],
        outrigger=VOLATILITY,
        leverage=5,
        frame=frame.drop(index=[7, 8]).reset_index(drop=True),
    )
    assert found.trade.close_rate == pytest.approx(ENTRY * (1 + side * 0.02) * (1 - side * 0.0075), abs=0.2)


@every_side
def test_chosen_leverage_keeps_the_stop_inside_liquidation(engine: Engine, side: int) -> None:
    moves = [*still(4), to(0, -0.06), *still(2, -0.06)]
    wide: dict[str, Any] = {
        "stop": {"policy": "fixed", "fixed_distance": 0.048},
        "risk": {"max_leverage": 10},
    }
    found = engine.run(path(side, *moves), [(2, side)], outrigger=wide)
    trade = found.trade
    liquidation = abs(trade.liquidation_price / trade.open_rate - 1)
    assert 0.5 * liquidation >= 0.048
    assert trade.leverage == 9
    assert trade.exit_reason == "stop_loss"


@every_side
def test_ten_times_leverage_without_a_near_stop_is_liquidated(engine: Engine, side: int) -> None:
    """What the stop is for: at 10x a 9.6 % move (less Freqtrade's buffer) takes everything."""
    moves = [*still(4), to(0, -0.12), *still(2, -0.12)]
    wide = {"stop": {"policy": "fixed", "fixed_distance": 0.2}}
    found = engine.run(path(side, *moves), [(2, side)], outrigger=wide, leverage=10)
    assert found.trade.exit_reason == "liquidation"
    assert found.trade.close_rate == pytest.approx(level(side, -0.0964 * 0.95), rel=2e-3)


@every_side
def test_flat_market_after_entry_does_nothing(engine: Engine, side: int) -> None:
    found = engine.run(flat(ENTRY, 30), [(2, side)], outrigger=VOLATILITY)
    assert found.trade.exit_reason == "force_exit"


@pytest.mark.parametrize("policy", ["volatility", "trailing", "chandelier", "fixed"])
def test_every_policy_runs_in_the_engine(engine: Engine, policy: str) -> None:
    moves = [*still(4), to(0, 0.05), (0.05,) * 4, to(0.05, -0.2), *still(2, -0.2)]
    found = engine.run(
        path(1, *moves), [(2, 1)], atr=0.01, outrigger={"stop": {"policy": policy}}, leverage=2
    )
    expected = {
        "volatility": 1.05 * (1 - 0.007),
        "trailing": 1.05 * 0.97,
        "chandelier": 1.05 * 0.97,
        "fixed": 0.97,
    }[policy]
    assert found.trade.close_rate == pytest.approx(ENTRY * expected, abs=0.2)


@every_side
def test_candle_through_the_placed_stop_is_filled_there_without_asking_again(
    engine: Engine, side: int
) -> None:
    """The engine asks for a new stop only if the candle stays clear of the old one: it is pessimistic.

    Live, the stop of the first candle's close is in place before the second candle begins.
    """
    moves = [*still(4), to(0, 0.05), to(0.05, -0.2), *still(2, -0.2)]
    found = engine.run(path(side, *moves), [(2, side)], outrigger=TRAIL, leverage=2)
    assert found.trade.close_rate == pytest.approx(level(side, -0.03), abs=0.2)
