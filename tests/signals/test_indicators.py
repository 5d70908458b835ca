import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError, SettingsError
from outrigger.market.timeframe import timeframe_ms
from outrigger.settings.signals import SignalSettings
from outrigger.signals.indicators import (
    chart_lookbacks,
    charts,
    measure_charts,
    quiet_bars,
    signals,
    startup_candles,
)
from tests.signals.walk import QUICK, START, frame, walk_charts

PAIR = "ETH/USDT:USDT"
SETTINGS = SignalSettings(**QUICK)


def answer(frames, base="1m", settings=SETTINGS):
    measures = measure_charts(frames, base, settings, PAIR)
    return pd.concat([measures, signals(measures, base, settings)], axis=1)


def known_by(frames, now_ms):
    """What a trader has at a moment: closed candles only."""
    out = {}
    for timeframe, candles in frames.items():
        opens = candles["date"].dt.as_unit("ms").astype("int64")
        out[timeframe] = candles[(opens + timeframe_ms(timeframe) <= now_ms).to_numpy()]
    return out


def test_lookbacks_of_the_defaults_fit_both_base_timeframes():
    settings = SignalSettings()
    assert chart_lookbacks(settings, "1m") == (240, 96, 60)
    assert chart_lookbacks(settings, "5m") == (48, 96, 60)
    assert quiet_bars(settings, "5m") == 48
    assert quiet_bars(SignalSettings(quiet_hours=0.0), "5m") == 1


def test_charts_that_do_not_grow_are_refused():
    assert charts(SignalSettings(), "5m") == ("5m", "15m", "4h")
    with pytest.raises(SettingsError, match="base timeframe 15m, middle_chart 15m"):
        charts(SignalSettings(), "15m")


@pytest.mark.parametrize("base", ["1m", "5m"])
def test_startup_candles_are_enough_for_the_first_answer_and_within_freqtrade_limit(base):
    need = startup_candles(SETTINGS, base)
    assert startup_candles(SignalSettings(), base) < 2494
    whole = walk_charts(need * 240 * 2, base=base)
    at = whole["4h"]["date"].iloc[need]
    cut = {}
    for timeframe, candles in whole.items():
        first = int(np.searchsorted(candles["date"], at)) - need
        cut[timeframe] = candles.iloc[first:].reset_index(drop=True)
    expected = answer(whole, base)
    expected = expected[(whole[base]["date"] >= at).to_numpy()].reset_index(drop=True)
    got = answer(cut, base)
    got = got[(cut[base]["date"] >= at).to_numpy()].reset_index(drop=True)
    assert got.notna().all(axis=None)
    pd.testing.assert_frame_equal(got, expected, rtol=1e-9)


def test_signals_equal_what_a_trader_computed_at_each_moment_from_closed_candles():
    frames = walk_charts(6 * 1440)
    whole = answer(frames)
    assert (whole["entry"] != 0).sum() > 10
    rng = np.random.default_rng(1)
    moments = np.concatenate((np.flatnonzero(whole["entry"])[:20], rng.integers(3000, 8640, 20)))
    for row in moments:
        now = int(frames["1m"]["date"].iloc[row].timestamp() * 1000) + 60_000
        then = answer(known_by(frames, now))
        pd.testing.assert_frame_equal(then, whole.iloc[: row + 1], rtol=1e-12)


def test_signals_ignore_chart_candles_that_have_not_closed():
    frames = walk_charts(6 * 1440)
    row = 5000
    now = int(frames["1m"]["date"].iloc[row].timestamp() * 1000) + 60_000
    wild = {}
    for timeframe, candles in frames.items():
        changed = candles.copy()
        changed.loc[len(known_by(frames, now)[timeframe]) :, "close"] *= 3.0
        wild[timeframe] = changed
    pd.testing.assert_frame_equal(answer(wild).iloc[: row + 1], answer(frames).iloc[: row + 1])


def test_signals_of_steady_growth_vote_long_everywhere_with_full_confidence():
    steps = {"1m": 1440, "15m": 320, "4h": 30}
    earlier = START - pd.Timedelta(hours=112)
    frames = {tf: frame(100.0 * 1.0005 ** np.arange(n), tf, earlier) for tf, n in steps.items()}
    frames["1m"] = frame(frames["1m"]["close"].to_numpy(), "1m", earlier + pd.Timedelta(hours=48))
    last = answer(frames).iloc[-1]
    assert (last["side"], last["confidence"], last["tag"]) == (1, 1.0, "long:1m+15m+4h")
    assert last["momentum_4h"] == pytest.approx(np.sqrt(10))
    assert last["channel_4h"] == pytest.approx(1.0)


