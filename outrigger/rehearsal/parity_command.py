"""Parity of backtest and live engine on recorded days; `make study-parity` runs it.

Run `python -m outrigger.rehearsal.parity_command --datadir DIR --start 2025-06-02`. Weak: a day of six pairs
takes minutes, most of them Freqtrade's own refreshing of candles.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from rich.console import Console

from outrigger.commands.refusing import refusing
from outrigger.errors import DataError, ReplayError
from outrigger.json_values import plain
from outrigger.market.alignment import open_times_ms
from outrigger.market.candles import read_candles
from outrigger.market.moment import to_ms
from outrigger.rehearsal.driven_bot import DrivenBot
from outrigger.rehearsal.invariants import Invariants
from outrigger.rehearsal.parity import Extremes, Parity, match
from outrigger.rehearsal.parity_table import Ran, print_parity, to_dict
from outrigger.rehearsal.stop_orders import stop_orders
from outrigger.replay.contracts import contract_rules
from outrigger.replay.exchange import open_market
from outrigger.replay.offline import offline
from outrigger.review.backtest_export import BacktestResult, read_export
from outrigger.review.database import read_database

MINUTE_MS = 60_000


def tested(
    datadir: Path, configs: Sequence[Path], start: datetime, until: datetime, out: Path
) -> BacktestResult:
    """Backtest the days.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory.
    configs : sequence of Path
        Freqtrade configurations, merged in order.
    start, until : datetime
        The days (UTC).
    out : Path
        Where Freqtrade writes.

    Returns
    -------
    BacktestResult

    Raises
    ------
    ReplayError
        If Freqtrade fails.
    DataError
        If it leaves no readable result.
    """
    results = out / "results"
    results.mkdir(parents=True, exist_ok=True)
    named = [word for file in configs for word in ("--config", str(file))]
    span = f"{int(start.timestamp())}-{int(until.timestamp())}"
    argv = ["backtesting", *named, "--userdir", str(out), "--timerange", span, "--cache", "none"]
    # A bot obeys its protections; a backtest only where it is told to.
    argv += ["--enable-protections", "--export", "trades", "--backtest-directory", str(results)]
    log = out / "backtest.log"
    with log.open("wb") as output:
        code = offline(datadir, argv, output=output)
    if code != 0:
        raise ReplayError(f"freqtrade backtesting ended with code {code}: {log} says why")
    return read_export(results)[0]


def parity(
    datadir: Path, configs: Sequence[Path], start: datetime, days: float, every_seconds: int, out: Path
) -> tuple[Parity, Ran]:
    """Run both engines over the same days and compare.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory with one-minute candles.
    configs : sequence of Path
        Freqtrade configurations, merged in order.
    start : datetime
        First minute (UTC); both engines begin without a position.
    days : float
        How long.
    every_seconds : int
        Seconds between two looks of the live engine.
    out : Path
        Where both engines write.

    Returns
    -------
    Parity
        Trades side by side.
    Ran
        What the live engine did beside trading.

    Raises
    ------
    OutriggerError
        If either engine fails.
    """
    until = start + timedelta(days=days)
    backtest = tested(datadir, configs, start, until, out / "backtest")
    if backtest.timeframe != "1m":
        raise DataError(f"the configuration trades {backtest.timeframe} candles: parity is measured on 1m")
    watch = Invariants()
    with DrivenBot(datadir, list(configs), out / "live", start, until, every_seconds=every_seconds) as bot:
        ran = bot.run(watch)
    lived = read_database(str(bot.database), to_ms(until))
    market = open_market(datadir, replay=False)
    ticks = {
        contract.pair: float(contract_rules(market, symbol).tick)
        for symbol, contract in market.contracts.items()
    }
    found = match(
        backtest.trades,
        lived.trades,
        candle_ms=MINUTE_MS,
        ticks=ticks,
        extremes=extremes_in(datadir),
        slots=bot.config["max_open_trades"],
    )
    return found, Ran(ran.spent, stop_orders(str(bot.database), lived.trades), watch.broken)


def extremes_in(datadir: Path) -> Extremes:
    """Look up the lowest and highest trade of one-minute candles.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory; each pair is read once.

    Returns
    -------
    callable
        From pair and opening in ms to low and high; NaN for a candle that is not there.
    """

    @cache
    def held(pair: str) -> dict[int, tuple[float, float]]:
        candles = read_candles(datadir, pair, "1m")
        opened = open_times_ms(candles["date"], f"{pair} 1m").tolist()
        return dict(zip(opened, zip(candles["low"], candles["high"], strict=True), strict=True))

    return lambda pair, opened_ms: held(pair).get(opened_ms, (float("nan"), float("nan")))


@refusing
def main(argv: Sequence[str] | None = None) -> int:
    """Run the comparison from the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; the process's own by default.

    Returns
    -------
    int
        0, or 2 where something was refused.
    """
    given = _parser().parse_args(argv)
    start = given.start if given.start.tzinfo else given.start.replace(tzinfo=UTC)
    with tempfile.TemporaryDirectory(prefix="outrigger-parity-") as private:
        place = given.out or Path(private)
        found, ran = parity(given.datadir, given.config, start, given.days, given.every, place)
    if given.json:
        sys.stdout.write(json.dumps(plain(to_dict(found, ran))) + "\n")
    else:
        print_parity(found, ran, Console())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m outrigger.rehearsal.parity_command", description=__doc__)
    parser.add_argument("--datadir", type=Path, required=True, help="Freqtrade data directory")
    parser.add_argument("--config", type=Path, nargs="+", default=[Path("config.json")])
    parser.add_argument("--start", type=datetime.fromisoformat, required=True, help="first minute, UTC")
    parser.add_argument("--days", type=float, default=10.0)
    parser.add_argument("--every", type=int, default=20, help="seconds between two looks of the bot")
    parser.add_argument("--out", type=Path, help="keep both engines' files here")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
