"""The unmodified `freqtrade` command, run against the replay exchange.

Freqtrade runs as a subprocess with the caller's working directory, configuration and terminal; it gets
one more configuration file, in a private directory that is removed afterwards. The arguments are read
with Freqtrade's own parser, so that they mean here what they mean there. The futures of Binance and Bybit
are spoken: a configuration for another exchange is refused rather than rewritten. What Freqtrade itself
writes (results, logs, hyperopt parameters) it writes where it always does.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import IO, Any

from freqtrade.commands.arguments import Arguments
from freqtrade.configuration.environment_vars import environment_vars_to_dict
from freqtrade.configuration.load_config import load_from_files
from freqtrade.exceptions import OperationalException
from freqtrade.misc import deep_merge_dicts

from outrigger.errors import DataError, ReplayError
from outrigger.replay.exchange import ReplayServer, open_market
from outrigger.replay.mirror import mirror
from outrigger.replay.overlay import bare_overlay, environment_without, exchange_overlay, trade_overlay
from outrigger.replay.venues import VENUES, Venue, spoken

ACTS_NOW = frozenset({"trade", "test-pairlist", "webserver"})
WRITES_DATA = frozenset({"download-data", "convert-data", "convert-trade-data", "trades-to-ohlcv"})
OWN_END_S = 5.0
STOP_TIMEOUT_S = 60.0

Parsed = dict[str, Any]


def _parse(argv: Sequence[str]) -> Parsed:
    parsed: Parsed = Arguments(list(argv)).get_parsed_arg()
    if not parsed.get("command"):
        raise ReplayError("no freqtrade command given: say for instance `outrigger offline … -- backtesting`")
    return parsed


def _user_config(parsed: Parsed) -> Parsed:
    files = parsed.get("config") or []
    if "-" in files:
        raise ReplayError("a configuration from standard input cannot be used here: write it to a file")
    try:
        merged: Parsed = load_from_files(files) if files else {}
    except OperationalException as error:
        raise ReplayError(f"the configuration cannot be read: {error}") from error
    deep_merge_dicts(environment_vars_to_dict(), merged)
    return merged


def _venue(config: Parsed, parsed: Parsed, exchange: str | None) -> Venue:
    """Exchange that the command is for: named in it, or for the run, or in the configuration."""
    name = parsed.get("exchange") or exchange or config.get("exchange", {}).get("name", "binance")
    usual_mode = "spot" if parsed.get("config") else "futures"
    mode = parsed.get("trading_mode") or config.get("trading_mode", usual_mode)
    if name not in VENUES or mode != "futures":
        raise ReplayError(
            f"the replay exchange speaks the futures of {spoken()}, the configuration names {name}, trading "
            f'mode {mode}: set "trading_mode": "futures" and, in "exchange", "name": "binance" or "bybit"'
        )
    return VENUES[name]


def _refuse_dangers(parsed: Parsed, config: Parsed, datadir: Path) -> None:
    command = parsed["command"]
    if command == "trade" and config.get("dry_run") is False and not parsed.get("dry_run"):
        raise ReplayError(
            'the configuration says "dry_run": false, and recorded prices are no place for real orders: add '
            "--dry-run"
        )
    target = parsed.get("datadir")
    if command in WRITES_DATA and (not target or Path(target).resolve() == datadir.resolve()):
        raise ReplayError(
            f"{command} writes data: name another directory for it, with --datadir after the command "
            f"(the source is {datadir})"
        )


def _refuse_absent_pairs(parsed: Parsed, pairs: Sequence[str], datadir: Path) -> None:
    # Freqtrade takes regular expressions too; only plain names can be said to be absent.
    absent = [
        p
        for p in parsed.get("pairs") or []
        if p.replace("/", "").replace(":", "").isalnum() and p not in pairs
    ]
    if absent and parsed["command"] not in WRITES_DATA - {"download-data"}:
        stem = absent[0].replace("/", "_").replace(":", "_")
        raise DataError(
            f"{datadir} has no candles of {', '.join(absent)}: looked for futures/{stem}-<timeframe>-futures"
            f".feather; it has {', '.join(pairs)}"
        )


def _data_for(parsed: Parsed, venue: Venue, datadir: Path, private: Path) -> Path | None:
    """Data directory to name after the command's own arguments; None where theirs stands."""
    named = parsed.get("datadir")
    if "datadir" not in parsed or parsed["command"] in WRITES_DATA:
        return None
    if venue.keeps_tiers:
        return mirror(Path(named or datadir), private / "data")
    return None if named else datadir


