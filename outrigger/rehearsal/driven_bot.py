"""Freqtrade's live engine, driven through recorded days faster than they passed.

It is Freqtrade's own main loop with its own throttling; only its sleeps are replaced: they move the clock of
this process instead of waiting. The replay exchange shares that clock, so every loop sees exactly what had
been published by then. Dry unless it is given keys of an account on the replay exchange, and never anything
else than that exchange. Assumes that a loop takes no time, which no real loop does. Weak: prices between
closed candles follow the replay exchange's path through the candle, which was not recorded.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any
from unittest import mock

import ccxt
import pandas as pd
import time_machine
from freqtrade.configuration import Configuration
from freqtrade.enums import RunMode, State
from freqtrade.misc import deep_merge_dicts
from freqtrade.persistence.usedb_context import enable_database_use
from freqtrade.worker import Worker

from outrigger.errors import ReplayError
from outrigger.rehearsal.clean_candles import cleaning_once
from outrigger.rehearsal.loop_times import LoopTimes, Run
from outrigger.rehearsal.loopback_only import refuse_strangers
from outrigger.rehearsal.process_end import let_go_of_dead_bots
from outrigger.replay.exchange import ReplayServer, open_market
from outrigger.replay.faults import FaultPlan
from outrigger.replay.mirror import mirror
from outrigger.replay.overlay import exchange_overlay, trade_overlay
from outrigger.replay.signed_account import Account
from outrigger.replay.signed_request import Keys
from outrigger.replay.venues import venue_named

logger = logging.getLogger(__name__)

# Freqtrade waits for the candle to be published; so does its replay.
AFTER_CLOSE = timedelta(seconds=1)
Look = Callable[[Any, datetime], bool | None]
Meanwhile = Callable[[], None]


# What a supervisor would wait before it starts a bot again that has stopped itself.
RESTART_AFTER = timedelta(minutes=1)


class _EndOfDays(Exception):
    """The last recorded moment has been reached, or the watcher has seen enough."""


class _Stopped(Exception):
    """Freqtrade has stopped itself, as it does on errors that it does not expect."""


class _DrivenWorker(Worker):  # type: ignore[misc]  # Freqtrade ships no types
    """Freqtrade's main loop, whose sleeps move the clock."""

    def __init__(
        self,
        config: dict[str, Any],
        pass_time: Callable[[float], None],
        until: datetime,
        look: Look | None,
        spent: LoopTimes,
    ) -> None:
        self._pass_time, self._until, self._look, self._spent = pass_time, until, look, spent
        self._minute = -1
        super().__init__({}, config)

    def _process_running(self) -> None:
        began = _cpu_ns()
        super()._process_running()
        minute = int(time.time() // 60)
        self._spent.add(first_of_minute=minute != self._minute, seconds=(_cpu_ns() - began) / 1e9)
        self._minute = minute
        if self._look is not None and self._look(self.freqtrade, datetime.now(UTC)):
            raise _EndOfDays

    def _sleep(self, sleep_duration: float) -> None:
        self._pass_time(sleep_duration)
        if datetime.now(UTC) >= self._until:
            raise _EndOfDays
        if self.freqtrade.state == State.STOPPED:
            raise _Stopped


@contextmanager
def _without_waiting(*, plain_names: bool) -> Iterator[None]:
    """Let Freqtrade's pauses after failed requests last no real time: the clock says when it looks again."""
    no_backoff = mock.patch("freqtrade.exchange.common.calculate_backoff", return_value=0)
    # One retry of candles instead of four: a request that nobody answers costs real time each time.
    few_retries = mock.patch("freqtrade.exchange.common.API_RETRY_COUNT", 1)
    # Names of columns as plain objects are a quarter of a loop's time less; no number depends on it.
    names = pd.option_context("future.infer_string", not plain_names)
    no_waiting = mock.patch("freqtrade.worker.RETRY_TIMEOUT", 0)
    with no_backoff, few_retries, no_waiting, names, cleaning_once():
        yield


def _mirrored(datadir: Path, target: Path) -> Path:
    """Mirror the data afresh: what an earlier run kept must not come up again."""
    shutil.rmtree(target, ignore_errors=True)
    return mirror(datadir, target)


def _cpu_ns() -> int:
    # The wall clock belongs to the replay; the processor's does not.
    return time.process_time_ns()


def _trading(keys: Keys) -> dict[str, Any]:
    """Configuration of a bot that sends its orders."""
    client = {
        # Coins of the spot market are no business of futures.
        "options": {"fetchCurrencies": False},
        # ccxt tells what a refusal of futures means by the host's name, which is another one here.
        "exceptions": ccxt.binance().exceptions["linear"],
    }
    return {"dry_run": False, "exchange": {"key": keys.key, "secret": keys.secret, "ccxt_config": client}}


class DrivenBot(AbstractContextManager["DrivenBot"]):
    """A bot on recorded days.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory that feeds the exchange.
    config_files : list of Path
        Freqtrade configurations, merged in order.
    userdir : Path
        Where the bot's database and files go; created.
    start, until : datetime
        Recorded time of the first loop, and when to stop (UTC).
    every_seconds : int
        Seconds between two loops, as `internals.process_throttle_secs`.
    overlay : mapping, optional
        Further configuration.
    faults : sequence of FaultPlan
        What goes wrong on the exchange, and when.
    keys : Keys, optional
        Of an account on the replay exchange with `dry_run_wallet` in it: the bot then trades there, not dry.
    meanwhile : callable, optional
        Called whenever time has passed without a loop: what happens on this machine. An error of its own ends
        the bot.
    resume : bool
        Whether trades of an earlier run in this directory are taken up again.

    Attributes
    ----------
    account : Account
        That account; nobody can reach it without keys.
    market : ReplayMarket
        What the exchange serves.

    Raises
    ------
    DataError
        If the directory cannot be served.
    ReplayError
        If the replay cannot speak for the configured exchange, or the configuration leads elsewhere.
    """

    def __init__(
        self,
        datadir: Path,
        config_files: list[Path],
        userdir: Path,
        start: datetime,
        until: datetime,
        *,
        every_seconds: int = 20,
        overlay: Mapping[str, Any] | None = None,
        faults: Sequence[FaultPlan] = (),
        keys: Keys | None = None,
        meanwhile: Meanwhile | None = None,
        resume: bool = False,
    ) -> None:
        userdir.mkdir(parents=True, exist_ok=True)
        self._until, self.database, self._meanwhile = until, userdir / "driven.sqlite", meanwhile
        if not resume:
            self.database.unlink(missing_ok=True)
        self._travel = time_machine.travel(start + AFTER_CLOSE, tick=False)
        arguments = {
            "config": [str(file) for file in config_files],
            "user_data_dir": str(userdir),
            "datadir": str(datadir),
        }
        mode = RunMode.DRY_RUN if keys is None else RunMode.LIVE
        self.config: dict[str, Any] = dict(Configuration(arguments, mode).get_config())
        venue = venue_named(self.config["exchange"]["name"])
        if venue.keeps_tiers:
            self.config["datadir"] = _mirrored(datadir, userdir / "mirror")
        self.market = market = open_market(datadir, replay=False)
        self.account = Account(market, Decimal(str(self.config["dry_run_wallet"])))
        self._server = ReplayServer(market, venue=venue, faults=faults, account=self.account, keys=keys)
        pace = {"internals": {"process_throttle_secs": every_seconds, "heartbeat_interval": 0}}
        dry = trade_overlay(self.config, f"sqlite:///{self.database}")
        live = {} if keys is None else _trading(keys)
        for layer in (exchange_overlay(self._server.url, venue.name), dry, pace, live, dict(overlay or {})):
            deep_merge_dicts(layer, self.config)
        try:
            refuse_strangers(self.config, dry=keys is None)
        except ReplayError:
            self._server.close()
            raise

    def __enter__(self) -> DrivenBot:
        self._clock = self._travel.start()
        try:
            self._server.__enter__()
        except BaseException:
            self._travel.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)
        self._travel.stop()

    def run(self, look: Look | None = None, *, restarts: int = 0, plain_names: bool = True) -> Run:
        """Run the bot through the days.

        Parameters
        ----------
        look : callable, optional
            Called after every loop with the bot and the time, to check what has to hold; True ends the run.
        restarts : int
            How often a bot that ends by itself is started again, from its database, a minute later.
        plain_names : bool
            Whether names of columns are plain objects, which makes a loop faster than a real bot's.

        Returns
        -------
        Run

        Raises
        ------
        ReplayError
            If Freqtrade ended by itself once more than that.
        """
        spent = LoopTimes()
        for restarted in range(restarts + 1):
            try:
                with _without_waiting(plain_names=plain_names):
                    self._live(spent, look)
            except _EndOfDays:
                return Run(spent.told(), restarted)
            except Exception:  # a supervisor asks for no reasons
                stopped_at = datetime.now(UTC)
                logger.exception("the bot ended by itself at %s", stopped_at)
                self._pass_time(RESTART_AFTER.total_seconds())
                if datetime.now(UTC) >= self._until:
                    return Run(spent.told(), restarted)
            finally:
                let_go_of_dead_bots()
        raise ReplayError(f"Freqtrade ended by itself at {stopped_at:%Y-%m-%d %H:%M}: its log says why")

    def step_clock(self, seconds: float) -> None:
        """Set this machine's clock, as a time service does; the exchange's goes on as it was."""
        self._clock.shift(seconds)
        true = self.market.clock
        self.market.clock = replace(true, now_ms=lambda: true.now_ms() - round(seconds * 1e3))

    def _pass_time(self, seconds: float) -> None:
        self._clock.shift(seconds)
        if self._meanwhile is not None:
            self._meanwhile()

    def _live(self, spent: LoopTimes, look: Look | None) -> None:
        """Live from a start of the bot to its end."""
        # A backtest in the same process leaves Freqtrade without its database.
        enable_database_use()
        # Freqtrade takes the keys out of the configuration that it is given.
        worker = _DrivenWorker(deepcopy(self.config), self._pass_time, self._until, look, spent)
        try:
            worker.run()
        finally:
            worker.freqtrade.cleanup()
