"""Watches open equity for the drawdown breaker and says why no trade may be entered.

While equity cannot be worked out nothing is entered either: an account that is not seen is not risked. A
trip is told at once, and the end of the pause too, once each: the memory outlives a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from outrigger.bot import breaker_file
from outrigger.bot.faults import FaultLog
from outrigger.risk import breaker
from outrigger.settings.risk import RiskSettings


class BreakerWatch:
    """The drawdown breaker of one strategy.

    Parameters
    ----------
    config : mapping
        Freqtrade's configuration: where a running bot keeps the breaker's memory.
    faults : FaultLog
        Told where the memory cannot be written.
    tell : callable
        Told in words when it trips, and when entries are allowed again.
    live : bool
        Whether a bot runs.
    """

    def __init__(
        self, config: Mapping[str, Any], faults: FaultLog, tell: Callable[[str], None], *, live: bool
    ) -> None:
        self.state = breaker.BreakerState()
        self.blind = False
        self._faults, self._tell, self._live = faults, tell, live
        self._path = breaker_file.path_in(Path(config["user_data_dir"]), str(config.get("db_url", "")))

    def start(self) -> None:
        """Remember what a running bot knew before it was stopped."""
        if self._live:
            self.state = breaker_file.load(self._path)

    def look(
        self, equity: Callable[[], float], now_ms: int, settings: RiskSettings, *, trading: bool
    ) -> None:
        """Take the present equity into account.

        Parameters
        ----------
        equity : callable
            Works out the equity, quote currency.
        now_ms : int
            Present time in ms.
        settings : RiskSettings
            The breaker's limits.
        trading : bool
            Whether a trade is open; without one a backtest's equity has not moved.
        """
        if not (trading or self._live or self.state.peak is None):
            return
        before, self.state = self.state, breaker.advance(self.state, equity(), now_ms, settings)
        if self._live:
            breaker_file.save_news(self._path, before, self.state, self._faults)
            self._news(before, now_ms)

    def _news(self, before: breaker.BreakerState, now_ms: int) -> None:
        until = before.tripped_until_ms
        if self.state.tripped_until_ms != until:
            told = breaker.explain(self.state, now_ms)
            self._tell(f"drawdown breaker: {told}. Open trades keep their stops")
        elif before.as_of_ms < until <= self.state.as_of_ms:
            self._tell("drawdown breaker: its pause is over, entries are allowed again")

    def refusal(self, now_ms: int) -> str | None:
        """Why no trade may be entered now, in plain words."""
        blind = "the account's equity could not be worked out" if self.blind else None
        return breaker.explain(self.state, now_ms) or blind