def _command_line(argv: Sequence[str], parsed: Parsed, data: Path | None, overlay: Path) -> list[str]:
    line = [sys.executable, "-m", "freqtrade", *argv]
    if "config" in parsed:
        # Freqtrade drops its default configuration as soon as one is named.
        named = any(a.startswith(("--config", "-c")) for a in argv)
        for file in [] if named else parsed["config"] or []:
            line += ["--config", str(file)]
        line += ["--config", str(overlay)]
    return line if data is None else [*line, "--datadir", str(data)]


def _run(command: Sequence[str], environment: dict[str, str], output: IO[bytes] | None) -> int:
    """Run a command to its end and return its exit code as a shell would.

    A terminal's interrupt reaches the command by itself; one sent to this process alone is passed on after
    a moment. A command that then does not end is killed.
    """
    started = threading.Event()
    children: list[subprocess.Popen[bytes]] = []
    pending: list[threading.Timer] = []

    def send(number: int) -> None:
        # The signal may have come between the start of the command and the moment it was known here.
        started.wait()
        children[0].send_signal(number)

    def pass_on(number: int, _: FrameType | None) -> None:
        patience = OWN_END_S if number == signal.SIGINT else 0.0
        for seconds, what in ((patience, number), (STOP_TIMEOUT_S, signal.SIGKILL)):
            timer = threading.Timer(seconds, send, (what,))
            timer.daemon = True
            timer.start()
            pending.append(timer)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        children.append(subprocess.Popen(command, env=environment, stdout=output, stderr=output))
        started.set()
        code = children[0].wait()
        return code if code >= 0 else 128 - code
    finally:
        for timer in pending:
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def offline(
    datadir: Path,
    argv: Sequence[str],
    *,
    exchange: str | None = None,
    start: datetime | None = None,
    output: IO[bytes] | None = None,
    announce: Callable[[ReplayServer], None] | None = None,
) -> int:
    """Run a `freqtrade` command without a network.

    Parameters
    ----------
    datadir : Path
        The Freqtrade data directory that the exchange is fed from, and the command's `--datadir` unless
        `argv` names one.
    argv : sequence of str
        Freqtrade's command and its arguments.
    exchange : str, optional
        Exchange to speak for, `binance` or `bybit`, instead of the configuration's.
    start : datetime, optional
        Recorded time to replay from. Commands that act now (`trade`, `test-pairlist`, `webserver`) are always
        given replayed data; others only when a start is named.
    output : binary file, optional
        Where the command's output and errors go; the caller's terminal when None.
    announce : callable, optional
        Called with the server before the command starts.

    Returns
    -------
    int
        Freqtrade's exit code; 128 plus the signal number when a signal ended it.

    Raises
    ------
    DataError
        When the data directory holds nothing that can be served, or not the pairs named.
    ReplayError
        When the command would trade for real, write into the source, or is for another exchange.
    """
    parsed = _parse(argv)
    config = _user_config(parsed)
    venue = _venue(config, parsed, exchange)
    _refuse_dangers(parsed, config, datadir)
    market = open_market(datadir, replay=start is not None or parsed["command"] in ACTS_NOW, start=start)
    _refuse_absent_pairs(parsed, [c.pair for c in market.contracts.values()], datadir)
    with (
        tempfile.TemporaryDirectory(prefix="outrigger-offline-") as private,
        ReplayServer(market, venue=venue) as server,
    ):
        overlay = exchange_overlay(server.url, venue.name)
        if not parsed.get("config"):
            overlay |= bare_overlay()
        if parsed["command"] == "trade":
            overlay |= trade_overlay(config, f"sqlite:///{private}/trades.sqlite")
        overlay_file = Path(private) / "replay.json"
        overlay_file.write_text(json.dumps(overlay), encoding="utf-8")
        if announce is not None:
            announce(server)
        return _run(
            _command_line(argv, parsed, _data_for(parsed, venue, datadir, Path(private)), overlay_file),
            environment_without(os.environ, overlay),
            output,
        )
