import json
from dataclasses import replace

import numpy as np
import pytest

from outrigger.errors import DataError
from outrigger.settings.read import Settings
from outrigger.settings.squeeze import SqueezeSettings
from outrigger.settings.stop import StopSettings
from outrigger.stops.explain import explain
from outrigger.stops.keeper import StopKeeper
from outrigger.stops.law import is_crossed
from outrigger.stops.measured import pressures
from outrigger.stops.policies import sided_widths
from outrigger.stops.track import track_of
from tests.stops.tracks import PLAIN, START_MS, closes_at, dated, noise, steady, track, walk
from tests.stops.trades import MINUTE, NAN

PAIR = "BTC/USDT:USDT"
FRAME = walk(240)
OPENED = closes_at(19) + MINUTE // 2
ENTRY = float(FRAME["close"][19])
END = closes_at(239)
PLAIN_STOP = StopSettings(**PLAIN)
QUICK = PLAIN | {"activation": 0.006, "activation_sigma": 0.75}
POLICIES = {
    "volatility": StopSettings(**QUICK),
    "trailing": StopSettings(**PLAIN, policy="trailing", trailing_width=0.01),
    "chandelier": StopSettings(**PLAIN, policy="chandelier"),
    "fixed": StopSettings(policy="fixed"),
}


SETTINGS_WITH_SQUEEZE = Settings(
    stop=POLICIES["volatility"], squeeze=SqueezeSettings(funding=True, depth=True, guard=True)
)


def deciding(step):
    return {cause.name for cause in step.causes if cause.decides}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("side", [1, -1])
def test_explain_tells_the_stops_that_the_keeper_keeps(policy, side):
    settings = POLICIES[policy]
    kept = track(FRAME, settings)
    keeper = StopKeeper(settings.min_step)
    keeper.set_track(PAIR, kept)
    before = keeper.open(1, PAIR, side, ENTRY, OPENED).stop
    steps = explain(kept, side, ENTRY, OPENED, settings, until_ms=END)
    assert len(steps) == 220
    for row, step in enumerate(steps, start=20):
        state = keeper.update(1, PAIR, closes_at(row))
        assert (step.stop, step.best, step.armed) == (state.stop, state.best, state.armed)
        assert step.closed_at_ms == closes_at(row)
        assert step.close == FRAME["close"][row]
        assert step.moved is (state.stop != before)
        assert step.crossed is is_crossed(state, step.close)
        adverse = FRAME["low" if side > 0 else "high"][row]
        assert step.hit is bool(side * (adverse - before) <= 0)
        before = state.stop


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("side", [1, -1])
def test_explain_marks_a_cause_for_every_width(policy, side):
    settings = POLICIES[policy]
    for step in explain(track(FRAME, settings), side, ENTRY, OPENED, settings, until_ms=END):
        decided = [cause for cause in step.causes if cause.decides]
        assert decided
        assert all(cause.value == pytest.approx(step.width, rel=1e-8) for cause in decided)


def test_explain_before_arming_tells_the_distance_that_was_set_at_entry():
    settings = StopSettings(**PLAIN | {"activation": 0.1, "activation_sigma": 8.0})
    kept = track(FRAME, settings)
    steps = explain(kept, 1, ENTRY, OPENED, settings, until_ms=END)
    assert not any(step.armed for step in steps)
    assert {step.width for step in steps} == {kept.widths.long.protect[19]}
    assert ENTRY * (1 - steps[-1].width) == steps[-1].stop
    # At the close of the entry candle the law still goes by what was known at the entry.
    told = [step.activation for step in steps]
    assert told == [kept.widths.long.activation[19], *kept.widths.long.activation[21:]]


def test_explain_of_a_trail_from_the_entry_on_begins_with_the_width_known_at_the_entry():
    settings = POLICIES["chandelier"]
    kept = track(FRAME, settings)
    steps = explain(kept, 1, ENTRY, OPENED, settings, until_ms=END)
    assert [step.width for step in steps] == [kept.widths.long.trail[19], *kept.widths.long.trail[21:]]
    assert all(step.armed for step in steps)


@pytest.mark.parametrize(
    ("sigma", "candle_range", "protective", "trailing"),
    [
        (0.02, 0.001, "protect_sigma x sigma", "trail_sigma x sigma"),
        (0.004, 0.001, "protect_min", "trail_min"),
        (0.2, 0.001, "protect_max", "trail_max"),
        (0.02, 0.01, "protect_sigma x sigma", "noise_candles x range"),
    ],
)
def test_explain_names_the_limit_that_decided(sigma, candle_range, protective, trailing):
    close = np.array([100.0, 100.0, 100.0, 200.0])
    market = steady(4, sigma, candle_range)
    kept = track(dated(close, close, close), PLAIN_STOP, market)
    steps = explain(kept, 1, 100.0, closes_at(0) + 1, PLAIN_STOP, until_ms=closes_at(3))
    assert [step.armed for step in steps] == [False, False, True]
    assert deciding(steps[0]) == deciding(steps[1]) == {protective}
    assert deciding(steps[2]) == {trailing}


