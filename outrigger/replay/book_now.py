"""The order book that is served now: the last snapshot that was recorded, else a synthetic one."""

from __future__ import annotations

from outrigger.replay.contracts import contract_rules
from outrigger.replay.depth import Book, synthetic_book
from outrigger.replay.market import ReplayMarket
from outrigger.replay.recorded_book import recorded_book


def book_now(market: ReplayMarket, symbol: str, price: float, levels: int) -> Book:
    """Make the order book of a contract.

    Parameters
    ----------
    market : ReplayMarket
        The market served.
    symbol : str
        The exchange's symbol.
    price : float
        Last price, quote currency.
    levels : int
        Most levels on a side.

    Returns
    -------
    Book
        With the time of the snapshot where it was recorded.
    """
    snapshot, rules = market.book_snapshot(symbol), contract_rules(market, symbol)
    if snapshot is None:
        return synthetic_book(price, rules, market.minute_volume(symbol), levels)
    book = recorded_book(price, rules, snapshot.row, snapshot.moved)
    return Book(book.bids[:levels], book.asks[:levels], int(snapshot.row["time_ms"]))
