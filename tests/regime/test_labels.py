from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import SettingsError
from outrigger.regime.classes import (
    CALM,
    LONG_SQUEEZE,
    MIRRORED,
    SHORT_SQUEEZE,
    TRENDING,
    UNLABELLED,
    WHIPSAW,
)
from outrigger.regime.labels import REFERENCE_RULES, LabelRules, horizon_sigma, label_shares, regime_labels
from outrigger.volatility.grid import CandleGrid
from tests.regime.walks import chart, mirrored

# Alternating returns of ±s: sigma is exactly s·√48 wherever the data begins.
STEP = 0.001
SIGMA = STEP * np.sqrt(48)
BEFORE = 400


def _path(up: float, down: float) -> pd.DataFrame:
    """A quiet past of known sigma, then a candle that reaches `up` and `down` sigma from the last close."""
    frame = chart(BEFORE + 49)
    close = np.where(np.arange(len(frame)) % 2, 100.0 * np.exp(STEP), 100.0)
    frame["close"] = close
    frame["open"] = close
    frame["high"] = frame["low"] = close
    last = close[BEFORE]
    frame.loc[BEFORE + 1 :, ["open", "high", "low", "close"]] = last
    frame.loc[BEFORE + 20, "high"] = last * np.exp(up * SIGMA)
    frame.loc[BEFORE + 30, "low"] = last * np.exp(-down * SIGMA)
    return frame


@pytest.mark.parametrize(
    ("up", "down", "regime"),
    [
        (0.5, 0.5, CALM),
        (0.61, 0.5, TRENDING),
        (0.85, 0.85, WHIPSAW),
        (0.6, 1.6, LONG_SQUEEZE),
        (0.75, 1.6, TRENDING),
        (1.6, 0.6, SHORT_SQUEEZE),
        (1.4, 0.6, TRENDING),
        (1.6, 0.9, WHIPSAW),
    ],
)
def test_labels_of_a_path_with_known_extremes_follow_the_definition(
    up: float, down: float, regime: int
) -> None:
    assert regime_labels(_path(up, down))[BEFORE] == regime


def test_sigma_equals_the_plain_weighted_average() -> None:
    frame = chart(700)
    grid = CandleGrid.from_frame(frame)
    squared = np.diff(np.log(frame["close"].to_numpy())) ** 2
    weights = 0.5 ** (np.arange(len(squared))[::-1] / 288)
    oracle = np.sqrt((weights * squared).sum() / weights.sum() * 48)
    assert horizon_sigma(grid)[-1] == pytest.approx(oracle, rel=1e-12)


def test_labels_of_the_last_horizon_and_the_first_day_are_none() -> None:
    labels = regime_labels(chart(700))
    assert (labels[-48:] == UNLABELLED).all()
    assert (labels[:288] == UNLABELLED).all()
    assert (labels[288:-48] >= 0).all()


def test_labels_of_earlier_data_do_not_change_as_candles_come() -> None:
    frame = chart(900)
    short, long = regime_labels(frame.iloc[:700]), regime_labels(frame)
    assert (short[:652] == long[:652]).all()


def test_labels_of_a_mirrored_chart_swap_the_squeezes() -> None:
    frame = chart(3000, seed=3)
    labels, turned = regime_labels(frame), regime_labels(mirrored(frame))
    known = labels >= 0
    assert set(np.unique(labels[known])) >= {CALM, TRENDING, LONG_SQUEEZE, SHORT_SQUEEZE}
    assert (np.array(MIRRORED)[labels[known]] == turned[known]).all()


def test_labels_beside_an_unusable_candle_are_none() -> None:
    frame = chart(800)
    frame.loc[600, ["open", "high", "low", "close"]] = np.nan
    labels = regime_labels(frame)
    assert (labels[552:601] == UNLABELLED).all()
    assert labels[551] >= 0
    assert labels[601] >= 0


def test_labels_of_a_price_that_stands_still_are_none() -> None:
    frame = chart(500)
    frame[["open", "high", "low", "close"]] = 100.0
    assert (regime_labels(frame) == UNLABELLED).all()


@pytest.mark.parametrize("length", [0, 1, 48])
def test_labels_of_less_than_a_horizon_are_none(length: int) -> None:
    assert (regime_labels(chart(500).iloc[:length]) == UNLABELLED).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"horizon_bars": 0},
        {"calm": 0.9},
        {"calm": -0.1},
        {"long_squeeze_room": 0.9},
        {"squeeze": 0.5},
        {"half_life_bars": 0},
    ],
)
def test_label_rules_that_contradict_each_other_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="label rules"):
        LabelRules(**wrong)  # type: ignore[arg-type]


def test_label_shares_add_up_per_pair_and_year() -> None:
    shares = label_shares({"A": chart(800), "B": chart(900, seed=1)}, REFERENCE_RULES)
    assert list(shares.index) == [("A", "2025"), ("A", "all"), ("B", "2025"), ("B", "all")]
    assert shares.drop(columns="rows").sum(axis=1).to_numpy() == pytest.approx(np.ones(4))
    assert shares.loc[("A", "all"), "rows"] == 800 - 288 - 48
