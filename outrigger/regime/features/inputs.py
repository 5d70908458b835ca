"""Funding, book, open interest and liquidation levels as few, bounded columns.

Thrown in raw they make a model worse: levels drift, differ between pairs, and a boosting fits their noise. So
each is brought to within −1 and 1 against its own history, and only combinations with a reason are made: a
crowd that pays to stay, before a thin book, near the levels at which it is forced out. The signed ones change
sign in a mirror. What is not known is missing; the classifier treats that as "says nothing".
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from outrigger.market.features.fragility import SPECS as FRAGILITY_SPECS
from outrigger.market.features.level_columns import SPECS as LEVEL_SPECS
from outrigger.market.features.registry import FEATURES as MARKET_FEATURES
from outrigger.market.features.spec import FeatureSpec
from outrigger.volatility.windows import Array

SOURCES: Final = tuple(spec.name for spec in (*MARKET_FEATURES, *LEVEL_SPECS, *FRAGILITY_SPECS))
_AGES: Final = {spec.name: spec.age_limit_s for spec in (*MARKET_FEATURES, *LEVEL_SPECS, *FRAGILITY_SPECS)}


def _described(name: str, sources: tuple[str, ...], meaning: str) -> FeatureSpec:
    age = min(_AGES[source] for source in sources)
    return FeatureSpec(name, "-1 to 1", "as its sources", ", ".join(sources), age, meaning)


SIGNED_SPECS: Final = (
    _described("crowd_pays", ("funding_percentile_90d",), "longs seldom paid as much"),
    _described("crowd_stays", ("funding_sign_run_h",), "longs have paid for long"),
    _described("book_leans_near", ("book_imbalance_0.2",), "bids stand thicker than asks near the mid"),
    _described("book_leans", ("book_imbalance_1",), "bids stand thicker than asks"),
    _described("takers_buy", ("taker_log_ratio",), "takers bought"),
    _described("accounts_long", ("account_log_ratio",), "most accounts are long"),
    _described(
        "levels_above",
        ("liquidation_long_distance", "liquidation_short_distance"),
        "shorts' levels are nearer",
    ),
    _described(
        "fragile_above",
        ("fragility_long_2", "fragility_short_2"),
        "forced buying would meet the thinner book",
    ),
    _described(
        "crowd_before_thin_book",
        ("funding_percentile_90d", "book_depth_vs_norm"),
        "longs pay and the book is thin",
    ),
    _described(
        "crowd_and_interest", ("funding_percentile_90d", "oi_zscore_30d"), "longs pay and much is open"
    ),
    _described(
        "lean_against_crowd",
        ("funding_percentile_90d", "book_imbalance_1"),
        "longs pay and asks weigh on them; negative: shorts and bids",
    ),
)
EVEN_SPECS: Final = (
    _described("book_thin", ("book_depth_vs_norm",), "the book is thinner than usual"),
    _described("crowded", ("funding_percentile_90d",), "funding is extreme, whichever side pays"),
    _described("interest_high", ("oi_zscore_30d",), "more is at stake than usual"),
    _described("interest_grew", ("oi_change_4h",), "positions were opened"),
    _described(
        "crowded_and_thin", ("funding_percentile_90d", "book_depth_vs_norm"), "extreme funding, thin book"
    ),
    _described(
        "levels_near",
        ("liquidation_long_distance", "liquidation_short_distance"),
        "a cluster of levels is near",
    ),
)


def _unit(x: Array, scale: float) -> Array:
    return np.asarray(np.tanh(x / scale))


def _against(crowd: Array, lean: Array) -> Array:
    """How much the lighter of both weighs, where they point against each other."""
    opposed = np.where(crowd * lean < 0, np.sign(crowd) * np.minimum(np.abs(crowd), np.abs(lean)), 0.0)
    return np.where(np.isfinite(crowd * lean), opposed, np.nan)


def input_features(inputs: pd.DataFrame | None, rows: int, unit: Array) -> dict[str, Array]:
    """Compute the columns of `SIGNED_SPECS` and `EVEN_SPECS`.

    Parameters
    ----------
    inputs : DataFrame of shape (n_rows, ...) or None
        Any of the columns named in `SOURCES`; others are ignored, absent ones are missing.
    rows : int
        Number of candles.
    unit : ndarray of shape (n_rows,)
        Expected deviation of the price over the horizon: what is near and what is far.

    Returns
    -------
    dict of str to ndarray of shape (n_rows,)
        Within −1 and 1, NaN where a source is missing.
    """
    nothing = np.full(rows, np.nan)

    def taken(name: str) -> Array:
        if inputs is None or name not in inputs.columns:
            return nothing
        return inputs[name].to_numpy(dtype=np.float64)

    crowd = 2.0 * taken("funding_percentile_90d") - 1.0
    thin = -_unit(taken("book_depth_vs_norm"), 0.7)
    lean = taken("book_imbalance_1")
    interest = _unit(taken("oi_zscore_30d"), 2.0)
    near = {side: np.exp(-np.abs(taken(f"liquidation_{side}_distance")) / unit) for side in ("long", "short")}
    fragile = {side: taken(f"fragility_{side}_2") for side in ("long", "short")}
    total = fragile["long"] + fragile["short"]
    thin_only = np.where(np.isfinite(thin), np.maximum(thin, 0.0), np.nan)
    return {
        "crowd_pays": crowd,
        "crowd_stays": _unit(taken("funding_sign_run_h"), 72.0),
        "book_leans_near": taken("book_imbalance_0.2"),
        "book_leans": lean,
        "takers_buy": _unit(taken("taker_log_ratio"), 0.3),
        "accounts_long": _unit(taken("account_log_ratio"), 0.7),
        "levels_above": near["short"] - near["long"],
        "fragile_above": (fragile["short"] - fragile["long"]) / np.where(total > 0, total, np.nan),
        "crowd_before_thin_book": crowd * thin_only,
        "crowd_and_interest": crowd * np.where(np.isfinite(interest), np.maximum(interest, 0.0), np.nan),
        "lean_against_crowd": _against(crowd, lean),
        "book_thin": thin,
        "crowded": np.abs(crowd),
        "interest_high": interest,
        "interest_grew": _unit(taken("oi_change_4h"), 0.05),
        "crowded_and_thin": np.abs(crowd) * thin_only,
        "levels_near": near["short"] + near["long"] - near["short"] * near["long"],
    }
