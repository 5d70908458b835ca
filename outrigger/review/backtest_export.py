"""Trades of a Freqtrade backtest, read from the file that `freqtrade backtesting` exports.

Freqtrade's own loader answers with a data frame of strings and a warning; a review needs numbers with
units and a refusal that says what is wrong. Zip archives, the JSON inside them, and the results directory
(its latest result) are read, with one or several strategies. A trade that was
added to counts with its largest stake.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from outrigger.errors import DataError
from outrigger.review.trade import Fill, Trade

LATEST = ".last_result.json"
AGAIN = "run `freqtrade backtesting --export trades` again and name its .zip"


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """One strategy's backtest.

    Parameters
    ----------
    strategy, timeframe, currency : str
        Name of the class, its candles, the currency of stakes.
    pairs : tuple of str
        Pairs that could be traded.
    start_ms, end_ms : int
        First and last candle tested, in ms since the epoch.
    starting_balance : float
        Account at the start, in quote currency.
    trades : tuple of Trade
        In order of their exits.
    """

    strategy: str
    timeframe: str
    currency: str
    pairs: tuple[str, ...]
    start_ms: int
    end_ms: int
    starting_balance: float
    trades: tuple[Trade, ...]


def read_export(path: Path) -> tuple[BacktestResult, ...]:
    """Read the export of a backtest.

    Parameters
    ----------
    path : Path
        The .zip, the .json inside it, or a results directory, of which the latest result is read.

    Returns
    -------
    tuple of BacktestResult
        One a strategy, in the file's order.

    Raises
    ------
    DataError
        If the file is missing, empty, truncated or no backtest export.
    """
    file = _latest(path) if path.is_dir() else path
    if not file.is_file():
        raise DataError(f"{file}: no such backtest export; {AGAIN}")
    body = _parsed(_text(file), file)
    strategies = body.get("strategy") if isinstance(body, dict) else None
    if not isinstance(strategies, dict) or not strategies:
        raise DataError(f"{file}: no backtest export, it holds no results by strategy; {AGAIN}")
    return tuple(_result(str(name), found, file) for name, found in strategies.items())


def _latest(directory: Path) -> Path:
    pointer = directory / LATEST
    if not pointer.is_file():
        raise DataError(f"{directory}: no backtest result in this directory ({LATEST} is missing); {AGAIN}")
    named = _parsed(pointer.read_bytes(), pointer)
    latest = named.get("latest_backtest") if isinstance(named, dict) else None
    if not isinstance(latest, str):
        raise DataError(f"{pointer}: does not name the latest backtest; name its .zip instead")
    return directory / latest


def _text(file: Path) -> bytes:
    """The result's JSON, out of its archive where there is one."""
    if file.suffix != ".zip":
        return file.read_bytes()
    try:
        with zipfile.ZipFile(file) as archive:
            member = f"{file.stem}.json"
            if member not in archive.namelist():
                raise DataError(f"{file}: no backtest export, {member} is not in the archive; {AGAIN}")
            return archive.read(member)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise DataError(f"{file}: the archive is damaged or incomplete ({error}); {AGAIN}") from error


def _parsed(text: bytes, file: Path) -> Any:
    if not text.strip():
        raise DataError(f"{file}: the file is empty; {AGAIN}")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file}: not readable as JSON, perhaps cut short ({error}); {AGAIN}") from error


def _result(name: str, found: Any, file: Path) -> BacktestResult:
    where = f"{file}, strategy {name}"
    trades, pairs = _field(found, "trades", list, where), _field(found, "pairlist", list, where)
    read = [_trade(trade, f"{where}, trade {number}") for number, trade in enumerate(trades, start=1)]
    return BacktestResult(
        strategy=name,
        timeframe=_field(found, "timeframe", str, where),
        currency=_field(found, "stake_currency", str, where),
        pairs=tuple(map(str, pairs)),
        start_ms=int(_number(found, "backtest_start_ts", where)),
        end_ms=int(_number(found, "backtest_end_ts", where)),
        starting_balance=_positive(found, "starting_balance", where),
        trades=tuple(sorted(read, key=lambda trade: (trade.closed_ms, trade.opened_ms))),
    )


def _trade(found: Any, where: str) -> Trade:
    open_rate, close_rate = _positive(found, "open_rate", where), _positive(found, "close_rate", where)
    leverage, amount = _positive(found, "leverage", where), _positive(found, "amount", where)
    stake = max(_positive(found, key, where) for key in ("stake_amount", "max_stake_amount"))
    opened, closed = (_number(found, f"{key}_timestamp", where) for key in ("open", "close"))
    if closed < opened:
        raise DataError(f"{where}: closed before it was opened; {AGAIN}")
    fills = _fills(found, where)
    whole = (Fill(int(opened), open_rate, amount, True), Fill(int(closed), close_rate, amount, False))
    rates = {entry: _number(found, key, where) for entry, key in ((True, "fee_open"), (False, "fee_close"))}
    return Trade(
        pair=_field(found, "pair", str, where),
        side=-1 if _field(found, "is_short", bool, where) else 1,
        opened_ms=int(opened),
        closed_ms=int(closed),
        open_rate=open_rate,
        close_rate=close_rate,
        notional=stake * leverage,
        leverage=leverage,
        profit=_number(found, "profit_abs", where),
        fees=sum(fill.amount * fill.price * rates[fill.entry] for fill in fills or whole),
        # None where the market has no funding.
        funding=0.0 if found.get("funding_fees") is None else _number(found, "funding_fees", where),
        stop=_number(found, "stop_loss_abs", where),
        exit_reason=_field(found, "exit_reason", str, where),
        enter_tag=str(found.get("enter_tag") or ""),
        worst=_worst(found, where),
        fills=fills,
    )


def _worst(found: Any, where: str) -> float | None:
    """Lowest price of a long and highest of a short, where the export tells them."""
    key = "max_rate" if found["is_short"] else "min_rate"
    return None if found.get(key) is None else _positive(found, key, where)


def _fills(found: Any, where: str) -> tuple[Fill, ...]:
    """Filled orders; exports without orders, as older ones are, have none."""
    orders = found.get("orders") or ()
    filled = [order for order in orders if isinstance(order, Mapping) and order.get("order_filled_timestamp")]
    told = [
        Fill(
            int(_number(order, "order_filled_timestamp", where)),
            _positive(order, "safe_price", where),
            _positive(order, "amount", where),
            _field(order, "ft_is_entry", bool, where),
        )
        for order in filled
    ]
    return tuple(sorted(told, key=lambda fill: fill.filled_ms))


def _field(found: Any, key: str, kind: Any, where: str) -> Any:
    value = found.get(key) if isinstance(found, Mapping) else None
    # JSON's true and false are integers to Python, but no numbers to a trader.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise DataError(f"{where}: {key} is {str(value)[:60]!r}, which no backtest export has; {AGAIN}")
    return value


def _number(found: Any, key: str, where: str) -> float:
    value = float(_field(found, key, int | float, where))
    if not isfinite(value):
        raise DataError(f"{where}: {key} is {value}, not a number; {AGAIN}")
    return value


def _positive(found: Any, key: str, where: str) -> float:
    value = _number(found, key, where)
    if value <= 0:
        raise DataError(f"{where}: {key} is {value}, it has to be positive; {AGAIN}")
    return value
