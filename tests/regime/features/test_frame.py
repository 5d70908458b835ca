from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.regime.features import (
    CANDLE_FEATURES,
    DIRECTIONAL,
    FEATURES,
    INPUT_FEATURES,
    REFERENCE_PAIR,
    SECOND_REFERENCE_PAIR,
    LaidOut,
    regime_features,
)
from tests.regime.walks import charts, mirrored

PAIR = "SOL/USDT:USDT"
BARS = 3600


@pytest.fixture(scope="module")
def market() -> dict[str, dict[str, pd.DataFrame]]:
    return {PAIR: charts(BARS), REFERENCE_PAIR: charts(BARS, 1), SECOND_REFERENCE_PAIR: charts(BARS, 2)}


@pytest.fixture(scope="module")
def whole(market: dict[str, dict[str, pd.DataFrame]]) -> pd.DataFrame:
    return regime_features(market[PAIR], market, pair=PAIR)


def _inputs(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    names = {
        "funding_percentile_90d": rng.random(rows),
        "account_log_ratio": rng.normal(0.1, 0.3, rows),
        "book_depth_vs_norm": rng.normal(0, 0.3, rows),
        "oi_change_24h": rng.normal(0, 0.05, rows),
        "book_imbalance_1": rng.uniform(-1, 1, rows),
        "liquidation_long_distance": -rng.random(rows) * 0.1,
        "liquidation_short_distance": rng.random(rows) * 0.1,
    }
    return pd.DataFrame(names)


def test_features_are_the_described_columns_in_order(whole: pd.DataFrame) -> None:
    assert list(whole.columns) == [spec.name for spec in FEATURES]
    assert (*CANDLE_FEATURES, *INPUT_FEATURES) == tuple(whole.columns)
    assert len(set(whole.columns)) == len(whole.columns)
    assert set(DIRECTIONAL) < set(whole.columns)
    assert (whole.dtypes == np.float64).all()


def test_features_after_start_up_are_known_and_bounded(whole: pd.DataFrame) -> None:
    warm = whole[list(CANDLE_FEATURES)].iloc[2016:]
    # The short charts of this test do not reach back as far as their longest trends.
    slow = [name for name in CANDLE_FEATURES if "15m" in name or "4h_" in name or "week" in name]
    assert warm.drop(columns=slow, errors="ignore").notna().all().all()
    assert warm.abs().max().max() < 20


@pytest.mark.parametrize("cut", [3000, 3301])
def test_features_of_earlier_data_do_not_change_as_candles_come(
    market: dict[str, dict[str, pd.DataFrame]], whole: pd.DataFrame, cut: int
) -> None:
    end = market[PAIR]["5m"]["date"].iloc[cut]
    known = {
        pair: {
            "5m": frames["5m"][frames["5m"]["date"] < end],
            "15m": frames["15m"][frames["15m"]["date"] + pd.Timedelta("15min") <= end],
            "4h": frames["4h"][frames["4h"]["date"] + pd.Timedelta("4h") <= end],
        }
        for pair, frames in market.items()
    }
    short = regime_features(known[PAIR], known, pair=PAIR)
    pd.testing.assert_frame_equal(short, whole.iloc[:cut], check_exact=True)


@pytest.mark.parametrize("last", [1, 3, 40])
def test_features_of_the_last_rows_equal_those_of_all_history(
    market: dict[str, dict[str, pd.DataFrame]], whole: pd.DataFrame, last: int
) -> None:
    newest = regime_features(market[PAIR], market, pair=PAIR, last=last)
    pd.testing.assert_frame_equal(newest, whole.iloc[-last:], rtol=0, atol=1e-9)


def test_features_of_pairs_that_share_what_is_laid_out_are_what_each_has_alone(
    market: dict[str, dict[str, pd.DataFrame]],
) -> None:
    shared, laid_out = [], LaidOut()
    for cut in (BARS - 1, BARS - 1, BARS):
        known = {pair: {**frames, "5m": frames["5m"].iloc[:cut]} for pair, frames in market.items()}
        for pair, frames in known.items():
            told = regime_features(frames, known, pair=pair, last=1, laid_out=laid_out)
            alone = regime_features(frames, known, pair=pair, last=1)
            pd.testing.assert_frame_equal(told, alone, check_exact=True)
            shared.append(laid_out.bars(pair, frames["5m"].iloc[-2018:]))
    first, again, later = shared[:3], shared[3:6], shared[6:]
    assert all(one is other for one, other in zip(first, again, strict=True))
    assert not any(one is other for one, other in zip(again, later, strict=True))


def test_features_need_no_more_than_start_up_candles(
    market: dict[str, dict[str, pd.DataFrame]], whole: pd.DataFrame
) -> None:
    cut = {
        pair: {chart: frame.iloc[-2016:] for chart, frame in frames.items()}
        for pair, frames in market.items()
    }
    newest = regime_features(cut[PAIR], cut, pair=PAIR).iloc[-1:]
    pd.testing.assert_frame_equal(newest, whole.iloc[-1:], rtol=0, atol=1e-9)


def test_features_of_a_mirrored_market_change_sign_where_directional(
    market: dict[str, dict[str, pd.DataFrame]],
) -> None:
    inputs = _inputs(BARS)
    turned_inputs = inputs.copy()
    turned_inputs["funding_percentile_90d"] = 1 - inputs["funding_percentile_90d"]
    for name in ("account_log_ratio", "book_imbalance_1"):
        turned_inputs[name] = -inputs[name]
    turned_inputs["liquidation_long_distance"] = -inputs["liquidation_short_distance"]
    turned_inputs["liquidation_short_distance"] = -inputs["liquidation_long_distance"]
    turned = {
        pair: {chart: mirrored(frame) for chart, frame in frames.items()} for pair, frames in market.items()
    }
    plain = regime_features(market[PAIR], market, inputs, pair=PAIR).iloc[2016:]
    mirror = regime_features(turned[PAIR], turned, turned_inputs, pair=PAIR).iloc[2016:]
    expected = plain.copy()
    expected[list(DIRECTIONAL)] *= -1
    pd.testing.assert_frame_equal(mirror, expected, rtol=0, atol=1e-6)


def test_features_without_leader_slow_charts_or_inputs_are_missing_there_alone(
    market: dict[str, dict[str, pd.DataFrame]], whole: pd.DataFrame
) -> None:
    bare = regime_features({"5m": market[PAIR]["5m"]}, {}, pair=PAIR)
    missing = bare.columns[bare.isna().all()]
    assert {"leader_range_1h", "alone_1h", "momentum_4h_7d", "weeks_ahead", *INPUT_FEATURES} <= set(missing)
    rest = [name for name in whole.columns if name not in missing]
    pd.testing.assert_frame_equal(bare[rest], whole[rest], check_exact=True)


def test_leader_of_the_leader_is_the_second_reference(market: dict[str, dict[str, pd.DataFrame]]) -> None:
    told = regime_features(market[REFERENCE_PAIR], market, pair=REFERENCE_PAIR)
    theirs = regime_features(market[SECOND_REFERENCE_PAIR], market, pair=SECOND_REFERENCE_PAIR)
    pd.testing.assert_series_equal(told["leader_range_1h"], theirs["range_1h"], check_names=False)


def test_a_missing_input_leaves_only_its_own_columns_missing(
    market: dict[str, dict[str, pd.DataFrame]],
) -> None:
    told = regime_features(market[PAIR], market, _inputs(BARS).drop(columns="oi_change_24h"), pair=PAIR)
    assert told["crowd_thin"].notna().all()
    assert told["crowd_grew_thin"].isna().all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("fault", ["outage", "nan", "constant", "gap", "short", "empty"])
def test_features_of_faulty_candles_are_finite_or_missing(
    market: dict[str, dict[str, pd.DataFrame]], fault: str
) -> None:
    frame = market[PAIR]["5m"].copy()
    prices = ["open", "high", "low", "close"]
    if fault == "outage":
        frame.loc[2500:2900, prices] = frame.loc[2499, "close"]
        frame.loc[2500:2900, "volume"] = 0.0
    elif fault == "nan":
        frame.loc[3000:3100, prices] = np.nan
    elif fault == "constant":
        frame[prices] = 7.0
    elif fault == "gap":
        frame = frame.drop(index=range(2800, 3000)).reset_index(drop=True)
    elif fault == "short":
        frame = frame.iloc[:5]
    else:
        frame = frame.iloc[:0]
    told = regime_features({**market[PAIR], "5m": frame}, market, pair=PAIR)
    assert told.shape == (len(frame), len(FEATURES))
    assert not np.isinf(told.to_numpy()).any()


@pytest.mark.parametrize(
    ("kwargs", "match"),
    [({"last": 0}, "ask for one"), ({"inputs": pd.DataFrame({"x": [1.0]})}, "rows of inputs")],
)
def test_features_of_arguments_that_make_no_sense_are_refused(
    market: dict[str, dict[str, pd.DataFrame]], kwargs: dict[str, object], match: str
) -> None:
    with pytest.raises(DataError, match=match):
        regime_features(market[PAIR], market, pair=PAIR, **kwargs)  # type: ignore[arg-type]


def test_features_without_a_5m_chart_are_refused() -> None:
    with pytest.raises(DataError, match="need 5m candles"):
        regime_features({}, {}, pair=PAIR)
