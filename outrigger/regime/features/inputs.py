"""Funding, book, open interest and liquidation levels as few, bounded columns.

Thrown in raw they make a model worse: levels drift, differ between pairs, and a boosting fits their noise. So
each is brought to within −1 and 1 against its own history, and only combinations with a reason are made: a
crowd that pays to stay, before a thin book, near the levels at which it is forced out. The signed ones change
sign in a mirror. What is not known is missing; the classifier treats that as "says nothing".
"""

from __future__ import annotations

from collections.abc import Iterable
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


_FUNDING, _ACCOUNTS, _DEPTH, _GROWTH = (
    "funding_percentile_90d",
    "account_log_ratio",
    "book_depth_vs_norm",
    "oi_change_24h",
)
_DISTANCES = ("liquidation_long_distance", "liquidation_short_distance")

SIGNED_SPECS: Final = (
    _described("crowd_pays", (_FUNDING,), "longs seldom paid as much"),
    _described("accounts_long", (_ACCOUNTS,), "most accounts are long"),
    _described("book_leans_near", ("book_imbalance_0.2",), "bids stand thicker than asks near the mid"),
    _described("book_leans", ("book_imbalance_1",), "bids stand thicker than asks"),
    _described("takers_buy", ("taker_log_ratio",), "takers bought"),
    _described("levels_above", _DISTANCES, "shorts' levels are nearer than longs'"),
    _described(
        "fragile_above",
        ("fragility_long_2", "fragility_short_2"),
        "forced buying would meet the thinner book",
    ),
    _described("crowd_thin", (_FUNDING, _ACCOUNTS, _DEPTH), "longs crowd and the book is thin"),
    _described("crowd_grew", (_FUNDING, _ACCOUNTS, _GROWTH), "longs crowd and positions were opened"),
    _described(
        "crowd_grew_thin",
        (_FUNDING, _ACCOUNTS, _GROWTH, _DEPTH),
        "longs crowd, positions were opened and the book is thin",
    ),
    _described(
        "crowd_against_book", (_FUNDING, _ACCOUNTS, "book_imbalance_1"), "longs crowd and asks weigh on them"
    ),
)
EVEN_SPECS: Final = (
    _described("book_thin", (_DEPTH,), "the book is thinner than usual"),
    _described("interest_high", ("oi_zscore_30d",), "more is at stake than usual"),
    _described("interest_grew", (_GROWTH,), "positions were opened"),
    _described("crowded", (_FUNDING, _ACCOUNTS), "one side is crowded, whichever"),
    _described("crowded_thin", (_FUNDING, _ACCOUNTS, _DEPTH), "one side is crowded and the book is thin"),
    _described(
        "crowded_grew_thin",
        (_FUNDING, _ACCOUNTS, _GROWTH, _DEPTH),
        "one side is crowded, positions were opened and the book is thin",
    ),
    _described("levels_near", _DISTANCES, "a cluster of levels is near"),
)


def sources_of(columns: Iterable[str]) -> tuple[str, ...]:
    """Name what some columns are made from.

    Parameters
    ----------
    columns : iterable of str
        Names of a model's columns, those from candles among them.

    Returns
    -------
    tuple of str
        The ones of `SOURCES`, in their order; none where all columns come from candles.
    """
    asked = set(columns)
    used = {
        source
        for spec in (*SIGNED_SPECS, *EVEN_SPECS)
        if spec.name in asked
        for source in spec.source.split(", ")
    }
    return tuple(name for name in SOURCES if name in used)


def _unit(x: Array, scale: float) -> Array:
    return np.asarray(np.tanh(x / scale))


def _above(x: Array) -> Array:
    """The positive part; NaN stays NaN."""
    return np.where(np.isfinite(x), np.maximum(x, 0.0), np.nan)


def _either(x: Array, y: Array) -> Array:
    """Mean of two gauges of the same thing, or the one that is known."""
    both = (x + y) / 2.0
    return np.where(np.isfinite(both), both, np.where(np.isfinite(x), x, y))


def _all_of(*shares: Array) -> Array:
    """As true as the least true of some positive parts; NaN where one is missing."""
    return np.asarray(np.minimum.reduce([_above(share) for share in shares]))


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
    if inputs is None:
        return {spec.name: nothing for spec in (*SIGNED_SPECS, *EVEN_SPECS)}

    values, place = inputs.to_numpy(np.float64), {name: at for at, name in enumerate(inputs.columns.tolist())}

    def taken(name: str) -> Array:
        return values[:, place[name]] if name in place else nothing

    paid, accounts = 2.0 * taken(_FUNDING) - 1.0, _unit(taken(_ACCOUNTS), 0.5)
    crowd = _either(paid, accounts)
    thin, grew = -_unit(taken(_DEPTH), 0.3), _unit(taken(_GROWTH), 0.07)
    lean = taken("book_imbalance_1")
    near = {side: np.exp(-np.abs(taken(f"liquidation_{side}_distance")) / unit) for side in ("long", "short")}
    fragile = {side: taken(f"fragility_{side}_2") for side in ("long", "short")}
    total = fragile["long"] + fragile["short"]
    side, size = np.sign(crowd), np.abs(crowd)
    crowd_thin, crowd_grew = side * _all_of(size, thin), side * _all_of(size, grew)
    crowd_grew_thin = side * _all_of(size, grew, thin)
    return {
        "crowd_pays": paid,
        "accounts_long": accounts,
        "book_leans_near": taken("book_imbalance_0.2"),
        "book_leans": lean,
        "takers_buy": _unit(taken("taker_log_ratio"), 0.3),
        "levels_above": near["short"] - near["long"],
        "fragile_above": (fragile["short"] - fragile["long"]) / np.where(total > 0, total, np.nan),
        "crowd_thin": crowd_thin,
        "crowd_grew": crowd_grew,
        "crowd_grew_thin": crowd_grew_thin,
        "crowd_against_book": _against(crowd, lean),
        "book_thin": thin,
        "interest_high": _unit(taken("oi_zscore_30d"), 2.0),
        "interest_grew": grew,
        "crowded": size,
        "crowded_thin": np.abs(crowd_thin),
        "crowded_grew_thin": np.abs(crowd_grew_thin),
        "levels_near": near["short"] + near["long"] - near["short"] * near["long"],
    }
