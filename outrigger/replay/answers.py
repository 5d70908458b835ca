"""Binance's JSON, made from numbers.

Prices and amounts are strings with all their digits, so that a client reads back exactly the number that
was recorded. Fields that nothing recorded backs are given the least misleading constant: counts of
trades and taker volumes are zero, quote volume is volume times the mean of open, high, low and close.
"""

from __future__ import annotations

import numpy as np

from outrigger.replay.candles import HIGH, LOW, OPEN, VOLUME, Candles
from outrigger.replay.depth import Book
from outrigger.replay.intervals import LENGTH_MS, bucket_open
from outrigger.replay.market import Day, ReplayMarket


def plain(number: float) -> str:
    """Shortest decimal string that reads back as the same number, never with an exponent."""
    short = repr(float(number))
    return np.format_float_positional(number, trim="0") if "e" in short else short


def kline_rows(candles: Candles, interval: str) -> list[list[object]]:
    """Rows of the kline routes.

    Parameters
    ----------
    candles : Candles
        What is answered.
    interval : str
        Name of the interval, for closing times.

    Returns
    -------
    list of list
        Twelve fields a candle, in the exchange's order.
    """
    closes = bucket_open(candles.times + LENGTH_MS[interval], interval) - 1
    quotes = candles.values[:, :VOLUME].mean(axis=1) * candles.values[:, VOLUME]
    columns = (candles.times.tolist(), candles.values.tolist(), closes.tolist(), quotes.tolist())
    return [
        [time, *map(plain, values), close, plain(quote), 0, "0", "0", "0"]
        for time, values, close, quote in zip(*columns, strict=True)
    ]


def day_ticker(symbol: str, day: Day) -> dict[str, object]:
    """Summarise 24 hours, one row of `ticker/24hr`."""
    bars = day.candles.values
    if not len(bars):
        bars = np.array([[day.price, day.price, day.price, day.price, 0.0]])
    opened, volume = float(bars[0, OPEN]), float(bars[:, VOLUME].sum())
    quote = float((bars[:, :VOLUME].mean(axis=1) * bars[:, VOLUME]).sum())
    change = day.price - opened
    return {
        "symbol": symbol,
        "priceChange": plain(round(change, 10)),
        "priceChangePercent": f"{100 * change / opened:.3f}",
        "weightedAvgPrice": plain(quote / volume if volume else day.price),
        "lastPrice": plain(day.price),
        "lastQty": "0",
        "openPrice": plain(opened),
        "highPrice": plain(bars[:, HIGH].max()),
        "lowPrice": plain(bars[:, LOW].min()),
        "volume": plain(volume),
        "quoteVolume": plain(quote),
        "openTime": day.now_ms - 86_400_000,
        "closeTime": day.now_ms,
        "firstId": 0,
        "lastId": 0,
        "count": 0,
    }


def premium_index(market: ReplayMarket, symbol: str, price: float) -> dict[str, object]:
    """Mark price and funding of a contract, one row of `premiumIndex`.

    The rate is the last one charged: what the exchange expects of the next one was not recorded.
    """
    now = market.clock.now_ms()
    funding = market.funding(symbol)
    marked = market.mark_price(symbol) or price
    return {
        "symbol": symbol,
        "markPrice": plain(marked),
        "indexPrice": plain(marked),
        "estimatedSettlePrice": plain(marked),
        "lastFundingRate": plain(funding.values[-1, 0]) if len(funding.times) else "",
        "interestRate": "0.00010000",
        "nextFundingTime": market.next_funding_ms(symbol),
        "time": now,
    }


def depth(book: Book, now_ms: int) -> dict[str, object]:
    """Write an order book, the answer of `depth`; one that was recorded has changed last when it was."""
    return {
        "lastUpdateId": now_ms,
        "E": now_ms,
        "T": now_ms if book.time_ms is None else book.time_ms,
        "bids": [[f"{price:f}", f"{amount:f}"] for price, amount in book.bids],
        "asks": [[f"{price:f}", f"{amount:f}"] for price, amount in book.asks],
    }
