"""Routes that tell of positions: open interest and the long/short ratios.

Open interest comes from Freqtrade's candles of it, else from metrics archives, ratios from those alone. A
metrics row is published when it counts as known, a period after its time. Counts and volumes that were not
recorded are zero.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from outrigger.replay import answers
from outrigger.replay.intervals import DAY_MS, bucket_open
from outrigger.replay.market import ReplayMarket
from outrigger.replay.market_files import Readings
from outrigger.replay.request_market import MARKET, asked_symbol
from outrigger.replay.request_terms import RefusedRequest, text, time_range

PERIODS = ("5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d")
# The exchange itself remembers a month.
MEMORY_MS = 30 * DAY_MS
# How long the last reading stands for now.
CURRENT_MS = 30 * 60_000
INTEREST = ("open_interest_base", "open_interest_quote")
RATIOS = {
    "topLongShortAccountRatio": "top_account_ratio",
    "topLongShortPositionRatio": "top_position_ratio",
    "globalLongShortAccountRatio": "account_ratio",
    "takerlongshortRatio": "taker_ratio",
}

Row = dict[str, object]
Handler = Callable[[web.Request], Awaitable[web.Response]]


def interest_known(market: ReplayMarket, symbol: str, memory_ms: int) -> Readings | None:
    """Open interest known by now, of a memory where it comes from archives; None where not recorded."""
    recorded = market.open_interest(symbol)
    return market.metrics(symbol, INTEREST, memory_ms) if recorded is None else recorded


async def open_interest(request: web.Request) -> web.Response:
    """Open interest, refused where it was not recorded: zero would be a false number."""
    market, symbol = request.app[MARKET], asked_symbol(request)
    known = interest_known(market, symbol, CURRENT_MS)
    if known is None or not len(known.times):
        raise RefusedRequest(-1130, "Data sent for parameter 'symbol' is not valid.")
    return web.json_response(
        {
            "symbol": symbol,
            "openInterest": answers.plain(known.values[-1, 0]),
            "time": int(known.times[-1]),
        }
    )


def _history(
    request: web.Request, known: Readings | None, row: Callable[[int, NDArray[np.float64]], Row]
) -> web.Response:
    """Answer with readings at the opens of the period asked for; with none where nothing was recorded."""
    period = text(request.query, "period")
    if period not in PERIODS:
        raise RefusedRequest(-1130, "Data sent for parameter 'period' is not valid.")
    asked = time_range(request.query, usual=30, most=500)
    if known is None:
        return web.json_response([])
    at_opens = np.flatnonzero(bucket_open(known.times, period) == known.times)
    chosen = at_opens[asked.rows(known.times[at_opens])]
    return web.json_response([row(int(known.times[at]), known.values[at]) for at in chosen])


async def open_interest_history(request: web.Request) -> web.Response:
    """Open interest at the opens of a period; empty where it was not recorded."""
    symbol = asked_symbol(request)

    def row(time: int, values: NDArray[np.float64]) -> Row:
        return {
            "symbol": symbol,
            "sumOpenInterest": answers.plain(values[0]),
            "sumOpenInterestValue": answers.plain(values[1]),
            "timestamp": time,
        }

    return _history(request, interest_known(request.app[MARKET], symbol, MEMORY_MS), row)


def _ratio(column: str) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        symbol = asked_symbol(request)
        known = request.app[MARKET].metrics(symbol, (column,), MEMORY_MS)
        row = _taker_row if column == "taker_ratio" else _account_row
        return _history(request, known, lambda time, values: row(symbol, time, float(values[0])))

    return answer


def _account_row(symbol: str, time: int, ratio: float) -> Row:
    return {
        "symbol": symbol,
        "longShortRatio": answers.plain(ratio),
        "longAccount": answers.plain(round(ratio / (1 + ratio), 4)),
        "shortAccount": answers.plain(round(1 / (1 + ratio), 4)),
        "timestamp": time,
    }


def _taker_row(_: str, time: int, ratio: float) -> Row:
    return {"buySellRatio": answers.plain(ratio), "buyVol": "0", "sellVol": "0", "timestamp": time}


ROUTES = [
    web.get("/fapi/v1/openInterest", open_interest),
    web.get("/futures/data/openInterestHist", open_interest_history),
    *(web.get(f"/futures/data/{name}", _ratio(column)) for name, column in RATIOS.items()),
]
