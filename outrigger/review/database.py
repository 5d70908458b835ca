"""Trades of a running or finished bot, read from Freqtrade's database without touching it.

Freqtrade's own session would create and migrate tables, so the few columns that a review needs are read
with plain SQLAlchemy, in one read-only transaction: SQLite files are opened with `mode=ro`, PostgreSQL is
told that nothing will be written. Trades of other strategies are left out and counted. Times in the
database are UTC without saying so. Weak: fees are worked out from the fills and the trade's fee rates; a
fee that was paid in another coin is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, DateTime, Float, Integer, String, column, inspect, select, table
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.sql.expression import TableClause

from outrigger.errors import DataError
from outrigger.market.moment import to_ms
from outrigger.review.database_connection import AGAIN, reading
from outrigger.review.trade import Fill, Trade

DOCUMENTS = "outrigger%"


def _table(name: str, **columns: Any) -> TableClause:
    return table(name, *(column(key, kind()) for key, kind in columns.items()))


TRADES = _table(
    "trades",
    id=Integer,
    **dict.fromkeys(("is_open", "is_short"), Boolean),
    **dict.fromkeys(("open_date", "close_date"), DateTime),
    **dict.fromkeys(("pair", "strategy", "enter_tag", "exit_reason", "stake_currency"), String),
    **dict.fromkeys(("open_rate", "close_rate", "amount", "stake_amount", "max_stake_amount"), Float),
    **dict.fromkeys(("leverage", "fee_open", "fee_close", "close_profit_abs", "funding_fees"), Float),
    **dict.fromkeys(("stop_loss", "liquidation_price", "min_rate", "max_rate"), Float),
)
ORDERS = _table(
    "orders",
    ft_trade_id=Integer,
    ft_order_side=String,
    order_filled_date=DateTime,
    **dict.fromkeys(("average", "price", "filled"), Float),
)
CUSTOM_DATA = _table("trade_custom_data", ft_trade_id=Integer, cd_key=String, cd_value=String)
KEY_VALUES = _table("KeyValueStore", key=String, datetime_value=DateTime)
WALLETS = _table("wallet_history", timestamp=DateTime, total_quote=Float, bot_managed=Boolean)


@dataclass(frozen=True, slots=True)
class DatabaseTrades:
    """What a database tells of one strategy.

    Parameters
    ----------
    source : str
        The database's address without its password.
    strategy, currency : str
        Name of the class and currency of stakes; empty where there are no trades.
    trades : tuple of Trade
        Closed ones in order of their exits, then open ones, as if they ended now at their entry price.
    left_out : mapping of str to int
        Trades of other strategies.
    unreadable : tuple of str
        Trades that contradict themselves, each with the reason.
    started_ms : int or None
        When the bot was first started, in ms since the epoch.
    wallet : tuple of (int, float) or None
        First day in Freqtrade's history of the wallet, and the account's value then.
    """

    source: str
    strategy: str
    currency: str
    trades: tuple[Trade, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    started_ms: int | None = None
    wallet: tuple[int, float] | None = None


def read_database(address: str, now_ms: int, strategy: str | None = None) -> DatabaseTrades:
    """Read a strategy's trades.

    Parameters
    ----------
    address : str
        Path of an SQLite file, or any SQLAlchemy URL, such as Freqtrade's `db_url`.
    now_ms : int
        The present in ms since the epoch, at which open trades are valued.
    strategy : str, optional
        Class whose trades are wanted; needed where the database holds those of several.

    Returns
    -------
    DatabaseTrades
        Without trades where the strategy has none.

    Raises
    ------
    DataError
        If there is no such database, it cannot be reached, is none of Freqtrade's, or holds trades of
        several strategies and none is named. Messages never contain a password.
    """
    with reading(address) as (connection, source):
        if not inspect(connection).has_table(TRADES.name):
            raise DataError(f"{source}: not a Freqtrade database, it has no trades table; {AGAIN}")
        names = [str(name or "") for name in connection.scalars(select(TRADES.c.strategy))]
        counts = {name: names.count(name) for name in dict.fromkeys(names)}
        wanted = _wanted(strategy, counts, source)
        rows = connection.execute(select(TRADES).where(TRADES.c.strategy == wanted)).mappings().all()
        fills, documents = _fills(connection, wanted, rows), _documents(connection, wanted)
        started, wallet = _started(connection), _wallet(connection)
    trades, unreadable = _trades(rows, fills, documents, now_ms)
    return DatabaseTrades(
        source,
        wanted,
        str(rows[0]["stake_currency"] or "") if rows else "",
        trades,
        {name or "unnamed": count for name, count in counts.items() if name != wanted},
        unreadable,
        started,
        wallet,
    )


def _wanted(strategy: str | None, counts: Mapping[str, int], source: str) -> str:
    if strategy is not None:
        return strategy
    if len(counts) > 1:
        named = ", ".join(f"{name or 'unnamed'} ({count})" for name, count in counts.items())
        raise DataError(f"{source} holds trades of several strategies, {named}: name one with --strategy")
    return next(iter(counts), "")


def _fills(connection: Connection, strategy: str, rows: Sequence[RowMapping]) -> dict[int, list[Fill]]:
    """Filled orders by trade."""
    enters = {int(row["id"]): "sell" if row["is_short"] else "buy" for row in rows}
    chosen = select(ORDERS).join(TRADES, TRADES.c.id == ORDERS.c.ft_trade_id)
    found: dict[int, list[Fill]] = {number: [] for number in enters}
    for row in connection.execute(chosen.where(TRADES.c.strategy == strategy)).mappings():
        price, amount, when = row["average"] or row["price"], row["filled"], row["order_filled_date"]
        if price and amount and when is not None:
            number = int(row["ft_trade_id"])
            entry = row["ft_order_side"] == enters[number]
            found[number].append(Fill(_ms(when), float(price), float(amount), entry))
    return found


def _documents(connection: Connection, strategy: str) -> dict[int, dict[str, str]]:
    """What Outrigger keeps with each trade, by key; databases of older versions have no such table."""
    found: dict[int, dict[str, str]] = {}
    if inspect(connection).has_table(CUSTOM_DATA.name):
        chosen = select(CUSTOM_DATA).join(TRADES, TRADES.c.id == CUSTOM_DATA.c.ft_trade_id)
        chosen = chosen.where(TRADES.c.strategy == strategy, CUSTOM_DATA.c.cd_key.like(DOCUMENTS))
        for row in connection.execute(chosen).mappings():
            found.setdefault(int(row["ft_trade_id"]), {})[str(row["cd_key"])] = str(row["cd_value"])
    return found


def _started(connection: Connection) -> int | None:
    if not inspect(connection).has_table(KEY_VALUES.name):
        return None
    chosen = select(KEY_VALUES.c.datetime_value).where(KEY_VALUES.c.key == "bot_start_time")
    found = connection.scalars(chosen).first()
    return None if found is None else _ms(found)


def _wallet(connection: Connection) -> tuple[int, float] | None:
    """First day of the wallet's history and what the bot's part of the account was worth."""
    if not inspect(connection).has_table(WALLETS.name):
        return None
    rows = connection.execute(select(WALLETS).where(WALLETS.c.bot_managed)).mappings().all()
    if not rows:
        return None
    first = min(row["timestamp"] for row in rows)
    value = sum(float(row["total_quote"] or 0.0) for row in rows if row["timestamp"] == first)
    return (_ms(first), value) if value > 0 else None


def _trades(
    rows: Sequence[RowMapping],
    fills: Mapping[int, Sequence[Fill]],
    documents: Mapping[int, Mapping[str, str]],
    now_ms: int,
) -> tuple[tuple[Trade, ...], tuple[str, ...]]:
    """Trades that were filled, and what could not be read."""
    found, unreadable = [], []
    for row in rows:
        number = int(row["id"])
        mine = sorted(fills[number], key=lambda fill: fill.filled_ms)
        if row["is_open"] and not any(fill.entry for fill in mine):
            continue  # its entry order still waits: there is no position yet
        try:
            found.append(_trade(row, tuple(mine), documents.get(number, {}), now_ms))
        except (TypeError, ValueError) as error:
            unreadable.append(f"trade {number} of {row['pair']}: {error}")
    ordered = sorted(found, key=lambda trade: (trade.is_open, trade.closed_ms, trade.opened_ms))
    return tuple(ordered), tuple(unreadable)


def _trade(row: RowMapping, fills: tuple[Fill, ...], documents: Mapping[str, str], now_ms: int) -> Trade:
    opened, is_open = _ms(row["open_date"]), bool(row["is_open"])
    if not is_open and (row["close_date"] is None or row["close_profit_abs"] is None):
        raise ValueError("closed, but without a date or a result")
    leverage, open_rate = float(row["leverage"] or 1.0), _positive(row, "open_rate")
    funding = float(row["funding_fees"] or 0.0)
    rates = {True: float(row["fee_open"] or 0.0), False: float(row["fee_close"] or 0.0)}
    fees = sum(fill.price * fill.amount * rates[fill.entry] for fill in fills)
    worst, liquidation = row["max_rate" if row["is_short"] else "min_rate"], row["liquidation_price"]
    return Trade(
        pair=str(row["pair"]),
        side=-1 if row["is_short"] else 1,
        opened_ms=opened,
        closed_ms=max(now_ms, opened) if is_open else _ms(row["close_date"]),
        open_rate=open_rate,
        close_rate=open_rate if is_open else _positive(row, "close_rate"),
        notional=max(_positive(row, "stake_amount"), float(row["max_stake_amount"] or 0.0)) * leverage,
        leverage=leverage,
        profit=funding - fees if is_open else float(row["close_profit_abs"]),
        fees=fees,
        funding=funding,
        stop=float(row["stop_loss"] or 0.0),
        exit_reason="" if is_open else str(row["exit_reason"] or ""),
        enter_tag=str(row["enter_tag"] or ""),
        number=int(row["id"]),
        is_open=is_open,
        liquidation=None if liquidation is None else float(liquidation),
        worst=float(worst) if worst else None,
        fills=fills,
        documents=dict(documents),
    )


def _ms(naive: datetime) -> int:
    return to_ms(naive.replace(tzinfo=UTC) if naive.tzinfo is None else naive)


def _positive(row: RowMapping, key: str) -> float:
    value = row[key]
    if value is None or not float(value) > 0:
        raise ValueError(f"{key} is {value}, it has to be positive")
    return float(value)
