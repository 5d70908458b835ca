"""One row of Bybit's `tickers`: price, book, funding and 24 hours of a contract.

The funding rate is the last one charged, since what the exchange expects of the next one was not recorded.
Open interest that was not recorded is empty, never zero.
"""

from __future__ import annotations

import numpy as np

from outrigger.replay.answers import plain
from outrigger.replay.book_now import book_now
from outrigger.replay.bybit_contracts import Row
from outrigger.replay.candles import HIGH, LOW, OPEN, VOLUME
from outrigger.replay.intervals import HOUR_MS
from outrigger.replay.market import Day, ReplayMarket
from outrigger.replay.positioning_routes import CURRENT_MS, interest_known


def ticker(market: ReplayMarket, symbol: str) -> Row | None:
    """Summarise a contract, or None before it is listed.

    Parameters
    ----------
    market : ReplayMarket
        The market served.
    symbol : str
        The exchange's symbol.

    Returns
    -------
    dict or None
        In the exchange's form.
    """
    day = market.day(symbol)
    if day is None:
        return None
    book, funding = book_now(market, symbol, day.price, 1), market.funding(symbol)
    marked = plain(market.mark_price(symbol) or day.price)
    best = {
        f"{side}1{what}": f"{levels[0][at]:f}" if levels else ""
        for side, levels in (("bid", book.bids), ("ask", book.asks))
        for at, what in enumerate(("Price", "Size"))
    }
    return {
        "symbol": symbol,
        "lastPrice": plain(day.price),
        "indexPrice": marked,
        "markPrice": marked,
        **_last_day(day),
        **_interest(market, symbol),
        "fundingRate": plain(funding.values[-1, 0]) if len(funding.times) else "",
        "nextFundingTime": str(market.next_funding_ms(symbol)),
        "fundingIntervalHour": str(market.funding_hours(symbol)),
        "predictedDeliveryPrice": "",
        "basisRate": "",
        "deliveryFeeRate": "",
        "deliveryTime": "0",
        **best,
    }


def _last_day(day: Day) -> Row:
    bars, times = day.candles.values, day.candles.times
    if not len(bars):
        bars = np.array([[day.price, day.price, day.price, day.price, 0.0]])
    hour_ago = max(0, int(np.searchsorted(times, day.now_ms - HOUR_MS, side="right")) - 1)
    opened = float(bars[0, OPEN])
    return {
        "prevPrice24h": plain(opened),
        "price24hPcnt": plain(round(day.price / opened - 1, 6)),
        "highPrice24h": plain(bars[:, HIGH].max()),
        "lowPrice24h": plain(bars[:, LOW].min()),
        "prevPrice1h": plain(bars[hour_ago, OPEN]),
        "volume24h": plain(bars[:, VOLUME].sum()),
        "turnover24h": plain((bars[:, :VOLUME].mean(axis=1) * bars[:, VOLUME]).sum()),
    }


def _interest(market: ReplayMarket, symbol: str) -> Row:
    known = interest_known(market, symbol, CURRENT_MS)
    if known is None or not len(known.times):
        return {"openInterest": "", "openInterestValue": ""}
    return {"openInterest": plain(known.values[-1, 0]), "openInterestValue": plain(known.values[-1, 1])}
