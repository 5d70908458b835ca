"""Outrigger as Freqtrade sees it.

This class only translates: Freqtrade's arguments in, the answer of a pure function out. What a stop is
stands in `outrigger.stops`, what a position may cost in `outrigger.risk`, when to enter in
`outrigger.signals`; every number comes from the `"outrigger"` block of the configuration.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from freqtrade.constants import Config
from freqtrade.enums import RunMode
from freqtrade.ft_types import AnnotationType
from freqtrade.persistence import Order, Trade
from freqtrade.strategy import IStrategy
from pandas import DataFrame

from outrigger import __version__
from outrigger.bot import frames, parameters, plots, recording, sizing
from outrigger.bot.breaker_watch import BreakerWatch
from outrigger.bot.entries import Entries
from outrigger.bot.faults import FaultLog, UnusableCandles
from outrigger.bot.hedge import HedgeDesk
from outrigger.bot.ledger_writer import LedgerWriter
from outrigger.bot.leg_lives import RESIZED
from outrigger.bot.leg_records import is_leg
from outrigger.bot.loop import Loop
from outrigger.bot.messages import Messenger
from outrigger.bot.outlook import Outlook
from outrigger.bot.override_desk import OverrideDesk
from outrigger.bot.protections import PROTECTIONS
from outrigger.bot.records import TradeRecords
from outrigger.bot.stop_desk import StopDesk, is_no_price
from outrigger.errors import OutriggerError, SettingsError
from outrigger.market.moment import to_ms
from outrigger.regime.effects import RegimeEffects
from outrigger.settings.read import Settings
from outrigger.sided import Sided
from outrigger.signals.indicators import signals
from outrigger.stops.keeper import StopKeeper

logger = logging.getLogger(__name__)


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
        self.plot_config = plots.plot_config(self.settings)
        self.keeper = StopKeeper(self.settings.stop.min_step)
        self._live = config.get("runmode") in (RunMode.LIVE, RunMode.DRY_RUN)
        self.messages = Messenger(self, self.settings.messages, config, live=self._live)
        self.faults, urge = FaultLog(self.messages.send), self.messages.urge
        # `plot-dataframe` and its like have no database of trades.
        self._trades = self._live or config.get("runmode") in frames.SIMULATED
        self.outlook = Outlook(self.settings, config, self.faults, urge, live=self._live)
        self.records = TradeRecords(self.keeper, self.faults, stored=self._live)
        self.desk = sizing.EntryDesk(self.keeper)
        ours = (self.keeper, self.records, self.faults)
        timeframe, told = config.get("timeframe", self.timeframe), self.messages.hedge
        self.hedge = HedgeDesk(self.settings, timeframe, *ours, told, live=self._live)
        self.breaker = BreakerWatch(config, self.faults, urge, live=self._live)
        self.overrides = OverrideDesk(config, *ours, self.hedge.legs, urge, live=self._live)
        self.stops = StopDesk(self.keeper, self.records, self.desk, self.hedge.lives, self.overrides)
        asked = (self.desk, self.hedge, self.breaker, self.overrides)
        self.entries = Entries(self.keeper, *asked, live=self._live)
        self.ledger = LedgerWriter(config, self.keeper, self.faults, live=self._live)
        self.loop = Loop(self, live=self._live)

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
        self.adjusts = bool(self.config.get("position_adjustment_enable"))
        placed = bool(self.order_types.get("stoploss_on_exchange"))
        self.stops.second_line = self._live and not self.config["dry_run"] and placed
        if self._trades:
            parameters.refused(self.hedge.require, self)
        self.breaker.start()
        if self._live:
            self.outlook.market.recorder = recording.start(self.settings.market, self.config)

    # Candles to signals

    def informative_pairs(self) -> list[tuple[str, ...]]:
        """Ask Freqtrade for the further charts of every pair."""
        pairs = self.dp.current_whitelist()
        charts = frames.informative(pairs, self.settings, self.timeframe)
        return [*dict.fromkeys((*charts, *self.outlook.informative(pairs), *self.hedge.informative()))]

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        """Measure the charts; thresholds come later, so that hyperopt does this once."""
        try:
            pair, settings = metadata["pair"], self.settings
            frame = frames.measure(dataframe, pair, self.timeframe, self.dp, settings, self.outlook)
            self.hedge.measure(pair, self.dp, frame)
            return frame
        except OutriggerError as error:
            raise UnusableCandles(str(error)) from error

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        """Vote, mark entries, and lay out the pair's track for the callbacks."""
        try:
            self.settings = settings = parameters.effective(self, self.settings)
        except SettingsError as error:
            if self.config.get("runmode") != RunMode.HYPEROPT:
                raise
            self.faults.record("settings of this epoch", metadata["pair"], error, "the epoch does not trade")
            return dataframe.assign(enter_long=0, enter_short=0)
        pair = metadata["pair"]
        self.overrides.impose(dataframe, pair, self.timeframe)
        decided, effects = self._enter(dataframe)
        track = frames.stop_track(dataframe, self.timeframe, settings, effects)
        track = self.overrides.widened(track, pair, settings.stop)
        self.desk.heed(pair, effects)
        self.ledger.heed(pair, dataframe)
        self.keeper.set_track(pair, track)
        self.hedge.mark(dataframe, pair, track, settings, self._enter)
        if self._trades and not self._live:
            return dataframe
        return plots.with_plot_columns(dataframe, decided, track.widths)

    def _enter(self, dataframe: DataFrame) -> tuple[DataFrame, Sided[RegimeEffects] | None]:
        decided, effects = self._signals(dataframe), frames.effects_of(dataframe, self.settings)
        frames.mark_entries(dataframe, decided, effects)
        return decided, effects

    def _signals(self, dataframe: DataFrame) -> DataFrame:
        return signals(dataframe, self.timeframe, self.settings.signals)

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        """Leave exits to the stop."""
        return dataframe.assign(exit_long=0, exit_short=0)

    # Risk

    def bot_loop_start(self, current_time: datetime, **kwargs: Any) -> None:
        """Take legs further, watch open equity, say what there is to say."""
        if self._trades:
            self.loop.start(to_ms(current_time))

    def leverage(
        self,
        pair: str,
        current_time: datetime,
        max_leverage: float,
        entry_tag: str | None,
        side: str,
        **_: Any,
    ) -> float:
        """Choose leverage so that the protective stop lies well inside liquidation."""
        try:
            now = to_ms(current_time)
            return self.entries.leverage(self, pair, side, entry_tag, now, max_leverage)
        except Exception as error:
            self.desk.withdraw(pair)
            self.faults.record("leverage", pair, error, "no entry")
            return 1.0

    def custom_stake_amount(
        self,
        pair: str,
        current_time: datetime,
        min_stake: float | None,
        max_stake: float,
        leverage: float,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> float:
        """Size from risk; 0 keeps out, with the reason in the log."""
        try:
            asked = (pair, side, entry_tag, to_ms(current_time))
            return self.entries.stake(self, *asked, leverage, min_stake or 0.0, max_stake)
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
        self, pair: str, trade: Trade, current_time: datetime, current_rate: float, after_fill: bool, **_: Any
    ) -> float | None:
        """Stop of the trade as Freqtrade wants it; None leaves it where it is."""
        try:
            now, policy = to_ms(current_time), self.settings.stop.policy
            return self.stops.stop(trade, now, current_rate, policy, filled=after_fill)
        except Exception as error:  # whatever happens, the last good stop stands
            self.faults.record("custom_stoploss", pair, error, "the stop stays where it is")
            return None

    def custom_exit(
        self, pair: str, trade: Trade, current_time: datetime, current_rate: float, **kwargs: Any
    ) -> str | None:
        """Leave where price passed a stop before it stood, a leg's life is over, or the trader says so."""
        try:
            return self.stops.exit_reason(trade, to_ms(current_time), current_rate)
        except Exception as error:
            self.faults.record("custom_exit", pair, error, "the trade keeps its stop")
            return None

    def confirm_trade_exit(
        self, pair: str, trade: Trade, rate: float, exit_reason: str, current_time: datetime, **kwargs: Any
    ) -> bool:
        """Take down when an exit was decided; in its way only where the price is none."""
        if is_no_price(rate, exit_reason):
            told = f"{pair}: no exit ({exit_reason}) at {rate:g}, which is no price: it waits for one"
            self.messages.tell(told, f"no price {pair}", urgent=True)
            return False
        self.ledger.decided(trade, exit_reason, rate, current_time)
        return True

    # The hedge

    def confirm_trade_entry(
        self, pair: str, order_type: str, amount: float, rate: float, entry_tag: str | None, **kwargs: Any
    ) -> bool:
        """Refuse a leg that has become larger than what was decided."""
        return not is_leg(entry_tag) or self.hedge.entries.confirmed(pair, amount * rate)

    def adjust_trade_position(
        self, trade: Trade, current_time: datetime, min_stake: float | None, max_stake: float, **kwargs: Any
    ) -> tuple[float | None, str]:
        """Resize a leg; Freqtrade asks only in candles in which one is due."""
        try:
            now = to_ms(current_time)
            return self.hedge.lives.resize(trade, min_stake or 0.0, max_stake, now), RESIZED
        except Exception as error:
            self.faults.record("adjust_trade_position", trade.pair, error, "the leg keeps its size")
            return None, ""

    def order_filled(
        self, pair: str, trade: Trade, order: Order, current_time: datetime, **kwargs: Any
    ) -> None:
        """Begin, go on with or end a leg's record; write an exit down."""
        try:
            self.hedge.filled(trade, order, current_time)
        except Exception as error:
            self.faults.record("order_filled", pair, error, "the leg is taken up again from its tag")
        self.ledger.filled(trade, order)


parameters.declare(Outrigger)
