"""How often a bot placed its stops on the exchange anew: what rate limits have to bear.

Freqtrade replaces a stop order by cancelling it and placing another one, at most once in
`stoploss_on_exchange_interval` seconds and only where the stop has moved. Read from its database.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Integer, String, column, func, select, table

from outrigger.review.database_connection import reading
from outrigger.review.trade import Trade

HOUR_MS = 3_600_000
_ORDERS = table("orders", column("ft_trade_id", Integer), column("ft_order_side", String))


@dataclass(frozen=True, slots=True)
class StopOrders:
    """Stop orders of a bot.

    Parameters
    ----------
    placed : int
        Stop orders placed.
    trades : int
        Trades that had any.
    hours : float
        Time that positions were open, summed over trades.
    """

    placed: int
    trades: int
    hours: float

    @property
    def replaced_per_hour(self) -> float:
        """Replacements an hour of an open position; NaN without any."""
        return (self.placed - self.trades) / self.hours if self.hours else float("nan")


def stop_orders(database: str, trades: tuple[Trade, ...]) -> StopOrders:
    """Count a bot's stop orders.

    Parameters
    ----------
    database : str
        SQLAlchemy address, or path of an SQLite file.
    trades : tuple of Trade
        The database's trades.

    Returns
    -------
    StopOrders

    Raises
    ------
    DataError
        If the database cannot be read.
    """
    counted = (
        select(_ORDERS.c.ft_trade_id, func.count().label("placed"))
        .where(_ORDERS.c.ft_order_side == "stoploss")
        .group_by(_ORDERS.c.ft_trade_id)
    )
    with reading(database) as (connection, _):
        placed = [int(row.placed) for row in connection.execute(counted)]
    hours = sum(trade.closed_ms - trade.opened_ms for trade in trades) / HOUR_MS
    return StopOrders(sum(placed), len(placed), hours)
