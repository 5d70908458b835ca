"""Public market data routes of Bybit's v5 REST interface, linear perpetuals.

Parameters, limits, ordering and refusals follow the exchange's documentation, as far as Freqtrade and
ccxt use them. Trades, other categories, signed routes and web sockets are not spoken here. The recordings
may be another exchange's: nothing in an answer is Bybit's but its form.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from aiohttp import web

from outrigger.replay import bybit_terms as terms
from outrigger.replay.answers import plain
from outrigger.replay.book_now import book_now
from outrigger.replay.bybit_contracts import Row, instrument, risk_limits
from outrigger.replay.bybit_ticker import ticker
from outrigger.replay.candles import VOLUME, Candles, TimeRange
from outrigger.replay.depth import Book
from outrigger.replay.intervals import open_of
from outrigger.replay.market_files import Readings
from outrigger.replay.positioning_routes import MEMORY_MS, interest_known
from outrigger.replay.request_market import MARKET

RISK_LIMIT_SYMBOLS = 15
START_END = ("start", "end")
TIMES = ("startTime", "endTime")


def answer(request: web.Request, result: Row) -> web.Response:
    """Wrap a result as every route does."""
    now = request.app[MARKET].clock.now_ms()
    return web.json_response({"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": now})


async def time(request: web.Request) -> web.Response:
    """Tell the exchange's time."""
    now = request.app[MARKET].clock.now_ms()
    return answer(request, {"timeSecond": str(now // 1000), "timeNano": str(now * 1_000_000)})


async def instruments_info(request: web.Request) -> web.Response:
    """Contracts and their trading rules; those whose data begins later are listed as `PreLaunch` alone."""
    market, status = request.app[MARKET], request.query.get("status", "Trading")
    listed = [
        row for row in (instrument(market, s) for s in terms.symbols(request)) if row["status"] == status
    ]
    rows, cursor = terms.page(listed, request.query, terms.limit(request.query, 500, 1000))
    category = terms.category(request.query)
    return answer(request, {"category": category, "list": list(rows), "nextPageCursor": cursor})


async def risk_limit(request: web.Request) -> web.Response:
    """Leverage tiers, fifteen contracts a page."""
    market = request.app[MARKET]
    symbols, cursor = terms.page(terms.symbols(request), request.query, RISK_LIMIT_SYMBOLS)
    rows = [row for symbol in symbols for row in risk_limits(market, symbol)]
    category = terms.category(request.query)
    return answer(request, {"category": category, "list": rows, "nextPageCursor": cursor})


async def tickers(request: web.Request) -> web.Response:
    """Prices, funding and the last 24 hours of contracts that are traded."""
    rows = [ticker(request.app[MARKET], symbol) for symbol in terms.symbols(request)]
    category = terms.category(request.query)
    return answer(request, {"category": category, "list": [row for row in rows if row is not None]})


def _candles(request: web.Request, kind: str) -> tuple[str, Candles]:
    """Symbol, and the candles that a request asks for, newest first."""
    market, symbol = request.app[MARKET], terms.symbol(request)
    name, asked = terms.interval(request.query), terms.span(request.query, 200, 1000, START_END)
    if not market.serves(symbol, name):
        raise terms.refused("params error: Invalid period!")
    # The candle that contains the start is part of the answer.
    start = None if asked.start_ms is None else open_of(asked.start_ms, name)
    if asked.end_ms is None:
        found = market.candles(symbol, kind, name, TimeRange(start, None, asked.limit))
    else:
        last = market.candles(symbol, kind, name, TimeRange(None, asked.end_ms, asked.limit))
        found = last.part(0 if start is None else int(np.searchsorted(last.times, start)), len(last))
    return symbol, Candles(found.times[::-1], found.values[::-1])


async def kline(request: web.Request) -> web.Response:
    """Candles of a contract; the turnover is volume times the mean price."""
    symbol, candles = _candles(request, "futures")
    turnover = candles.values[:, :VOLUME].mean(axis=1) * candles.values[:, VOLUME]
    columns = (candles.times.tolist(), candles.values.tolist(), turnover.tolist())
    rows = [[str(at), *map(plain, values), plain(t)] for at, values, t in zip(*columns, strict=True)]
    return answer(request, {"category": "linear", "symbol": symbol, "list": rows})


def _price_klines(kind: str) -> Callable[[web.Request], web.Response]:
    def respond(request: web.Request) -> web.Response:
        symbol, candles = _candles(request, kind)
        columns = (candles.times.tolist(), candles.values[:, :VOLUME].tolist())
        rows = [[str(at), *map(plain, values)] for at, values in zip(*columns, strict=True)]
        return answer(request, {"category": "linear", "symbol": symbol, "list": rows})

    return respond


async def mark_price_kline(request: web.Request) -> web.Response:
    """Candles of the mark price."""
    return _price_klines("mark")(request)


async def index_price_kline(request: web.Request) -> web.Response:
    """Candles of the index price; the mark stands in where none was recorded."""
    return _price_klines("index")(request)


async def funding_history(request: web.Request) -> web.Response:
    """Funding rates charged by now; a start without an end is refused, as on the exchange."""
    market, symbol = request.app[MARKET], terms.symbol(request)
    asked = terms.span(request.query, 200, 200, TIMES)
    if asked.start_ms is not None and asked.end_ms is None:
        raise terms.refused("params error: endTime is required with startTime")
    known = market.funding(symbol)
    rows = [
        {
            "symbol": symbol,
            "fundingRate": plain(known.values[at, 0]),
            "fundingRateTimestamp": str(known.times[at]),
        }
        for at in asked.newest(known.times)
    ]
    return answer(request, {"category": "linear", "list": rows})


async def orderbook(request: web.Request) -> web.Response:
    """Serve an order book around the last price: as recorded at the last snapshot, or else synthetic."""
    market, symbol = request.app[MARKET], terms.symbol(request)
    levels, price, now = terms.limit(request.query, 25, 500), market.price(symbol), market.clock.now_ms()
    book = Book([], []) if price is None else book_now(market, symbol, price, levels)
    changed = now if book.time_ms is None else book.time_ms
    return answer(
        request,
        {
            "s": symbol,
            "b": [[f"{price:f}", f"{amount:f}"] for price, amount in book.bids],
            "a": [[f"{price:f}", f"{amount:f}"] for price, amount in book.asks],
            "ts": changed,
            "u": now,
            "seq": now,
            "cts": changed,
        },
    )


def _spaced(known: Readings, every_ms: int, asked: terms.Span) -> list[int]:
    """Rows at whole multiples of a period, newest first."""
    at_opens = np.flatnonzero(known.times % every_ms == 0)
    chosen: list[int] = at_opens[asked.newest(known.times[at_opens])].tolist()
    return chosen


async def open_interest(request: web.Request) -> web.Response:
    """Open interest in base currency, refused where it was not recorded: zero would be a false number."""
    market, symbol = request.app[MARKET], terms.symbol(request)
    every, asked = terms.period_ms(request.query, "intervalTime"), terms.span(request.query, 50, 200, TIMES)
    known = interest_known(market, symbol, MEMORY_MS)
    if known is None or not len(known.times):
        raise terms.refused("params error: no open interest was recorded")
    rows: list[Row] = [
        {"openInterest": plain(known.values[at, 0]), "timestamp": str(known.times[at])}
        for at in _spaced(known, every, asked)
    ]
    result: Row = {"category": "linear", "symbol": symbol, "list": rows, "nextPageCursor": ""}
    return answer(request, result)


async def account_ratio(request: web.Request) -> web.Response:
    """Shares of accounts that are long and short; empty where they were not recorded."""
    market, symbol = request.app[MARKET], terms.symbol(request)
    every, asked = terms.period_ms(request.query, "period"), terms.span(request.query, 50, 500, TIMES)
    known = market.metrics(symbol, ("account_ratio",), MEMORY_MS)
    chosen = (
        []
        if known is None
        else [(known.times[at], known.values[at, 0]) for at in _spaced(known, every, asked)]
    )
    rows = [
        {
            "symbol": symbol,
            "buyRatio": plain(round(ratio / (1 + ratio), 4)),
            "sellRatio": plain(round(1 / (1 + ratio), 4)),
            "timestamp": str(at),
        }
        for at, ratio in chosen
    ]
    return answer(request, {"list": rows, "nextPageCursor": ""})


ROUTES = [
    web.get("/v5/market/time", time),
    web.get("/v5/market/instruments-info", instruments_info),
    web.get("/v5/market/risk-limit", risk_limit),
    web.get("/v5/market/tickers", tickers),
    web.get("/v5/market/kline", kline),
    web.get("/v5/market/mark-price-kline", mark_price_kline),
    web.get("/v5/market/index-price-kline", index_price_kline),
    web.get("/v5/market/funding/history", funding_history),
    web.get("/v5/market/orderbook", orderbook),
    web.get("/v5/market/open-interest", open_interest),
    web.get("/v5/market/account-ratio", account_ratio),
]
