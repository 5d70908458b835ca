"""Brings what is known of a pair beside its prices to the strategy: files in a backtest, live as it comes.

A backtest reads the market store and Freqtrade's files and asks no network. A running bot takes in what its
own recorder, or another process, has added since the last candle. A store that cannot be read stops a
backtest, whose result would be another; a running bot goes on without it, and says so once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from freqtrade.data.dataprovider import DataProvider
from freqtrade.data.history import load_pair_history
from freqtrade.enums import CandleType

from outrigger.bot.faults import FaultLog
from outrigger.bot.recording import store_in
from outrigger.errors import OutriggerError
from outrigger.market.features.inputs import CHART, INPUT_NAMES, InputTerms, PairRows, market_inputs
from outrigger.market.features.interest import interest_rows
from outrigger.market.features.level_columns import close_times
from outrigger.market.features.live_inputs import LiveInputs
from outrigger.market.pair_rows import FUNDING_CHART, stored_rows, with_candles
from outrigger.market.recorder.buffer import frame_of
from outrigger.market.recorder.thread import RecorderThread
from outrigger.market.store.schema import Kind
from outrigger.market.store.store import MarketStore
from outrigger.settings.market import MarketSettings

_FORCED = ("liquidation_", "fragility_")


class MarketData:
    """Inputs of every pair of one strategy.

    Parameters
    ----------
    settings : MarketSettings
        Whose recordings are read, and how old a reading may be.
    config : mapping
        Freqtrade's configuration: exchange, working directory, data directory.
    faults : FaultLog
        Told of what cannot be read while a bot runs.
    wanted : sequence of str
        Inputs that are made use of; with none, nothing is read.
    live : bool
        Whether a bot runs; otherwise files are read.
    """

    def __init__(
        self,
        settings: MarketSettings,
        config: Mapping[str, Any],
        faults: FaultLog,
        wanted: Sequence[str],
        *,
        live: bool,
    ) -> None:
        self._wanted = frozenset(wanted)
        self.recorder: RecorderThread | None = None
        self._terms = InputTerms.of(settings)
        self._config = config
        self._faults = faults
        self._live = live
        self._exchange = settings.source or str(config["exchange"]["name"])
        self._root = store_in(Path(config["user_data_dir"]))
        self._pairs: dict[str, LiveInputs] = {}

    def want(self, names: Iterable[str]) -> None:
        """Make use of other inputs from now on: a classifier that is taken up may read more than the last."""
        wanted = frozenset(names)
        if wanted != self._wanted:
            self._wanted = wanted
            self._pairs.clear()

    @property
    def reads(self) -> bool:
        """Whether there is anything to read."""
        return bool(self._wanted)

    @property
    def _levels(self) -> bool:
        return any(name.startswith(_FORCED) for name in self._wanted)

    @property
    def _reads_interest(self) -> bool:
        return any(name.startswith(("oi_", *_FORCED)) for name in self._wanted)

    def informative(self, pairs: Iterable[str]) -> list[tuple[str, str, str]]:
        """Candles that are no prices, for Freqtrade's `informative_pairs`; a backtest reads files instead."""
        if not (self._live and self.reads):
            return []
        kinds = [(FUNDING_CHART, CandleType.FUNDING_RATE.value)]
        if self._reads_interest:
            kinds.append((CHART, CandleType.OPEN_INTEREST.value))
        return [(pair, timeframe, kind) for pair in pairs for timeframe, kind in kinds]

    def inputs(self, pair: str, candles: pd.DataFrame, provider: DataProvider) -> pd.DataFrame:
        """Inputs at the close of each five-minute candle.

        Parameters
        ----------
        pair : str
            The pair.
        candles : DataFrame
            Its closed 5m candles.
        provider : DataProvider
            Freqtrade's.

        Returns
        -------
        DataFrame of float64, shape (n_candles, n_inputs)
            The columns of `INPUTS`, NaN where nothing is known.

        Raises
        ------
        OutriggerError
            If the store or a file cannot be read in a backtest.
        """
        if not self._live:
            return self._from_files(pair, candles)
        try:
            state = self._pairs.get(pair)
            if state is None:
                state = self._pairs[pair] = LiveInputs(self._terms, levels=self._levels)
            return state.update(candles, self._reader(pair, provider, state))
        except (OutriggerError, OSError) as error:
            self._pairs.pop(pair, None)
            self._faults.record("market data", pair, error, "the stop runs on candles alone")
            return pd.DataFrame(np.nan, index=candles.index, columns=list(INPUT_NAMES))

    def _from_files(self, pair: str, candles: pd.DataFrame) -> pd.DataFrame:
        closed = close_times(candles, CHART)
        rows = stored_rows(MarketStore(self._root, self._exchange), pair, int(closed[0]), int(closed[-1]))
        funding = self._history(pair, FUNDING_CHART, CandleType.FUNDING_RATE)
        interest = self._history(pair, CHART, CandleType.OPEN_INTEREST) if rows.metrics.empty else None
        rows = with_candles(rows, pair, funding, _interest(interest, pair))
        return market_inputs(candles, rows, self._terms, levels=self._levels)

    def _history(self, pair: str, timeframe: str, kind: CandleType) -> pd.DataFrame | None:
        """Read a whole file: Freqtrade's provider cuts it to the start-up candles; norms look beyond."""
        form = self._config.get("dataformat_ohlcv", "feather")
        found = load_pair_history(
            pair,
            timeframe,
            Path(self._config["datadir"]),
            fill_up_missing=False,
            data_format=form,
            candle_type=kind,
        )
        return None if found.empty else found

    def _reader(self, pair: str, provider: DataProvider, state: LiveInputs) -> Any:
        """Readings that became known in a stretch of time, as `LiveInputs` asks for them."""

        def rows(first_ms: int, last_ms: int) -> PairRows:
            store = MarketStore(self._root, self._exchange)
            found = stored_rows(store, pair, first_ms, last_ms, history=not state.begun)
            found = PairRows(
                *(
                    self._with_unwritten(pair, kind, table, first_ms, last_ms)
                    for kind, table in ((Kind.BOOK, found.book), (Kind.METRICS, found.metrics))
                )
            )
            funding = provider.get_pair_dataframe(pair, FUNDING_CHART, candle_type=CandleType.FUNDING_RATE)
            interest = None
            if self._reads_interest and found.metrics.empty:
                candles = provider.get_pair_dataframe(pair, CHART, candle_type=CandleType.OPEN_INTEREST)
                interest = _interest(candles, pair)
            if interest is not None and state.begun:
                interest = interest[interest["known_ms"].between(first_ms, last_ms)]
            return with_candles(found, pair, funding, interest)

        return rows

    def _with_unwritten(
        self, pair: str, kind: Kind, stored: pd.DataFrame, first_ms: int, last_ms: int
    ) -> pd.DataFrame:
        """Add rows that the bot's own recorder has received and not yet written."""
        recent = self.recorder.recent(pair, kind, first_ms) if self.recorder else []
        fresh = [row for row in recent if row["known_ms"] <= last_ms]
        if not fresh:
            return stored
        added = frame_of(kind, fresh)[list(stored.columns)]
        both = pd.concat([stored, added], ignore_index=True) if len(stored) else added
        both = both.drop_duplicates(["time_ms", "known_ms"])
        return both.sort_values(["known_ms", "time_ms"], ignore_index=True)


def _interest(candles: pd.DataFrame | None, pair: str) -> pd.DataFrame | None:
    return None if candles is None or candles.empty else interest_rows(candles, CHART, pair)
