"""All that is known of a pair beside its prices, as columns on the clock of its own candles.

The one way from stored snapshots, funding candles and open interest to what stops, models and commands read:
backtest, dry run and live come through here, so they cannot disagree. The clock is that of the five-minute
candles whatever the base timeframe, because liquidation levels are built from them.
Row i uses candles up to i and readings known at its close.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Self

import pandas as pd

from outrigger.market.features import fragility, level_columns
from outrigger.market.features.asof import Times
from outrigger.market.features.book import BookTerms, book_features
from outrigger.market.features.funding import funding_features, metrics_funding
from outrigger.market.features.interest import InterestTerms, interest_features
from outrigger.market.features.liquidation_levels import LevelModel
from outrigger.market.features.registry import FEATURES
from outrigger.market.features.spec import FeatureSpec
from outrigger.market.store.rows import no_rows
from outrigger.market.store.schema import SCHEMAS, Kind
from outrigger.settings.market import MarketSettings

CHART: Final = "5m"
DAY_MS: Final = 86_400_000
# What the slowest norms look back on: a fortnight of book, a month of open interest, ninety days of funding.
HISTORY_MS: Final = {Kind.BOOK: 15 * DAY_MS, Kind.METRICS: 91 * DAY_MS}
INPUTS: Final[tuple[FeatureSpec, ...]] = (*FEATURES, *level_columns.SPECS, *fragility.SPECS)
INPUT_NAMES: Final = tuple(spec.name for spec in INPUTS)


@dataclass(frozen=True, slots=True)
class PairRows:
    """Readings of one pair, each ordered by `known_ms`.

    Parameters
    ----------
    book, metrics : DataFrame
        Rows of the store's tables, from `HISTORY_MS` before the clock.
    funding : DataFrame or None
        `funding_rows` of Freqtrade's funding candles; None takes the funding that metrics hold.
    """

    book: pd.DataFrame = field(default_factory=lambda: no_rows(SCHEMAS[Kind.BOOK].columns))
    metrics: pd.DataFrame = field(default_factory=lambda: no_rows(SCHEMAS[Kind.METRICS].columns))
    funding: pd.DataFrame | None = None

    @property
    def charged(self) -> pd.DataFrame:
        """Rows that funding is read from."""
        return metrics_funding(self.metrics) if self.funding is None else self.funding


@dataclass(frozen=True, slots=True)
class InputTerms:
    """How inputs are made.

    Parameters
    ----------
    book : BookTerms
        Age limit and norm of the book.
    interest : InterestTerms
        Unit and age limit of open interest.
    model : LevelModel
        Assumptions behind liquidation levels.
    """

    book: BookTerms = field(default_factory=BookTerms)
    interest: InterestTerms = field(default_factory=InterestTerms)
    model: LevelModel = field(default_factory=LevelModel)

    @classmethod
    def of(cls, settings: MarketSettings) -> Self:
        """Take the configured age limits."""
        book = BookTerms(max_age_ms=settings.book_max_age * 1000)
        return cls(book, InterestTerms(settings.interest_unit, settings.interest_max_age * 1000))


def pair_features(clock_ms: Times, rows: PairRows, terms: InputTerms | None = None) -> pd.DataFrame:
    """Book, funding and open-interest columns at each moment of any clock.

    Parameters
    ----------
    clock_ms : ndarray of int64, shape (n_moments,)
        Closes of candles, milliseconds since 1970.
    rows : PairRows
        Readings.
    terms : InputTerms, optional
        Age limits.

    Returns
    -------
    DataFrame of float64, shape (n_moments, 25)
        The columns of `outrigger.market.features.registry.FEATURES`.

    Raises
    ------
    DataError
        If rows lack a column or are out of order.
    """
    terms = terms or InputTerms()
    return pd.concat(
        [
            book_features(rows.book, clock_ms, terms.book),
            funding_features(rows.charged, clock_ms),
            interest_features(rows.metrics, clock_ms, terms.interest),
        ],
        axis=1,
    )


def market_inputs(
    candles: pd.DataFrame, rows: PairRows, terms: InputTerms | None = None, *, levels: bool = True
) -> pd.DataFrame:
    """Every input of a pair at the close of each of its five-minute candles.

    Parameters
    ----------
    candles : DataFrame of shape (n_candles, ...)
        Closed 5m candles: `date` (opens), `high, low, close, volume`.
    rows : PairRows
        Readings.
    terms : InputTerms, optional
        Age limits and assumptions.
    levels : bool
        Whether liquidation levels and fragility are wanted; they cost more than the rest together and are NaN
        without.

    Returns
    -------
    DataFrame of float64, shape (n_candles, n_inputs)
        The columns of `INPUTS`, with the candles' index.

    Raises
    ------
    DataError
        If columns are missing, dates do not increase or rows are out of order.
    """
    terms = terms or InputTerms()
    closed = level_columns.close_times(candles, CHART)
    known = pair_features(closed, rows, terms).set_axis(candles.index, axis=0)
    if not levels:
        return known.reindex(columns=list(INPUT_NAMES))
    age = terms.interest.max_age_ms
    forced = level_columns.level_columns(candles, CHART, rows.metrics, terms.model, metrics_age_ms=age)
    fragile = fragility.fragility(forced, closed, rows.book, depth_age_ms=terms.book.max_age_ms)
    return pd.concat([known, forced, fragile], axis=1)
