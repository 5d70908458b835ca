"""What the crowd does to a stop, through Freqtrade's own engine: the guard fires before the cascade."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.harness import Engine, flat

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]

# Up 4 % until row 8, quiet until row 14, then a fall of 6 % within one candle.
RISE = [*flat(40_000, 4), (40_000, 41_600, 40_000, 41_600), *flat(41_600, 10)]
CASCADE = [(41_600, 41_600, 39_100, 39_200), *flat(39_200, 4)]
STOP = {"trail_sigma": 2.0, "noise_candles": 0.0, "activation_sigma": 2.5}
INPUTS = {
    "fragility_long_percentile": 0.99,
    "liquidation_long_distance": 0.01,
    "book_bid_depth_vs_norm": -1.0,
    "fragility_short_percentile": np.nan,
    "liquidation_short_distance": np.nan,
    "book_ask_depth_vs_norm": np.nan,
    "funding_percentile_90d": 1.0,
}


def run(engine: Engine, **squeeze: bool | float):
    chosen = {"stop": STOP, "squeeze": squeeze}
    return engine.run([*RISE, *CASCADE], [(2, 1)], outrigger=chosen, inputs=INPUTS)


@pytest.mark.parametrize("leverage", [1.0, 5.0])
def test_guard_in_the_engine_draws_the_stop_up_before_the_fall(engine: Engine, leverage: float) -> None:
    chosen = {"stop": STOP, "squeeze": {"guard": True}}
    guarded = engine.run(
        [*RISE, *CASCADE], [(2, 1)], outrigger=chosen, inputs=INPUTS, leverage=leverage
    ).trade
    # .7 of the way to a cluster 1 % below 41,600.
    assert guarded.close_rate == pytest.approx(41_600 * (1 - 0.007))
    assert guarded.exit_reason == "trailing_stop_loss"


def test_trail_in_the_engine_without_the_guard_leaves_lower(engine: Engine) -> None:
    assert run(engine).trade.close_rate == pytest.approx(41_600 * (1 - 0.02))


def test_guard_in_the_engine_leaves_a_protective_stop_alone_unless_told(engine: Engine) -> None:
    still = [*flat(40_000, 12), (40_000, 40_000, 39_500, 39_500), *flat(39_500, 3)]
    held = engine.run(
        still, [(2, 1)], sigma=0.02, outrigger={"squeeze": {"guard": True}}, inputs=INPUTS
    ).trade
    assert held.exit_reason == "force_exit"
    squeeze = {"guard": True, "guard_unarmed": True}
    left = engine.run(still, [(2, 1)], sigma=0.02, outrigger={"squeeze": squeeze}, inputs=INPUTS).trade
    assert left.close_rate == pytest.approx(40_000 * (1 - 0.007))


def test_funding_in_the_engine_narrows_the_trail_of_the_crowded_side(engine: Engine) -> None:
    assert run(engine, funding=True).trade.close_rate == pytest.approx(41_600 * (1 - 0.02 * 0.75))


def test_every_switch_in_the_engine_without_data_changes_nothing(engine: Engine) -> None:
    squeeze = {"guard": True, "guard_unarmed": True, "funding": True, "depth": True}
    plain, pressed = (
        engine.run([*RISE, *CASCADE], [(2, 1)], outrigger={"stop": STOP, "squeeze": told}).trade
        for told in ({}, squeeze)
    )
    for name in ("close_rate", "close_date_utc", "exit_reason", "stop_loss", "close_profit"):
        assert getattr(plain, name) == getattr(pressed, name)
