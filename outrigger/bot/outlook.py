"""What is known of a pair beside its base candles, as columns: funding, book, interest, and the regimes.

One place asks for all of it, so that a reading is made once and serves both the stop and the classifier, and
nothing is read that is switched off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from freqtrade.data.dataprovider import DataProvider

from outrigger.bot.faults import FaultLog
from outrigger.bot.market_data import MarketData
from outrigger.bot.regimes import Regimes, as_columns
from outrigger.market.features.inputs import CHART
from outrigger.market.moment import to_ms
from outrigger.market.timeframe import timeframe_ms
from outrigger.regime.effects import smoothed
from outrigger.settings.read import Settings
from outrigger.stops.measured import inputs_wanted, on_base
from outrigger.stops.pressure import Floats


class Outlook:
    """Market data and regimes of every pair of one strategy.

    Parameters
    ----------
    settings : Settings
        What is switched on.
    config : mapping
        Freqtrade's configuration.
    faults : FaultLog
        Told of what fails while a bot runs.
    tell : callable
        Told in words what a trader has to know.
    live : bool
        Whether a bot runs.
    """

    def __init__(
        self,
        settings: Settings,
        config: Mapping[str, Any],
        faults: FaultLog,
        tell: Callable[[str], None],
        *,
        live: bool,
    ) -> None:
        self.settings = settings
        self.regimes = Regimes(settings.regime, Path(config["user_data_dir"]), faults, tell, live=live)
        self.market = MarketData(settings.market, config, faults, self._wanted(0), live=live)

    def informative(self, pairs: Iterable[str]) -> list[tuple[str, ...]]:
        """Candles that Freqtrade has to bring along."""
        named = list(pairs)
        return [*self.regimes.informative(named), *self.market.informative(named)]

    def columns(
        self, frames: Mapping[str, pd.DataFrame], pair: str, base: str, provider: DataProvider
    ) -> dict[str, Floats]:
        """Everything that is switched on, as known at each base candle's close.

        Parameters
        ----------
        frames : mapping of str to DataFrame
            Closed candles: the base and the five-minute chart.
        pair : str
            The pair.
        base : str
            The strategy's timeframe.
        provider : DataProvider
            Freqtrade's.

        Returns
        -------
        dict of str to ndarray of shape (n_candles,)
            Empty where everything is off.

        Raises
        ------
        OutriggerError
            If something cannot be read in a backtest.
        """
        dates = frames[CHART]["date"]
        self.market.want(self._wanted(to_ms(dates.iloc[-1]) + timeframe_ms(CHART) if len(dates) else 0))
        known: dict[str, Floats] = {}
        inputs = self.market.inputs(pair, frames[CHART], provider) if self.market.reads else None
        if inputs is not None:
            known |= {name: inputs[name].to_numpy() for name in inputs_wanted(self.settings)}
        if self.settings.regime.enabled:
            told = self.regimes.probabilities(pair, provider, inputs, frames)
            known |= as_columns(smoothed(told, self.settings.regime.smoothing_minutes))
        return on_base(known, frames, base, pair)

    def _wanted(self, now_ms: int) -> tuple[str, ...]:
        """Inputs that the stop and the classifier of a moment make use of."""
        return (*inputs_wanted(self.settings), *self.regimes.inputs(now_ms))
