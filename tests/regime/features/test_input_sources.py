"""What a model's columns are made from is said rightly: nothing else is read for them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outrigger.regime.features.inputs import SOURCES, input_features, sources_of


def test_sources_of_columns_are_all_that_they_change_with() -> None:
    rng = np.random.default_rng(3)
    inputs = pd.DataFrame({name: rng.normal(0, 1, 60) for name in SOURCES})
    unit = np.full(60, 0.02)
    before = input_features(inputs, 60, unit)
    for column, values in before.items():
        told = sources_of([column, "range_1h"])
        others = inputs.copy()
        others[[name for name in SOURCES if name not in told]] = np.nan
        np.testing.assert_array_equal(input_features(others, 60, unit)[column], values)
        assert np.isfinite(values).any()


def test_sources_of_columns_from_candles_are_none() -> None:
    assert sources_of(["range_1h", "momentum_4h"]) == ()
    assert set(sources_of(["crowd_pays", "levels_near"])) == {
        "funding_percentile_90d",
        "liquidation_long_distance",
        "liquidation_short_distance",
    }
