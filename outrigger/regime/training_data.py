"""From data directories to rows that a classifier can learn from or be judged on.

One row a closed 5m candle and pair: features as of its close, the regime that followed, and what the
baselines look at. Reads what Freqtrade downloads (5m, 15m and 4h candles, funding) and, where one is given,
Outrigger's own store of book and open interest. Several directories are laid over one another, the first one
on top, so they should be of one exchange. Weak: all is held in memory, 0.2 MB of features a pair and day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.errors import DataError
from outrigger.market.alignment import open_times_ms
from outrigger.market.candles import candle_path, mend, read_candles
from outrigger.market.features.inputs import InputTerms
from outrigger.market.store.store import MarketStore
from outrigger.regime.bundle.baselines import last_complete, log_volatility
from outrigger.regime.bundle.card import BAR_MS
from outrigger.regime.features import CHARTS, REFERENCE_PAIR, SECOND_REFERENCE_PAIR, regime_features
from outrigger.regime.labels import LabelRules, regime_labels
from outrigger.regime.training_inputs import pair_inputs
from outrigger.volatility.windows import Array

BASE = "5m"
Charts = dict[str, pd.DataFrame]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Market:
    """Where candles and inputs are.

    Parameters
    ----------
    datadirs : tuple of Path
        Freqtrade data directories; where two have the same candle, the first one counts.
    pairs : tuple of str
        Pairs wanted; empty for all that have 5m candles.
    store : Path, optional
        Outrigger's market store.
    exchange : str
        Exchange, as the store names it.
    terms : InputTerms, optional
        Age limits and units of the store's readings; the defaults unless given.
    """

    datadirs: tuple[Path, ...]
    pairs: tuple[str, ...] = ()
    store: Path | None = None
    exchange: str = "binance"
    terms: InputTerms | None = None

    def wanted(self) -> tuple[str, ...]:
        """The pairs named, or all that there are; raises DataError where there is none."""
        return self.pairs or pairs_in(self.datadirs)

    def open_store(self) -> MarketStore | None:
        """The store, to read from; None where there is none."""
        return None if self.store is None else MarketStore(self.store, self.exchange)


@dataclass(frozen=True, slots=True, eq=False)
class RegimeRows:
    """One pair, a row a closed 5m candle.

    Parameters
    ----------
    pair : str
        The pair.
    closed_ms : ndarray of int64, shape (n_rows,)
        Closes, increasing.
    features : DataFrame of shape (n_rows, n_features)
        From `regime_features`.
    labels : ndarray of int8, shape (n_rows,)
        Regime that followed; −1 where it is not known.
    volatility : ndarray of shape (n_rows, 2)
        What the volatility baseline looks at.
    last : ndarray of int8, shape (n_rows,)
        Newest regime that was complete at each close; −1 where it is not known.
    """

    pair: str
    closed_ms: npt.NDArray[np.int64]
    features: pd.DataFrame
    labels: npt.NDArray[np.int8]
    volatility: Array
    last: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.closed_ms)

    def at(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> RegimeRows:
        """Choose rows by a mask or by position."""
        return RegimeRows(
            self.pair,
            self.closed_ms[rows],
            self.features.iloc[np.flatnonzero(rows) if rows.dtype == np.bool_ else rows],
            self.labels[rows],
            self.volatility[rows],
            self.last[rows],
        )


def read_rows(market: Market, rules: LabelRules, progress: Progress | None = None) -> list[RegimeRows]:
    """Read a market and work out features and labels.

    Parameters
    ----------
    market : Market
        Where the data is.
    rules : LabelRules
        What the regimes are.
    progress : callable, optional
        Called with (pair, done, total) after each pair.

    Returns
    -------
    list of RegimeRows
        In the order of the pairs.

    Raises
    ------
    DataError
        If there is no pair, or one lacks a chart; the message says what to download.
    """
    pairs = market.wanted()
    _refuse_missing(market.datadirs, pairs)
    references = _references(market.datadirs)
    store = market.open_store()
    found = []
    for done, pair in enumerate(pairs, 1):
        charts = read_charts(market.datadirs, pair)
        inputs = pair_inputs(market.datadirs, pair, charts[BASE], store, market.terms)
        found.append(pair_rows(pair, charts, references, rules, inputs))
        if progress is not None:
            progress(pair, done, len(pairs))
    return found


def between(rows: Sequence[RegimeRows], start_ms: int | None, end_ms: int | None) -> list[RegimeRows]:
    """Keep the candles that closed from one moment to another, both included.

    Parameters
    ----------
    rows : sequence of RegimeRows
        One for each pair.
    start_ms, end_ms : int or None
        Moments in milliseconds since 1970; None for no bound.

    Returns
    -------
    list of RegimeRows
        Pairs without a candle left are gone.
    """
    kept = []
    for one in rows:
        inside = np.ones(len(one), dtype=np.bool_)
        if start_ms is not None:
            inside &= one.closed_ms >= start_ms
        if end_ms is not None:
            inside &= one.closed_ms <= end_ms
        if inside.any():
            kept.append(one if inside.all() else one.at(inside))
    return kept


def pair_rows(
    pair: str,
    charts: Charts,
    references: Mapping[str, Charts],
    rules: LabelRules,
    inputs: pd.DataFrame | None = None,
) -> RegimeRows:
    """Work out one pair's rows.

    Parameters
    ----------
    pair : str
        The pair.
    charts : dict of str to DataFrame
        Its candles by timeframe.
    references : mapping of str to dict of str to DataFrame
        The reference pairs' candles; either may be absent.
    rules : LabelRules
        What the regimes are.
    inputs : DataFrame, optional
        Book, funding and open-interest columns, a row a closed 5m candle.

    Returns
    -------
    RegimeRows
    """
    candles = charts[BASE]
    closed_ms = open_times_ms(candles["date"], f"{pair} {BASE}") + BAR_MS
    labels = regime_labels(candles, rules)
    return RegimeRows(
        pair=pair,
        closed_ms=closed_ms,
        # Ratios and percentiles need no sixteen digits, and there are a hundred and seventy of them.
        features=regime_features(charts, references, inputs, pair=pair).astype(np.float32),
        labels=labels,
        volatility=log_volatility(candles),
        last=last_complete(labels, closed_ms, rules.horizon_bars * BAR_MS),
    )


def pairs_in(datadirs: Sequence[Path]) -> tuple[str, ...]:
    """Pairs with 5m futures candles in any of some data directories, sorted.

    Parameters
    ----------
    datadirs : sequence of Path
        Freqtrade data directories.

    Returns
    -------
    tuple of str

    Raises
    ------
    DataError
        If a directory is none, or there are no 5m candles at all.
    """
    suffix = f"-{BASE}-futures.feather"
    for datadir in datadirs:
        if not datadir.is_dir():
            raise DataError(f"{datadir} is not a directory: name the one that holds futures/")
    stems = {
        path.name.removesuffix(suffix) for one in datadirs for path in (one / "futures").glob(f"*{suffix}")
    }
    if stems:
        return tuple(sorted(f"{stem.split('_')[0]}/{':'.join(stem.split('_')[1:])}" for stem in stems))
    others = sorted(
        {path.name.split("-")[1] for one in datadirs for path in (one / "futures").glob("*-futures.feather")}
    )
    has = f"only {', '.join(others)} candles" if others else "no futures candles"
    named = ", ".join(map(str, datadirs))
    raise DataError(
        f"{named} holds {has}; the classifier looks at {', '.join(CHARTS)}: run `freqtrade download-data "
        f"--trading-mode futures --datadir {datadirs[0]} --timeframes {' '.join(CHARTS)} --pairs …`"
    )


def read_charts(datadirs: Sequence[Path], pair: str) -> Charts:
    """Read a pair's charts, mended and laid over one another.

    Parameters
    ----------
    datadirs : sequence of Path
        Freqtrade data directories; each timeframe has to be in at least one of them.
    pair : str
        The pair.

    Returns
    -------
    dict of str to DataFrame
        Candles by timeframe, one row a date.
    """
    charts = {}
    for timeframe in CHARTS:
        having = [one for one in datadirs if candle_path(one, pair, timeframe).is_file()]
        frames = [mend(read_candles(one, pair, timeframe)) for one in having]
        whole = pd.concat(frames[::-1], ignore_index=True) if len(frames) > 1 else frames[0]
        # The last of two candles is kept, and the first directory was put last.
        charts[timeframe] = whole.drop_duplicates("date", keep="last").sort_values("date", ignore_index=True)
    return charts


def _references(datadirs: Sequence[Path]) -> dict[str, Charts]:
    """Charts of the reference pairs that are there."""
    leaders = (REFERENCE_PAIR, SECOND_REFERENCE_PAIR)
    return {pair: read_charts(datadirs, pair) for pair in leaders if not _missing(datadirs, pair)}


def _missing(datadirs: Sequence[Path], pair: str) -> list[str]:
    """Charts of a pair that are in none of some data directories."""
    return [chart for chart in CHARTS if not any(candle_path(one, pair, chart).is_file() for one in datadirs)]


def _refuse_missing(datadirs: Sequence[Path], pairs: Sequence[str]) -> None:
    """One message for all that is missing, because one download brings it."""
    missing = {(pair, timeframe) for pair in pairs for timeframe in _missing(datadirs, pair)}
    if missing:
        lacking = sorted({pair for pair, _ in missing})
        frames = [timeframe for timeframe in CHARTS if any(tf == timeframe for _, tf in missing)]
        raise DataError(
            f"{', '.join(map(str, datadirs))}: {', '.join(frames)} candles are missing for "
            f"{', '.join(lacking)}; run `freqtrade download-data --trading-mode futures "
            f"--datadir {datadirs[0]} --timeframes {' '.join(frames)} --pairs {' '.join(lacking)}`"
        )