def test_signals_fall_to_partial_when_the_slow_chart_goes_stale_without_a_new_entry():
    steps = {"1m": 1440, "15m": 200, "4h": 30}
    frames = {tf: frame(100.0 * 1.0005 ** np.arange(n), tf) for tf, n in steps.items()}
    frames["4h"] = frame(frames["4h"]["close"].to_numpy(), "4h", START - pd.Timedelta(hours=112))
    result = answer(frames)
    # The chart's last candle closed at 08:00; two of its lengths later it no longer votes.
    assert result["tag"].iloc[958] == "long:1m+15m+4h"
    assert result["tag"].iloc[959] == "long:1m+15m"
    assert result["confidence"].iloc[959] == 0.5
    assert not result["entry"].iloc[900:].any()


def test_signals_keep_the_index_and_types_freqtrade_needs():
    frames = walk_charts(3000)
    frames["1m"].index = frames["1m"].index + 17
    result = answer(frames)
    assert result.index.equals(frames["1m"].index)
    assert all(result[name].dtype == np.int8 for name in ("vote_1m", "vote_15m", "vote_4h", "side", "entry"))


@pytest.mark.parametrize("timeframe", ["1m", "15m", "4h"])
def test_measure_charts_without_a_chart_says_how_to_download_it(timeframe):
    frames = walk_charts(3000)
    frames[timeframe] = frames[timeframe].iloc[:0]
    with pytest.raises(
        DataError, match=rf"no {timeframe} candles of ETH/USDT:USDT.*--timeframes {timeframe}"
    ):
        measure_charts(frames, "1m", SETTINGS, PAIR)
    del frames[timeframe]
    with pytest.raises(DataError, match="download-data"):
        measure_charts(frames, "1m", SETTINGS, PAIR)


@pytest.mark.parametrize("close", [0.0, -1.0, np.nan, np.inf])
def test_measure_charts_with_an_impossible_close_names_the_candle(close):
    frames = walk_charts(3000)
    frames["15m"].loc[4, "close"] = close
    with pytest.raises(DataError, match=r"ETH/USDT:USDT 15m: close of 2025-01-01 01:00"):
        measure_charts(frames, "1m", SETTINGS, PAIR)


def test_measure_charts_with_repeated_base_candles_is_refused():
    frames = walk_charts(3000)
    frames["1m"] = pd.concat([frames["1m"], frames["1m"].tail(1)], ignore_index=True)
    with pytest.raises(DataError, match="repeats or goes back"):
        measure_charts(frames, "1m", SETTINGS, PAIR)


def test_signals_with_other_thresholds_need_no_new_measures():
    frames = walk_charts(6 * 1440)
    measures = measure_charts(frames, "1m", SETTINGS, PAIR)
    strict = SETTINGS.model_copy(update={"fast_momentum": 3.0, "channel": 0.9, "partial_confidence": 0.0})
    kept = measures.copy()
    few, many = signals(measures, "1m", strict), signals(measures, "1m", SETTINGS)
    pd.testing.assert_frame_equal(measures, kept)
    assert (few["entry"] != 0).sum() < (many["entry"] != 0).sum()
    assert set(few["confidence"]) <= {0.0, 1.0}


@pytest.mark.parametrize("name", ["fast_momentum", "middle_momentum", "slow_momentum", "channel"])
def test_signals_with_one_higher_threshold_vote_less_on_its_own_chart_only(name):
    frames = walk_charts(6 * 1440)
    measures = measure_charts(frames, "1m", SETTINGS, PAIR)
    raised = SETTINGS.model_copy(update={name: getattr(SETTINGS, name) + 0.45})
    before, after = signals(measures, "1m", SETTINGS), signals(measures, "1m", raised)
    own = {
        "fast_momentum": ["1m"],
        "middle_momentum": ["15m"],
        "slow_momentum": ["4h"],
        "channel": ["1m", "15m", "4h"],
    }
    for chart in ("1m", "15m", "4h"):
        fewer = (after[f"vote_{chart}"] != 0).sum() < (before[f"vote_{chart}"] != 0).sum()
        assert fewer == (chart in own[name])


@pytest.mark.real_data
def test_signals_of_real_candles_equal_what_was_known_at_each_entry(market):
    settings = SignalSettings()
    folder = market / "binance-1m-2025-02" / "futures"
    frames = {
        tf: pd.read_feather(folder / f"ETH_USDT_USDT-{tf}-futures.feather") for tf in ("1m", "15m", "4h")
    }
    whole = answer(frames, settings=settings)
    rows = np.flatnonzero(whole["entry"])
    assert rows.size > 10
    for row in rows[::4]:
        now = int(frames["1m"]["date"].iloc[row].timestamp() * 1000) + 60_000
        then = answer(known_by(frames, now), settings=settings)
        pd.testing.assert_frame_equal(then, whole.iloc[: row + 1], rtol=1e-12)
