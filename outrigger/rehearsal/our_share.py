"""How much of a live loop is Outrigger's, and how long Freqtrade waits for a stop.

Every callback of the strategy is timed where Freqtrade calls it, so Freqtrade's copy of the trade for each of
them is counted. Refreshing candles, orders and Freqtrade's own checks are not. Assumes that callbacks do not
call each other through Freqtrade. Garbage is collected as seldom as `freqtrade trade` has it. Weak: time is
real time, so a busy machine shows.

Run `python -m outrigger.rehearsal.our_share --datadir DIR --start 2025-06-02T03:00 --hours 2`.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from freqtrade import freqtradebot
from freqtrade.strategy import interface
from freqtrade.system import gc_set_threshold
from rich.console import Console
from rich.table import Table

from outrigger.commands.refusing import refusing
from outrigger.errors import ReplayError
from outrigger.json_values import plain
from outrigger.rehearsal.driven_bot import DrivenBot

# Called without Freqtrade's wrapper, inside its analysis of a pair.
ANALYSIS = ("populate_indicators", "populate_entry_trend", "populate_exit_trend")
OUTSIDE = ("informative_pairs",)
STOP = "custom_stoploss"


@dataclass(frozen=True, slots=True)
class Spread:
    """Quantiles of some durations, in ms.

    Parameters
    ----------
    count : int
        How many there were.
    p50, p95, p99, worst : float
        Milliseconds.
    """

    count: int
    p50: float
    p95: float
    p99: float
    worst: float


@dataclass(frozen=True, slots=True)
class Share:
    """Outrigger's share of a bot's loops.

    Parameters
    ----------
    new_candle, otherwise : Spread
        Its time in loops that analysed a new candle, and in the others, those with a position only.
    stop : Spread
        A call of `custom_stoploss`, Freqtrade's copy of the trade included.
    by_callback_ms : dict of str to float
        What each callback took in all.
    """

    new_candle: Spread
    otherwise: Spread
    stop: Spread
    by_callback_ms: dict[str, float]


class Stopwatch:
    """Times the strategy's callbacks, loop by loop."""

    def __init__(self) -> None:
        self.calls: defaultdict[str, list[float]] = defaultdict(list)
        self.loops: list[tuple[bool, bool, float]] = []
        self._analysed, self._stopped, self._spent = False, False, 0.0

    def loop_over(self, _bot: Any, _now: datetime) -> None:
        """Close the books of a loop."""
        self.loops.append((self._analysed, self._stopped, self._spent))
        self._analysed, self._stopped, self._spent = False, False, 0.0

    def share(self) -> Share:
        """Sum up.

        Returns
        -------
        Share

        Raises
        ------
        ReplayError
            If there was no new candle, or never a position.
        """
        new = [spent for analysed, _, spent in self.loops if analysed]
        others = [spent for analysed, held, spent in self.loops if held and not analysed]
        if not new or not others:
            raise ReplayError("no candle or no position in these hours: choose others")
        by_callback = {name: sum(calls) for name, calls in sorted(self.calls.items())}
        return Share(_spread(new), _spread(others), _spread(self.calls[STOP]), by_callback)

    def timed(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        """Wrap a callback."""

        @wraps(call)
        def clocked(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter_ns()
            try:
                return call(*args, **kwargs)
            finally:
                self._took(name, (time.perf_counter_ns() - began) / 1e6)

        return clocked

    def _took(self, name: str, milliseconds: float) -> None:
        self.calls[name].append(milliseconds)
        self._spent += milliseconds
        self._analysed |= name in ANALYSIS
        self._stopped |= name == STOP

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Time every callback of bots that live meanwhile."""
        original, load = interface.strategy_safe_wrapper, freqtradebot.StrategyResolver.load_strategy

        def wrapped(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            safe, name = original(call, *args, **kwargs), call.__name__
            return safe if name == "analyze_ticker" else self.timed(safe, name)

        def loaded(config: Any) -> Any:
            strategy = load(config)
            for name in (*ANALYSIS, *OUTSIDE):
                setattr(strategy, name, self.timed(getattr(strategy, name), name))
            return strategy

        with ExitStack() as stack:
            for module in (interface, freqtradebot):
                stack.enter_context(mock.patch.object(module, "strategy_safe_wrapper", wrapped))
            stack.enter_context(mock.patch.object(freqtradebot.StrategyResolver, "load_strategy", loaded))
            yield


def our_share(
    datadir: Path, configs: Sequence[Path], start: datetime, hours: float, out: Path, every_seconds: int = 5
) -> Share:
    """Let a bot live through recorded hours and time Outrigger in it.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory.
    configs : sequence of Path
        Freqtrade configurations, merged in order.
    start : datetime
        First minute (UTC).
    hours : float
        How long.
    out : Path
        Where the bot writes.
    every_seconds : int
        Seconds between two loops.

    Returns
    -------
    Share

    Raises
    ------
    OutriggerError
        If the data cannot be served, the bot ended by itself, or held no position.
    """
    watch = Stopwatch()
    until = start + timedelta(hours=hours)
    bot = DrivenBot(datadir, list(configs), out, start, until, every_seconds=every_seconds)
    with watch.watching(), bot, _collecting_as_freqtrade():
        bot.run(watch.loop_over, plain_names=False)
    return watch.share()


@contextmanager
def _collecting_as_freqtrade() -> Iterator[None]:
    """Freqtrade's command sets how often garbage is looked for before it starts a bot."""
    before = gc.get_threshold()
    gc_set_threshold()
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _spread(milliseconds: Sequence[float]) -> Spread:
    p50, p95, p99 = np.percentile(milliseconds, (50, 95, 99))
    return Spread(len(milliseconds), float(p50), float(p95), float(p99), max(milliseconds))


@refusing
def main(argv: Sequence[str] | None = None) -> int:
    """Measure from the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; the process's own by default.

    Returns
    -------
    int
        0, or 2 where something was refused.
    """
    parser = argparse.ArgumentParser(prog="python -m outrigger.rehearsal.our_share", description=__doc__)
    parser.add_argument("--datadir", type=Path, required=True, help="Freqtrade data directory")
    parser.add_argument("--config", type=Path, nargs="+", default=[Path("config.json")])
    parser.add_argument("--start", type=datetime.fromisoformat, required=True, help="first minute, UTC")
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(argv)
    start = given.start if given.start.tzinfo else given.start.replace(tzinfo=UTC)
    with tempfile.TemporaryDirectory(prefix="outrigger-share-") as place:
        found = our_share(given.datadir, given.config, start, given.hours, Path(place))
    if given.json:
        sys.stdout.write(json.dumps(plain(asdict(found))) + "\n")
    else:
        Console().print(_table(found))
    return 0


def _table(found: Share) -> Table:
    table = Table(title="Outrigger's share of a live loop, ms")
    for heading in ("", "count", "p50", "p95", "p99", "worst"):
        table.add_column(heading, justify="right" if heading else "left")
    rows = {
        "loops with a new candle": found.new_candle,
        "other loops with a position": found.otherwise,
        f"{STOP}, with Freqtrade's copy": found.stop,
    }
    for name, spread in rows.items():
        figures = (spread.p50, spread.p95, spread.p99, spread.worst)
        table.add_row(name, f"{spread.count:,}", *(f"{figure:.2f}" for figure in figures))
    return table


if __name__ == "__main__":
    sys.exit(main())
