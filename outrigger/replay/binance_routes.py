"""Public market data routes of Binance's USDⓈ-M futures REST interface.

Parameters, limits, ordering and refusals follow the exchange's documentation, as far as Freqtrade and
ccxt use them. Trades, baskets and web sockets are not spoken here; signed routes are in `signed_routes`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from aiohttp import web

from outrigger.replay import answers, positioning_routes
from outrigger.replay.book_now import book_now
from outrigger.replay.contracts import exchange_info
from outrigger.replay.depth import Book
from outrigger.replay.request_market import MARKET, asked_symbol, invalid_symbol
from outrigger.replay.request_terms import RefusedRequest, integer, interval, text, time_range

DEPTH_LIMITS = (5, 10, 20, 50, 100, 500, 1000)

Row = dict[str, object]


def _traded(request: web.Request, row: Callable[[str, float], Row]) -> web.Response:
    """Answer for one symbol or, when none is named, a list over all that are listed."""
    market = request.app[MARKET]
    if "symbol" in request.query:
        symbol = asked_symbol(request)
        price = market.price(symbol)
        if price is None:
            raise invalid_symbol()
        return web.json_response(row(symbol, price))
    prices = {symbol: market.price(symbol) for symbol in market.contracts}
    return web.json_response([row(s, price) for s, price in prices.items() if price is not None])


async def ping(_: web.Request) -> web.Response:
    """Say that the exchange is there."""
    return web.json_response({})


async def time(request: web.Request) -> web.Response:
    """Tell the exchange's time."""
    return web.json_response({"serverTime": request.app[MARKET].clock.now_ms()})


async def exchange_information(request: web.Request) -> web.Response:
    """Contracts and their trading rules."""
    return web.json_response(exchange_info(request.app[MARKET]))


def _klines(kind: str, symbol_name: str = "symbol") -> Callable[[web.Request], web.Response]:
    def answer(request: web.Request) -> web.Response:
        market, symbol, name = (
            request.app[MARKET],
            asked_symbol(request, symbol_name),
            interval(request.query),
        )
        asked = time_range(request.query, usual=500, most=1500)
        if not market.serves(symbol, name):
            raise RefusedRequest(-1120, "Invalid interval.")
        found = market.candles(symbol, kind, name, asked)
        return web.json_response(answers.kline_rows(found, name))

    return answer


async def klines(request: web.Request) -> web.Response:
    """Candles of a contract."""
    return _klines("futures")(request)


async def continuous_klines(request: web.Request) -> web.Response:
    """Candles of a pair's perpetual contract; other contract types do not exist here."""
    if text(request.query, "contractType") != "PERPETUAL":
        raise RefusedRequest(-1130, "Data sent for parameter 'contractType' is not valid.")
    return _klines("futures", "pair")(request)


async def mark_price_klines(request: web.Request) -> web.Response:
    """Candles of the mark price."""
    return _klines("mark")(request)


async def index_price_klines(request: web.Request) -> web.Response:
    """Candles of the index price; the mark stands in where none was recorded."""
    return _klines("index", "pair")(request)


async def funding_rate(request: web.Request) -> web.Response:
    """Funding rates charged by now, of one contract or of all."""
    market = request.app[MARKET]
    asked = time_range(request.query, usual=100, most=1000)
    symbols = [asked_symbol(request)] if "symbol" in request.query else list(market.contracts)
    rows: list[tuple[int, str, float]] = []
    for symbol in symbols:
        known = market.funding(symbol)
        rows += zip(
            known.times.tolist(), [symbol] * len(known.times), known.values[:, 0].tolist(), strict=True
        )
    rows.sort()
    wanted = rows[asked.rows(np.array([row[0] for row in rows], dtype=np.int64))]
    return web.json_response(
        [
            {"symbol": symbol, "fundingTime": at, "fundingRate": answers.plain(rate), "markPrice": ""}
            for at, symbol, rate in wanted
        ]
    )


async def funding_info(request: web.Request) -> web.Response:
    """Hours between funding charges."""
    market = request.app[MARKET]
    return web.json_response(
        [
            {
                "symbol": symbol,
                "adjustedFundingRateCap": "0.02000000",
                "adjustedFundingRateFloor": "-0.02000000",
                "fundingIntervalHours": market.funding_hours(symbol),
                "disclaimer": False,
            }
            for symbol in market.contracts
        ]
    )


async def premium_index(request: web.Request) -> web.Response:
    """Mark price and last funding rate."""
    market = request.app[MARKET]
    return _traded(request, lambda symbol, price: answers.premium_index(market, symbol, price))


async def depth(request: web.Request) -> web.Response:
    """Serve an order book around the last price: as recorded at the last snapshot, or else synthetic."""
    market, symbol = request.app[MARKET], asked_symbol(request)
    limit = integer(request.query, "limit")
    if limit is not None and limit not in DEPTH_LIMITS:
        raise RefusedRequest(-4021, f"{limit} is not valid depth limit.")
    price = market.price(symbol)
    book = Book([], []) if price is None else book_now(market, symbol, price, limit or 500)
    return web.json_response(answers.depth(book, market.clock.now_ms()))


async def ticker_day(request: web.Request) -> web.Response:
    """Statistics of the last 24 hours."""
    market = request.app[MARKET]

    def row(symbol: str, _: float) -> Row:
        day = market.day(symbol)
        return {} if day is None else answers.day_ticker(symbol, day)

    return _traded(request, row)


async def ticker_price(request: web.Request) -> web.Response:
    """Last price."""
    now = request.app[MARKET].clock.now_ms()
    return _traded(request, lambda s, price: {"symbol": s, "price": answers.plain(price), "time": now})


async def ticker_book(request: web.Request) -> web.Response:
    """Best prices of the book."""
    market = request.app[MARKET]

    def row(symbol: str, price: float) -> Row:
        book = book_now(market, symbol, price, 1)
        best: Row = {"symbol": symbol, "time": market.clock.now_ms(), "lastUpdateId": market.clock.now_ms()}
        for side, levels in (("bid", book.bids), ("ask", book.asks)):
            best[f"{side}Price"] = f"{levels[0][0]:f}" if levels else "0"
            best[f"{side}Qty"] = f"{levels[0][1]:f}" if levels else "0"
        return best

    return _traded(request, row)


ROUTES = [
    web.get("/fapi/v1/ping", ping),
    web.get("/fapi/v1/time", time),
    web.get("/fapi/v1/exchangeInfo", exchange_information),
    web.get("/fapi/v1/klines", klines),
    web.get("/fapi/v1/continuousKlines", continuous_klines),
    web.get("/fapi/v1/markPriceKlines", mark_price_klines),
    web.get("/fapi/v1/indexPriceKlines", index_price_klines),
    web.get("/fapi/v1/fundingRate", funding_rate),
    web.get("/fapi/v1/fundingInfo", funding_info),
    web.get("/fapi/v1/premiumIndex", premium_index),
    web.get("/fapi/v1/depth", depth),
    web.get("/fapi/v1/ticker/24hr", ticker_day),
    web.get("/fapi/v1/ticker/price", ticker_price),
    web.get("/fapi/v2/ticker/price", ticker_price),
    web.get("/fapi/v1/ticker/bookTicker", ticker_book),
    *positioning_routes.ROUTES,
]
