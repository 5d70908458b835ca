"""Which market, and which of its contracts, a request is about."""

from __future__ import annotations

from aiohttp import web

from outrigger.replay.market import ReplayMarket
from outrigger.replay.request_terms import RefusedRequest, text

MARKET = web.AppKey("market", ReplayMarket)


def asked_symbol(request: web.Request, name: str = "symbol") -> str:
    """Symbol that a request names, refused when it names none that is traded here."""
    symbol = text(request.query, name)
    if symbol not in request.app[MARKET].contracts:
        raise invalid_symbol()
    return symbol


def invalid_symbol() -> RefusedRequest:
    """Refusal of a symbol, in the exchange's words."""
    return RefusedRequest(-1121, "Invalid symbol.")
