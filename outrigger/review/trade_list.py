"""A list of trades from a CSV file: replayed ones, those of another bot, or a journal kept by hand.

One line a trade, with a header. `pair, side, opened, closed, entry, exit, notional` are needed; `leverage`
(1), `fees` (0), `funding` (0), `stop`, `reason` and `tag` may be there. Times are ISO 8601, UTC where they
name no zone. A result is worked out from prices, fees and funding, so that it cannot contradict them.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

from outrigger.errors import DataError
from outrigger.market.moment import to_ms
from outrigger.review.backtest_export import BacktestResult
from outrigger.review.trade import Trade

NEEDED = ("pair", "side", "opened", "closed", "entry", "exit", "notional")
SIDES = {"long": 1, "short": -1, "1": 1, "+1": 1, "-1": -1}
HEADER = ",".join(NEEDED)


def read_trade_list(path: Path, balance: float, timeframe: str, currency: str) -> BacktestResult:
    """Read a list of trades.

    Parameters
    ----------
    path : Path
        The CSV file, UTF-8.
    balance : float
        Account at the start, in quote currency.
    timeframe, currency : str
        Base candles, and the currency of the amounts.

    Returns
    -------
    BacktestResult
        From the first entry to the last exit, named after the file.

    Raises
    ------
    DataError
        If the file cannot be read, holds no trade, or a line cannot be understood.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file, skipinitialspace=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path}: no list of trades can be read ({error}); it begins with {HEADER}"
        ) from error
    if not rows:
        raise DataError(f"{path}: no trade in it; it begins with {HEADER} and has one line a trade")
    missing = [name for name in NEEDED if name not in rows[0]]
    if missing:
        raise DataError(f"{path}: column {', '.join(missing)} is missing; it has to begin with {HEADER}")
    # The header is the first line of the file.
    trades = [_trade(row, f"{path}, line {line}") for line, row in enumerate(rows, start=2)]
    return BacktestResult(
        strategy=path.stem,
        timeframe=timeframe,
        currency=currency,
        pairs=tuple(dict.fromkeys(trade.pair for trade in trades)),
        start_ms=min(trade.opened_ms for trade in trades),
        end_ms=max(trade.closed_ms for trade in trades),
        starting_balance=balance,
        trades=tuple(sorted(trades, key=lambda trade: (trade.closed_ms, trade.opened_ms))),
    )


def _trade(row: Mapping[str, str | None], where: str) -> Trade:
    side = SIDES.get(str(row["side"]).strip().lower())
    if side is None:
        raise DataError(f"{where}: side is {row['side']!r}; write long or short")
    opened, closed = (_moment(row, name, where) for name in ("opened", "closed"))
    if closed < opened:
        raise DataError(f"{where}: closed before it was opened; mend the line")
    entry, exit_, notional = (
        _number(row, name, where, positive=True) for name in ("entry", "exit", "notional")
    )
    fees, funding = (_number(row, name, where, default=0.0) for name in ("fees", "funding"))
    return Trade(
        pair=str(row["pair"]).strip(),
        side=side,
        opened_ms=opened,
        closed_ms=closed,
        open_rate=entry,
        close_rate=exit_,
        notional=notional,
        leverage=_number(row, "leverage", where, default=1.0, positive=True),
        profit=side * notional * (exit_ / entry - 1) - fees + funding,
        fees=fees,
        funding=funding,
        stop=_number(row, "stop", where, default=0.0),
        exit_reason=(row.get("reason") or "").strip(),
        enter_tag=(row.get("tag") or "").strip(),
    )


def _moment(row: Mapping[str, str | None], name: str, where: str) -> int:
    try:
        read = datetime.fromisoformat(str(row[name]).strip())
    except ValueError as error:
        raise DataError(f"{where}: {name} is {row[name]!r}; write it as 2025-06-01 12:30") from error
    return to_ms(read if read.tzinfo else read.replace(tzinfo=UTC))


def _number(
    row: Mapping[str, str | None],
    name: str,
    where: str,
    *,
    default: float | None = None,
    positive: bool = False,
) -> float:
    text = (row.get(name) or "").strip()
    if not text and default is not None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value) or (positive and value <= 0):
        kind = "a positive number" if positive else "a number"
        raise DataError(f"{where}: {name} is {row.get(name)!r}; it has to be {kind}")
    return value
