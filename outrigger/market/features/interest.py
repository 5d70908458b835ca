"""Open-interest and positioning columns: is leverage being added, and on which side.

Open interest says how much could be forced out, its change whether a move is built on new positions or on
the closing of old ones, and the long/short ratios which side is crowded. Changes are logarithms, so that
pairs compare, and so are ratios: two to one and one to two are mirror images. Counted in base currency
unless asked otherwise, because in quote currency every price move looks like new positions.
Weak: most ratios count accounts, not money; published archives have readings every five minutes at best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from outrigger.errors import DataError
from outrigger.market.alignment import open_times_ms
from outrigger.market.features.asof import Array, Readings, Times, carry, earlier, last_known, readings
from outrigger.market.features.norm import HOUR_MS, trailing_zscore
from outrigger.market.features.spec import FeatureSpec
from outrigger.market.store.schema import METRICS
from outrigger.market.timeframe import timeframe_ms

MAX_AGE_S: Final = 1800
_HORIZONS_H: Final = (1, 4, 24)
_SLACK_MS: Final = 60_000
_TOLERANCE_MS: Final = 900_000
_WINDOW_H: Final = 30 * 24
_MINIMUM_READINGS: Final = 42
# A reading this far out says "never seen": how far beyond that is noise to whatever learns from it.
_SCORE_BOUND: Final = 5.0
_RATIOS: Final = {
    "top_account_log_ratio": "top_account_ratio",
    "top_position_log_ratio": "top_position_ratio",
    "account_log_ratio": "account_ratio",
    "taker_log_ratio": "taker_ratio",
}


@dataclass(frozen=True, slots=True)
class InterestTerms:
    """How open-interest features are made.

    Parameters
    ----------
    unit : {"base", "quote"}
        Currency in which open interest is counted; some histories have only quote.
    max_age_ms : int
        Oldest reading that still counts; sparse histories (a reading every 4 h) need more than the default.
    """

    unit: Literal["base", "quote"] = "base"
    max_age_ms: int = MAX_AGE_S * 1000

    def __post_init__(self) -> None:
        if self.unit not in ("base", "quote") or self.max_age_ms < 0:
            raise DataError(
                f"open-interest features: {self} cannot be: unit is base or quote and an age is not negative"
            )


def _spec(name: str, unit: str, window: str, source: str, meaning: str) -> FeatureSpec:
    return FeatureSpec(name, unit, window, f"metrics: {source}", MAX_AGE_S, meaning)


_READING = "the reading"
_OPEN = "open_interest_base"
INTEREST_FEATURES: Final = (
    _spec("oi_change_1h", "log ratio", "1 h, up to 15 min more", _OPEN, "positions were opened"),
    _spec("oi_change_4h", "log ratio", "4 h, up to 15 min more", _OPEN, "positions were opened"),
    _spec("oi_change_24h", "log ratio", "24 h, up to 15 min more", _OPEN, "positions were opened"),
    _spec(
        "oi_zscore_30d",
        f"standard deviations, within ±{_SCORE_BOUND:g}",
        f"hourly means of the 30 days before, at least {_MINIMUM_READINGS} of them",
        f"log of {_OPEN}",
        "more is at stake than usual",
    ),
    _spec("top_account_log_ratio", "log ratio", _READING, "top_account_ratio", "large accounts are long"),
    _spec("top_position_log_ratio", "log ratio", _READING, "top_position_ratio", "large positions are long"),
    _spec("account_log_ratio", "log ratio", _READING, "account_ratio", "most accounts are long"),
    _spec("taker_log_ratio", "log ratio", _READING, "taker_ratio", "takers bought"),
)
INTEREST_NAMES: Final = tuple(spec.name for spec in INTEREST_FEATURES)


def interest_rows(candles: pd.DataFrame, timeframe: str, pair: str) -> pd.DataFrame:
    """Turn Freqtrade's open-interest candles into rows of the metrics table.

    Parameters
    ----------
    candles : DataFrame
        `date` (opens), `open_interest_amount` and `open_interest_value`; left as it is.
    timeframe : str
        Length of a candle: a reading dated at its open counts from its close on.
    pair : str
        Pair, for error messages.

    Returns
    -------
    DataFrame
        Every column of `METRICS`; what candles do not hold is NaN.

    Raises
    ------
    DataError
        If a date is unreadable.
    """
    frame = candles.dropna(subset=["date"]).drop_duplicates("date", keep="last").sort_values("date")
    known = open_times_ms(frame["date"], f"{pair} open interest") + timeframe_ms(timeframe)
    rows = pd.DataFrame(np.nan, index=range(len(frame)), columns=list(METRICS.columns))
    return rows.assign(
        time_ms=known,
        known_ms=known,
        open_interest_base=frame["open_interest_amount"].to_numpy(np.float64),
        open_interest_quote=frame["open_interest_value"].to_numpy(np.float64),
    )


def _log(x: Array) -> Array:
    return np.log(np.where(x > 0, x, np.nan))


def _row_features(rows: Readings, unit: str) -> dict[str, Array]:
    log_open = _log(rows.values[f"open_interest_{unit}"])
    features = {
        f"oi_change_{hours}h": log_open
        - earlier(rows.time_ms, log_open, hours * HOUR_MS, _SLACK_MS, _TOLERANCE_MS)
        for hours in _HORIZONS_H
    }
    score = trailing_zscore(rows.known_ms // HOUR_MS, log_open, _WINDOW_H, _MINIMUM_READINGS)
    features["oi_zscore_30d"] = np.clip(score, -_SCORE_BOUND, _SCORE_BOUND)
    return features | {name: _log(rows.values[column]) for name, column in _RATIOS.items()}


def interest_features(
    rows: pd.DataFrame, clock_ms: Times, terms: InterestTerms | None = None
) -> pd.DataFrame:
    """Open-interest and positioning columns at each moment of a clock, as a frame; see `interest_columns`."""
    return pd.DataFrame(interest_columns(rows, clock_ms, terms))


def interest_columns(
    rows: pd.DataFrame, clock_ms: Times, terms: InterestTerms | None = None
) -> dict[str, Array]:
    """Open-interest and positioning columns at each moment of a clock.

    Parameters
    ----------
    rows : DataFrame
        Rows of the metrics table as the store returns them, from 30 days before the clock's start.
    clock_ms : ndarray of int64, shape (n_moments,)
        Closes of the base candles, milliseconds since 1970.
    terms : InterestTerms, optional
        Unit of open interest and age limit.

    Returns
    -------
    dict of str to ndarray of shape (n_moments,)
        The columns of `INTEREST_FEATURES`; moment i uses rows with `known_ms` <= clock_ms[i] alone.

    Raises
    ------
    DataError
        If a column is missing, rows are out of order or the clock is not in whole milliseconds.
    """
    terms = terms or InterestTerms()
    table = readings(rows, (f"open_interest_{terms.unit}", *_RATIOS.values()), "metrics")
    last = last_known(clock_ms, table.known_ms)
    features = _row_features(table, terms.unit)
    return {
        name: carry(features[name], last, clock_ms, table.time_ms, terms.max_age_ms)
        for name in INTEREST_NAMES
    }
