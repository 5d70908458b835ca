"""Order book columns: which side leans, how thick the book is, and how old the news of it.

Depth is compared with its own norm for the hour of day, because makers keep hours and pairs differ by
orders of magnitude. Everything is a ratio or a log ratio of quote amounts, so that pairs and years compare.
Assumes rows of the book table, defects already masked there; a missing side leaves the other side's columns
standing.
Weak: cumulative depth hides where inside a band orders stand, and orders can be withdrawn when needed most.

References
----------
Gatheral and Oomen (2010), "Zero-intelligence realized variance estimation", for the micro-price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.errors import DataError
from outrigger.market.features.asof import Array, Readings, Times, carry, last_known, readings
from outrigger.market.features.norm import HOUR_MS, same_hour_median
from outrigger.market.features.spec import FeatureSpec
from outrigger.market.store.schema import band_name

_BASIS_POINTS: Final = 1e4
_NEAR, _MID, _FAR = 0.002, 0.01, 0.05
_LOG_NEAR, _LOG_FAR = np.log(_MID / _NEAR), np.log(_FAR / _MID)
_QUOTE: Final = {
    (side, band): band_name(side, band, "quote") for side in ("bid", "ask") for band in (_NEAR, _MID, _FAR)
}
_TOP: Final = ("best_bid", "best_ask", "best_bid_base", "best_ask_base")
BOOK_COLUMNS: Final = (*_TOP, *_QUOTE.values())
# Logarithms of depth near the mid, and the feature that compares each with its norm.
NORMED: Final = ("depth", "bid_depth", "ask_depth")
MAX_AGE_S: Final = 300
AGE_COLUMN_LIMIT_S: Final = 3600
NORM_DAYS: Final = 14
NORM_MINIMUM_DAYS: Final = 3


@dataclass(frozen=True, slots=True)
class BookTerms:
    """How book features are made.

    Parameters
    ----------
    max_age_ms : int
        Oldest snapshot that still counts; sparse histories (a reading every 4 h) need more than the default.
    norm_days : int
        Days of the same hour that make the norm of depth.
    norm_minimum_days : int
        Of these, how many must be there.
    """

    max_age_ms: int = MAX_AGE_S * 1000
    norm_days: int = NORM_DAYS
    norm_minimum_days: int = NORM_MINIMUM_DAYS

    def __post_init__(self) -> None:
        if self.max_age_ms < 0 or not 1 <= self.norm_minimum_days <= self.norm_days:
            raise DataError(
                f"book features: {self} cannot be: an age is not negative, and the days a norm needs lie "
                "between 1 and norm_days"
            )


def _spec(name: str, unit: str, source: str, meaning: str, window: str = "the snapshot") -> FeatureSpec:
    limit = AGE_COLUMN_LIMIT_S if name == "book_age_s" else MAX_AGE_S
    return FeatureSpec(name, unit, window, f"book: {source}", limit, meaning)


_PAST = f"median of the hour's means on the {NORM_DAYS} days before, at least {NORM_MINIMUM_DAYS} of them"
BOOK_FEATURES: Final = (
    _spec("book_imbalance_0.2", "-1 to 1", "quote depth within 0.2 %", "bids stand thicker than asks"),
    _spec("book_imbalance_1", "-1 to 1", "quote depth within 1 %", "bids stand thicker than asks"),
    _spec("book_imbalance_5", "-1 to 1", "quote depth within 5 %", "bids stand thicker than asks"),
    _spec(
        "book_depth_vs_norm", "log ratio", "quote depth within 1 %, both sides", "thicker than usual", _PAST
    ),
    _spec("book_bid_depth_vs_norm", "log ratio", "bid quote depth within 1 %", "more bids than usual", _PAST),
    _spec("book_ask_depth_vs_norm", "log ratio", "ask quote depth within 1 %", "more asks than usual", _PAST),
    _spec(
        "book_slope_near", "log per log", "quote depth within 0.2 and 1 %", "little stands close to the mid"
    ),
    _spec("book_slope_far", "log per log", "quote depth within 1 and 5 %", "orders stand far from the mid"),
    _spec("book_spread_bp", "basis points of mid", "best bid and ask", "trading at once is dear"),
    _spec(
        "book_micro_offset_bp", "basis points of mid", "best bid and ask, amounts", "the ask gives way first"
    ),
    _spec("book_age_s", "seconds", "time of the newest snapshot that shows depth", "the book is old news"),
)
BOOK_NAMES: Final = tuple(spec.name for spec in BOOK_FEATURES)


def positive(values: Mapping[str, Array]) -> dict[str, Array]:
    """Keep prices and amounts above zero, the only ones that a ratio or a logarithm can be taken of.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n_rows,)
        Columns of the book table named in `BOOK_COLUMNS`.

    Returns
    -------
    dict of str to ndarray of shape (n_rows,)
        The same columns; NaN elsewhere.
    """
    return {name: np.where(values[name] > 0, values[name], np.nan) for name in BOOK_COLUMNS}


def log_depths(values: Mapping[str, Array]) -> dict[str, Array]:
    """Logarithm of the depth within 1 % of the mid.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n_rows,)
        Columns of the book table, `positive`.

    Returns
    -------
    dict of str to ndarray of shape (n_rows,)
        Log of quote amounts for each name of `NORMED`: both sides, bids, asks.
    """
    bid, ask = values[_QUOTE["bid", _MID]], values[_QUOTE["ask", _MID]]
    return {"depth": np.log(bid + ask), "bid_depth": np.log(bid), "ask_depth": np.log(ask)}


def shows_depth(values: Mapping[str, Array]) -> npt.NDArray[np.bool_]:
    """Whether a snapshot is news: one in which defects masked every depth tells nothing about the book.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n_rows,)
        Columns of the book table named in `BOOK_COLUMNS`.

    Returns
    -------
    ndarray of bool, shape (n_rows,)
    """
    shown = np.stack([np.isfinite(values[name]) for name in _QUOTE.values()])
    return np.asarray(shown.any(axis=0), dtype=np.bool_)


def snapshot_features(values: Mapping[str, Array]) -> dict[str, Array]:
    """Features that a snapshot has by itself, without history or clock.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n_rows,)
        Columns of the book table named in `BOOK_COLUMNS`, `positive`.

    Returns
    -------
    dict of str to ndarray of shape (n_rows,)
        NaN where an input is missing or impossible (no depth, a crossed top).
    """
    side = {key: values[name] for key, name in _QUOTE.items()}
    both = {band: side["bid", band] + side["ask", band] for band in (_NEAR, _MID, _FAR)}
    features = {
        f"book_imbalance_{band * 100:g}": (side["bid", band] - side["ask", band]) / total
        for band, total in both.items()
    }
    features["book_slope_near"] = np.log(both[_MID] / both[_NEAR]) / _LOG_NEAR
    features["book_slope_far"] = np.log(both[_FAR] / both[_MID]) / _LOG_FAR
    bid, ask, bid_base, ask_base = (values[name] for name in _TOP)
    mid, spread = (bid + ask) / 2.0, ask - bid
    sound = np.where(spread >= 0, _BASIS_POINTS / mid, np.nan)
    features["book_spread_bp"] = spread * sound
    # The micro-price leans towards the side with less on offer: it is the next to give way.
    lean = (bid_base - ask_base) / (bid_base + ask_base)
    features["book_micro_offset_bp"] = lean * spread / 2.0 * sound
    return features


def _row_features(rows: Readings, terms: BookTerms) -> dict[str, Array]:
    sound = positive(rows.values)
    features = snapshot_features(sound)
    hours = rows.known_ms // HOUR_MS
    for name, depth in log_depths(sound).items():
        norm = same_hour_median(hours, depth, terms.norm_days, terms.norm_minimum_days)
        features[f"book_{name}_vs_norm"] = depth - norm
    return features


def book_features(rows: pd.DataFrame, clock_ms: Times, terms: BookTerms | None = None) -> pd.DataFrame:
    """Order book columns at each moment of a clock.

    Parameters
    ----------
    rows : DataFrame
        Rows of the book table as the store returns them, from `norm_days` before the clock's start.
    clock_ms : ndarray of int64, shape (n_moments,)
        Closes of the base candles, milliseconds since 1970.
    terms : BookTerms, optional
        Age limit and norm.

    Returns
    -------
    DataFrame of float64, shape (n_moments, 11)
        The columns of `BOOK_FEATURES`; moment i uses rows with `known_ms` <= clock_ms[i] alone.

    Raises
    ------
    DataError
        If a column is missing, rows are out of order or the clock is not in whole milliseconds.
    """
    terms = terms or BookTerms()
    book = readings(rows, BOOK_COLUMNS, "book")
    last = last_known(clock_ms, book.known_ms)
    columns = {
        name: carry(values, last, clock_ms, book.time_ms, terms.max_age_ms)
        for name, values in _row_features(book, terms).items()
    }
    seen = np.where(shows_depth(book.values), book.time_ms, np.nan)
    newest = carry(seen, last, clock_ms, book.time_ms, AGE_COLUMN_LIMIT_S * 1000)
    columns["book_age_s"] = (clock_ms - newest) / 1000.0
    return pd.DataFrame({name: columns[name] for name in BOOK_NAMES})
