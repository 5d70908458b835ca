"""A pair scored candle by candle, and the watch that judges what was said."""

import json

import numpy as np
import pandas as pd
import pytest

from outrigger.regime.drift_memory import DriftMemory
from outrigger.regime.drift_state import Drift, DriftRules
from outrigger.regime.features import CANDLE_FEATURES, regime_features
from outrigger.regime.live import LiveRegime, closes_of
from outrigger.regime.scoring import score
from outrigger.regime.watch import DriftWatch
from tests.regime.bundles import DAY_MS, START_MS, bundle, forest

PAIR = "ETH/USDT:USDT"
BAR_MS = 300_000
DAYS = 9
MADE, _ = bundle((START_MS - DAY_MS,), CANDLE_FEATURES, [forest(1, CANDLE_FEATURES)])


def candles(minutes, days=DAYS, seed=3):
    rng = np.random.default_rng(seed)
    steps = days * 1440 // 5
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, steps)))
    fine = pd.DataFrame(
        {
            "date": pd.to_datetime(START_MS + BAR_MS * np.arange(steps), unit="ms", utc=True),
            "open": np.r_[100.0, close[:-1]],
            "close": close,
            "volume": rng.uniform(5, 9, steps),
        }
    )
    fine["high"] = fine[["open", "close"]].max(axis=1) * 1.001
    fine["low"] = fine[["open", "close"]].min(axis=1) * 0.999
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    return fine.resample(f"{minutes}min", on="date").agg(rules).reset_index()


CHARTS = {"5m": candles(5), "15m": candles(15), "4h": candles(240)}


def upto(count):
    """Charts as a bot has them when so many five-minute candles have closed."""
    now = CHARTS["5m"]["date"].iloc[0] + pd.Timedelta(minutes=5 * count)
    lengths = {"5m": 5, "15m": 15, "4h": 240}
    return {
        name: frame[frame["date"] + pd.Timedelta(minutes=lengths[name]) <= now]
        for name, frame in CHARTS.items()
    }


def test_live_regime_candle_by_candle_equals_the_whole_chart_at_once():
    live, size = LiveRegime(PAIR), len(CHARTS["5m"])
    for count in [*range(size - 30, size - 3), size]:
        told = live.update(MADE, upto(count), {}, None)
    whole = score(MADE, regime_features(CHARTS, {}, pair=PAIR), closes_of(CHARTS["5m"], PAIR))
    np.testing.assert_allclose(told, whole, rtol=0, atol=1e-9)
    assert np.isfinite(whole[-1]).all()


def test_live_regime_keeps_what_an_earlier_bundle_said_of_earlier_candles():
    other, _ = bundle((START_MS - DAY_MS,), CANDLE_FEATURES, [forest(2, CANDLE_FEATURES)])
    live, size = LiveRegime(PAIR), len(CHARTS["5m"])
    before = live.update(MADE, upto(size - 1), {}, None)
    after = live.update(other, upto(size), {}, None)
    assert np.array_equal(after[:-1], before, equal_nan=True)
    assert not np.allclose(
        after[-1],
        score(MADE, regime_features(CHARTS, {}, pair=PAIR, last=1), closes_of(CHARTS["5m"], PAIR)[-1:]),
    )


def test_live_regime_called_twice_on_a_candle_scores_it_once():
    live = LiveRegime(PAIR)
    first = live.update(MADE, CHARTS, {}, None)
    assert live.fresh is not None
    assert np.array_equal(live.update(MADE, CHARTS, {}, None), first, equal_nan=True)
    assert live.fresh is None


def watched(charts=CHARTS, rules=None):
    live, watch = LiveRegime(PAIR), DriftWatch(DriftMemory(MADE.sha256))
    told = live.update(MADE, charts, {}, None)
    now = int(closes_of(charts["5m"], PAIR)[-1])
    watch = watch.seen(MADE, PAIR, charts["5m"], told, live.fresh)
    return watch.at(MADE, now, rules or DriftRules(patience_ms=0)), now


def test_drift_watch_of_a_model_fitted_to_noise_calls_it_worse_than_the_shares():
    watch, _ = watched()
    assert watch.reading.excess > 0
    assert watch.state.status is Drift.WORSE_THAN_PRIOR
    assert watch.state.neutral
    assert "worse" in watch.words()
    assert "log loss" in watch.words()


def test_drift_watch_changes_its_mind_only_after_its_patience():
    watch, now = watched(rules=DriftRules(patience_ms=DAY_MS))
    assert watch.state.status is Drift.STEADY
    assert watch.at(MADE, now + DAY_MS, DriftRules(patience_ms=DAY_MS)).state.neutral


def test_drift_watch_counts_a_candle_once_however_often_it_is_shown():
    watch, _ = watched()
    live = LiveRegime(PAIR)
    told = live.update(MADE, CHARTS, {}, None)
    again = watch.seen(MADE, PAIR, CHARTS["5m"], told, live.fresh)
    assert again.memory.to_dict() == watch.memory.to_dict()


def test_drift_watch_candle_by_candle_remembers_what_it_would_at_once():
    live, watch, size = LiveRegime(PAIR), DriftWatch(DriftMemory(MADE.sha256)), len(CHARTS["5m"])
    # What came after a candle is looked at once an hour: now, and before.
    for count in range(size - 24, size + 1):
        charts = upto(count)
        told = live.update(MADE, charts, {}, None)
        watch = watch.seen(MADE, PAIR, charts["5m"], told, live.fresh)
    whole, _ = watched()
    assert watch.memory.counted_ms == whole.memory.counted_ms
    assert watch.memory.judged_ms == whole.memory.judged_ms
    for day, counts in whole.memory.days.items():
        assert watch.memory.days[day].judged == counts.judged
        assert watch.memory.days[day].excess == pytest.approx(counts.excess)
        assert np.array_equal(watch.memory.days[day].features, counts.features)


def test_drift_watch_judges_candles_an_hour_at_a_time():
    live, size = LiveRegime(PAIR), len(CHARTS["5m"])
    watch, _ = watched(upto(size - 24))
    judged = []
    for count in range(size - 24, size + 1):
        charts = upto(count)
        told = live.update(MADE, charts, {}, None)
        watch = watch.seen(MADE, PAIR, charts["5m"], told, live.fresh)
        judged.append(watch.memory.judged_ms[PAIR])
        assert watch.memory.counted_ms[PAIR] == closes_of(charts["5m"], PAIR)[-1]
    assert sorted({(ms - judged[0]) // BAR_MS for ms in judged}) == [0, 12, 24]


def test_drift_watch_goes_through_json_and_begins_anew_with_another_bundle():
    watch, _ = watched()
    back = DriftWatch.from_dict(json.loads(json.dumps(watch.to_dict())))
    assert back.to_dict() == watch.to_dict()
    assert back.of(MADE) is back
    other, _ = bundle((START_MS - 2 * DAY_MS,), CANDLE_FEATURES, [forest(2, CANDLE_FEATURES)])
    assert back.of(other).memory.days == {}


def test_drift_watch_of_other_bins_begins_anew():
    watch, _ = watched()
    stored = watch.to_dict()
    for found in stored["memory"]["days"].values():
        found["features"] = found["features"][:1]
    assert DriftWatch.from_dict(stored).of(MADE).memory.days == {}