def test_explain_without_an_end_stops_where_the_trade_is_out():
    close = np.array([100.0, 100.0, 99.0, 95.0, 94.0])
    market = steady(5, 0.02)
    kept = track(dated(close, close, close), PLAIN_STOP, market)
    steps = explain(kept, 1, 100.0, closes_at(0) + 1, PLAIN_STOP)
    assert [(step.close, step.hit, step.crossed) for step in steps] == [
        (100.0, False, False),
        (99.0, False, False),
        (95.0, True, True),
    ]
    assert len(explain(kept, 1, 100.0, closes_at(0) + 1, PLAIN_STOP, until_ms=closes_at(4))) == 4


def test_explain_over_a_gap_at_the_entry_candle_counts_the_first_candle_after_it():
    # Candles of minutes 0, 1, 4, 5: a fill in the missing minute 2, so minute 4 is no entry candle.
    close = np.array([100.0, 100.0, 110.0, 110.0])
    market = steady(4, 0.02)
    kept = track(dated(close, close, close, minutes=[0, 1, 4, 5]), PLAIN_STOP, market)
    steps = explain(kept, 1, 100.0, START_MS + 2 * MINUTE + 1, PLAIN_STOP)
    assert [step.armed for step in steps] == [True, True]


@pytest.mark.parametrize("policy", POLICIES)
def test_explain_as_json_has_no_number_that_json_lacks(policy):
    kept = track(FRAME, POLICIES[policy], replace(noise(240), candle_range=np.full(240, NAN)))
    for step in explain(kept, 1, ENTRY, OPENED, POLICIES[policy], until_ms=END):
        told = json.loads(json.dumps(step.to_dict(), allow_nan=False))
        assert told["stop"] == step.stop
        assert told["closed_at_ms"] == step.closed_at_ms
        assert [cause["name"] for cause in told["causes"]] == [cause.name for cause in step.causes]
        assert {type(cause["decides"]) for cause in told["causes"]} == {bool}


def test_explain_as_json_tells_an_activation_that_never_comes_as_null():
    settings = POLICIES["fixed"]
    assert explain(track(FRAME, settings), 1, ENTRY, OPENED, settings)[0].to_dict()["activation"] is None


@pytest.mark.parametrize("opened", [START_MS - MINUTE, START_MS, closes_at(0) - 1, END, END + 99 * MINUTE])
def test_explain_of_an_entry_that_the_candles_do_not_cover_is_refused(opened):
    with pytest.raises(DataError, match="do not cover the entry"):
        explain(track(FRAME, POLICIES["volatility"]), 1, ENTRY, opened, POLICIES["volatility"])


def test_explain_of_an_entry_without_a_forecast_is_refused():
    market = noise(240)
    market.protect_sigma[:50] = NAN
    with pytest.raises(DataError, match="enough history"):
        explain(track(FRAME, PLAIN_STOP, market), 1, ENTRY, OPENED, PLAIN_STOP)


@pytest.mark.parametrize(
    ("until", "steps"), [(closes_at(20) - 1, 0), (closes_at(20), 1), (closes_at(30) + 1, 11)]
)
def test_explain_with_an_end_tells_the_candles_that_closed_by_then(until, steps):
    settings = POLICIES["fixed"]
    assert len(explain(track(FRAME, settings), 1, ENTRY, OPENED, settings, until_ms=until)) == steps


def pressed(settings=SETTINGS_WITH_SQUEEZE, **inputs):
    """The usual candles with inputs that press on their stops."""
    market = noise(len(FRAME))
    known = {name: np.full(len(FRAME), float(value)) for name, value in inputs.items()}
    close = FRAME["close"].to_numpy()
    told = pressures(known, close, market, settings)
    return track_of(FRAME, "1m", market, sided_widths(market, settings.stop, told))


def test_explain_tells_every_multiplier_of_an_armed_trail_as_a_cause_of_its_own():
    kept = pressed(funding_percentile_90d=1.0, book_bid_depth_vs_norm=np.log(0.5))
    steps = explain(kept, 1, ENTRY, OPENED, SETTINGS_WITH_SQUEEZE.stop, until_ms=END)
    armed = [step for step in steps if step.armed]
    assert armed
    for step in armed:
        assert [(one.name, round(one.times, 6)) for one in step.factors] == [
            ("funding", 0.75),
            ("book depth", round(2**0.3, 6)),
        ]
        assert any(cause.decides for cause in step.causes)
        assert "funding x0.75" in step.made_of
    assert all(step.factors == () for step in steps if not step.armed)
    assert steps[-1].to_dict()["factors"][0] == {"name": "funding", "times": 0.75}


def test_explain_says_when_the_cascade_guard_drew_the_stop_up():
    kept = pressed(
        fragility_long_percentile=1.0, liquidation_long_distance=0.006, book_bid_depth_vs_norm=-1.0
    )
    steps = explain(kept, 1, ENTRY, OPENED, SETTINGS_WITH_SQUEEZE.stop, until_ms=END)
    drawn = [step for step in steps if step.guarded]
    assert drawn
    for step in drawn:
        assert step.armed
        assert step.moved
        assert step.stop == step.guard
        assert step.stop < step.close


def test_explain_without_pressure_has_neither_multipliers_nor_a_guard():
    steps = explain(
        track(FRAME, StopSettings(**PLAIN)), 1, ENTRY, OPENED, StopSettings(**PLAIN), until_ms=END
    )
    assert all(step.factors == () and not step.guarded for step in steps)
    assert steps[0].to_dict()["guard"] is None
