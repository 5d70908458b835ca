"""The exchanges that the replay can speak for: their routes, and their words for what goes wrong.

The market behind them is the same; only the form of the answers differs. Names are Freqtrade's and ccxt's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from outrigger.errors import ReplayError
from outrigger.replay import binance_routes, bybit_routes
from outrigger.replay.request_terms import RefusedRequest

Body = dict[str, object]


@dataclass(frozen=True, slots=True)
class Venue:
    """One exchange's REST interface.

    Parameters
    ----------
    name : str
        As in Freqtrade's configuration.
    title : str
        As its traders know it.
    routes : sequence of RouteDef
        What is answered.
    doors : dict of str to str
        Paths of ccxt's addresses that are spoken, by ccxt's name for them.
    refusal : callable
        Body of a refusal, from its code, its message and the time in milliseconds.
    broken : RefusedRequest
        What is said when the data cannot be read.
    unknown_path : int
        Code for a path or method that is not spoken.
    keeps_tiers : bool
        Whether Freqtrade keeps what this exchange says of leverage beside its candles.
    """

    name: str
    title: str
    routes: Sequence[web.RouteDef]
    doors: dict[str, str]
    refusal: Callable[[int, str, int], Body]
    broken: RefusedRequest
    unknown_path: int
    keeps_tiers: bool


def _binance(code: int, message: str, _: int) -> Body:
    return {"code": code, "msg": message}


def _bybit(code: int, message: str, now_ms: int) -> Body:
    return {"retCode": code, "retMsg": message, "result": {}, "retExtInfo": {}, "time": now_ms}


BINANCE = Venue(
    "binance",
    "Binance's USDⓈ-M",
    binance_routes.ROUTES,
    {
        "fapiPublic": "/fapi/v1",
        "fapiPublicV2": "/fapi/v2",
        "fapiPrivate": "/fapi/v1",
        "fapiPrivateV3": "/fapi/v3",
        "sapi": "/sapi/v1",
        "fapiData": "/futures/data",
    },
    _binance,
    RefusedRequest(-1001, "Internal error; unable to process your request. Please try again.", 500),
    -5000,
    False,
)
BYBIT = Venue(
    "bybit",
    "Bybit's v5",
    bybit_routes.ROUTES,
    # Bybit's paths carry their version themselves.
    {"public": "", "private": ""},
    _bybit,
    RefusedRequest(10016, "System error. Please try again later.", 200),
    10404,
    True,
)
VENUES = {venue.name: venue for venue in (BINANCE, BYBIT)}


def venue_named(name: str) -> Venue:
    """Look up an exchange.

    Raises
    ------
    ReplayError
        If it is not spoken here.
    """
    if name not in VENUES:
        raise ReplayError(f"the replay exchange cannot speak for {name!r}: choose {' or '.join(VENUES)}")
    return VENUES[name]


def spoken() -> str:
    """Names of the exchanges, for messages."""
    return " and ".join(VENUES)
