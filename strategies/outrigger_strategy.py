"""Outrigger as Freqtrade sees it.

This class only translates: Freqtrade's arguments in, the answer of a pure function out. What a stop is
stands in `outrigger.stops`, what a position may cost in `outrigger.risk`, when to enter in
`outrigger.signals`; every number comes from the `"outrigger"` block of the configuration.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from freqtrade.constants import Config
from freqtrade.enums import RunMode
from freqtrade.exceptions import OperationalException
from freqtrade.ft_types import AnnotationType
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy, stoploss_from_absolute
from pandas import DataFrame

from outrigger import __version__
from outrigger.bot import breaker_file, frames, parameters, plots, recording, sizing
from outrigger.bot.faults import FaultLog
from outrigger.bot.messages import tell
from outrigger.bot.outlook import Outlook
from outrigger.bot.protections import PROTECTIONS
from outrigger.bot.records import TradeRecords
from outrigger.errors import OutriggerError, SettingsError
from outrigger.market.moment import to_ms
from outrigger.risk import breaker
from outrigger.settings.read import Settings
from outrigger.signals.confidence import confidence_of
from outrigger.signals.indicators import signals
from outrigger.stops.keeper import StopKeeper
from outrigger.stops.law import StopState, is_crossed

logger = logging.getLogger(__name__)

# A stop that Freqtrade holds within this fraction of ours is ours, rounded to the price's tick.
SAME_STOP = 1e-9


class Outrigger(IStrategy):
    """Three-chart entries, volatility-scaled stops, risk-first sizing."""

    INTERFACE_VERSION = 3
    can_short = True
    timeframe = "1m"
    # The forecast's longest window is a week of five-minute candles; Freqtrade loads this many of each chart.
    startup_candle_count = 2016
    process_only_new_candles = True

    # Of margin, so well inside liquidation: stands only between a fill and the stop law's first answer.
    stoploss = -0.3
    use_custom_stoploss = True
    trailing_stop = False
    use_exit_signal = True
    minimal_roi: dict[str, float] = {}  # noqa: RUF012  (Freqtrade's own declaration)

    order_types = {  # noqa: RUF012
        "entry": "market",
        "exit": "market",
        "emergency_exit": "market",
        "force_entry": "market",
        "force_exit": "market",
        "stoploss": "market",
        "stoploss_on_exchange": False,
        "stoploss_on_exchange_interval": 60,
    }
    plot_config = plots.PLOT_CONFIG

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.settings: Settings = parameters.configure(self, config)
        self.keeper = StopKeeper(self.settings.stop.min_step)
        self.faults = FaultLog()
        self.breaker = breaker.BreakerState()
        self._blind = False
        self._live = config.get("runmode") in (RunMode.LIVE, RunMode.DRY_RUN)
        self.outlook = Outlook(self.settings, config, self.faults, partial(tell, self), live=self._live)
        self.records = TradeRecords(self.keeper, self.faults, stored=self._live)
        self.desk = sizing.EntryDesk(self.keeper)
        self._breaker_path = breaker_file.path_in(
            Path(config["user_data_dir"]), str(config.get("db_url", ""))
        )

    def version(self) -> str:
        """Version of Outrigger, shown by Freqtrade."""
        return __version__

    @property
    def protections(self) -> list[dict[str, Any]]:
        """Freqtrade's protections beside Outrigger's breaker."""
        return PROTECTIONS if self.settings.risk.protections else []

    def bot_start(self, **kwargs: Any) -> None:
        """Refuse configurations that would defeat the stop; remember the breaker; start recording."""
        parameters.refuse_contradictions(self)
        if self._live:
            self.breaker = breaker_file.load(self._breaker_path)
            self.outlook.market.recorder = recording.start(self.settings.market, self.config)

    # Candles to signals

    def informative_pairs(self) -> list[tuple[str, ...]]:
        """Ask Freqtrade for the further charts of every pair."""
        pairs = self.dp.current_whitelist()
        charts = frames.informative(pairs, self.settings, self.timeframe)
        return [*dict.fromkeys((*charts, *self.outlook.informative(pairs)))]

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        """Measure the charts; thresholds come later, so that hyperopt does this once."""
        try:
            pair, settings = metadata["pair"], self.settings
            return frames.measure(dataframe, pair, self.timeframe, self.dp, settings, self.outlook)
        except OutriggerError as error:  # Freqtrade prints its own kind without a traceback
            raise OperationalException(str(error)) from error

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        """Vote, mark entries, and lay out the pair's track for the callbacks."""
        dataframe[["enter_long", "enter_short"]] = 0
        try:
            self.settings = settings = parameters.effective(self, self.settings)
        except SettingsError as error:
            if self.config.get("runmode") != RunMode.HYPEROPT:
                raise
            self.faults.record("settings of this epoch", metadata["pair"], error, "the epoch does not trade")
            return dataframe
        decided, effects = self._signals(dataframe), frames.effects_of(dataframe, settings)
        frames.mark_entries(dataframe, decided, effects)
        track = frames.stop_track(dataframe, self.timeframe, settings, effects)
        self.desk.heed(metadata["pair"], effects)
        self.keeper.set_track(metadata["pair"], track)
        if self.config.get("runmode") in frames.SIMULATED:
            return dataframe
        return plots.with_plot_columns(dataframe, decided, track.widths)

    def _signals(self, dataframe: DataFrame) -> DataFrame:
        return signals(dataframe, self.timeframe, self.settings.signals)

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        """Leave exits to the stop."""
        dataframe[["exit_long", "exit_short"]] = 0
        return dataframe

    # Risk

    def bot_loop_start(self, current_time: datetime, **kwargs: Any) -> None:
        """Watch open equity; drop the states of trades that have closed."""
        if not (self._live or self.config.get("runmode") in frames.SIMULATED):
            return  # `plot-dataframe` comes here without a database of trades
        self._blind, before = False, self.breaker
        try:
            trades = Trade.get_trades_proxy(is_open=True)
            if not (trades or self._live or before.peak is None):
                return
            now = to_ms(current_time)
            self.breaker = breaker.advance(before, self._equity(trades, now), now, self.settings.risk)
            if self._live:
                self.records.forget({trade.id for trade in trades})
                breaker_file.save_news(self._breaker_path, before, self.breaker, self.faults)
        except Exception as error:
            self._blind = True
            self.faults.record("bot_loop_start", "all pairs", error, "no entries while equity is unknown")

    def leverage(
        self,
        pair: str,
        current_time: datetime,
        current_rate: float,
        proposed_leverage: float,
        max_leverage: float,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> float:
        """Choose leverage so that the protective stop lies well inside liquidation."""
        try:
            return float(self._leverage(pair, side, entry_tag, to_ms(current_time), max_leverage))
        except Exception as error:
            self.desk.withdraw(pair)
            self.faults.record("leverage", pair, error, "no entry")
            return 1.0

    def custom_stake_amount(
        self,
        pair: str,
        current_time: datetime,
        current_rate: float,
        proposed_stake: float,
        min_stake: float | None,
        max_stake: float,
        leverage: float,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> float:
        """Size from risk; 0 keeps out, with the reason in the log."""
        try:
            now, risk = to_ms(current_time), self.settings.risk
            if not self.desk.knows(pair):  # a forced entry may bring its own leverage
                self._leverage(pair, side, entry_tag, now, leverage)
            trades = Trade.get_trades_proxy(is_open=True)
            account = sizing.account_of(trades, self.keeper, self._equity(trades, now), max_stake, risk)
            stake, refusal = self.desk.stake(pair, account, leverage, min_stake or 0.0, risk)
            blind = "the account's equity could not be worked out" if self._blind else None
            refusal = breaker.explain(self.breaker, now) or blind or refusal
            if refusal:
                logger.log(logging.INFO if self._live else logging.DEBUG, "%s: no entry: %s", pair, refusal)
            return 0.0 if refusal else stake
        except Exception as error:  # Freqtrade would fall back on a stake of its own
            self.faults.record("custom_stake_amount", pair, error, "no entry")
            return 0.0

    def plot_annotations(
        self, pair: str, start_date: datetime, end_date: datetime, dataframe: DataFrame, **kwargs: Any
    ) -> list[AnnotationType]:
        """Draw the stops of the pair's trades, and where they armed, into FreqUI's chart."""
        if not self._live:  # FreqUI without a bot has no database of trades
            return []
        trades, track = Trade.get_trades_proxy(pair=pair), self.keeper.track(pair)
        return plots.of_trades(trades, track, self.settings.stop, to_ms(start_date), to_ms(end_date))

    # The stop

    def custom_stoploss(
        self,
        pair: str,
        trade: Trade,
        current_time: datetime,
        current_rate: float,
        current_profit: float,
        after_fill: bool,
        **kwargs: Any,
    ) -> float | None:
        """Stop of the trade as Freqtrade wants it; None leaves it where it is."""
        try:
            now, policy = to_ms(current_time), self.settings.stop.policy
            fresh = after_fill and trade.nr_of_successful_entries <= 1 and not trade.nr_of_successful_exits
            if fresh:
                state = self.records.opened(trade, policy, self.desk.reasons(pair), now)
                self.desk.withdraw(pair)
            else:
                state = self.records.advanced(trade, policy, now)
            if state is None or not (fresh or self._is_news(trade, state)):
                return None
            if not fresh and self.keeper.crossed(trade.id, pair, now):
                return None
            return self._on_margin(state.stop, current_rate, trade)
        except Exception as error:  # whatever happens, the last good stop stands
            self.faults.record("custom_stoploss", pair, error, "the stop stays where it is")
            return None

    def custom_exit(
        self,
        pair: str,
        trade: Trade,
        current_time: datetime,
        current_rate: float,
        current_profit: float,
        **kwargs: Any,
    ) -> str | None:
        """Leave at once when price has passed a new stop before it could be placed."""
        try:
            state = self.keeper.state(trade.id)
            if state is None or not self._is_news(trade, state):
                return None
            passed = is_crossed(state, current_rate) or self.keeper.crossed(
                trade.id, pair, to_ms(current_time)
            )
            return "stop_crossed" if passed else None
        except Exception as error:
            self.faults.record("custom_exit", pair, error, "the trade keeps its stop")
            return None

    @staticmethod
    def _is_news(trade: Trade, state: StopState) -> bool:
        """Whether Freqtrade's own stop is less favourable than ours."""
        return state.side * (state.stop - float(trade.stop_loss)) > SAME_STOP * state.stop

    @staticmethod
    def _on_margin(stop: float, current_rate: float, trade: Trade) -> float | None:
        """The one place where leverage meets a stop: an absolute price becomes a distance on margin."""
        leverage = trade.leverage or 1.0
        return stoploss_from_absolute(stop, current_rate, is_short=trade.is_short, leverage=leverage) or None

    def _leverage(self, pair: str, side: str, tag: str | None, now: int, limit: float) -> int:
        equity = self._equity(Trade.get_trades_proxy(is_open=True), now)
        confidence = confidence_of(tag, self.settings.signals)
        limits = (limit, self.dp._exchange, self.settings.risk)
        return self.desk.leverage(pair, -1 if side == "short" else 1, confidence, equity, now, *limits)

    def _equity(self, trades: list[Any], now: int) -> float:
        return float(self.wallets.get_total_stake_amount()) + sizing.unrealised(trades, self.keeper, now)


parameters.declare(Outrigger)
