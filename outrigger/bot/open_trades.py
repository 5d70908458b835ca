"""The open trades, at every start of a loop, for little.

Freqtrade has read them for the same loop a moment before, with all their orders. They are still in its
session, so only their numbers are asked of the database, and whatever is not in the session is read.
"""

from __future__ import annotations

from freqtrade.persistence import LocalTrade, Trade
from sqlalchemy import select

_NUMBERS = select(Trade.id).where(Trade.is_open.is_(True))


def open_trades() -> list[LocalTrade]:
    """All open trades, as `Trade.get_open_trades` gives them.

    Returns
    -------
    list of LocalTrade
        Freqtrade's own objects, by number.
    """
    if not Trade.use_db:  # a backtest keeps them in a list
        return list(Trade.get_trades_proxy(is_open=True))
    found = (Trade.session.get(Trade, number) for number in Trade.session.scalars(_NUMBERS).all())
    return [trade for trade in found if trade is not None]
