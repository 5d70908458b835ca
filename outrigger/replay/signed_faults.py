"""What goes wrong with orders on a real exchange: refused, accepted without a word, filled in part, late.

The dangerous ones are those that the client cannot tell apart: an order whose answer was lost may stand or
not, and a stop that could not be cancelled may have been filled. Only Binance's signed routes are known
here. Refusals are in the exchange's words, as far as ccxt tells them apart.
"""

from __future__ import annotations

import json
from decimal import Decimal

from aiohttp import web

from outrigger.replay.faults import ANY, Answer, Fault, Handler, refused
from outrigger.replay.signed_account import Thin
from outrigger.replay.signed_orders import NEW
from outrigger.replay.signed_routes import ACCOUNT

ORDER, STOP = "/fapi/v1/order", "/fapi/v1/algoOrder"
ORDER_LOST = "order filled, answer lost"
BALANCE, POSITIONS = "/fapi/v3/account", "/fapi/v3/positionRisk"
# What an exchange says when it does not know itself whether an order stands.
_UNKNOWN = (503, -1007, "Timeout waiting for response from backend server. Send status unknown.")
_MISSING = (400, -2013, "Order does not exist.")
_MARGIN = (400, -2019, "Margin is insufficient.")
_LIMIT = (429, -1003, "Too many requests; current limit of IP is 2400 requests per minute.")


async def _done_unsaid(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Do what was asked for and say that nobody knows."""
    await handler(request)
    return await refused(*_UNKNOWN)(request, handler)


def _thin(share: str, *, waits: bool) -> Answer:
    """Let stops that are set off meanwhile find a part of their amount."""

    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        account = request.app[ACCOUNT]
        account.thin = Thin(Decimal(share), waits)
        try:
            return await handler(request)
        finally:
            account.thin = None

    return answer


async def _filled_first(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Set the stop off in the moment in which its cancellation comes in."""
    account = request.app[ACCOUNT]
    account.settle()
    for stop in account.waiting():
        account.set_off(stop, account.price(stop.asked.symbol), account.settled_ms)
    return await handler(request)


async def _still_waiting(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell of every stop that it waits, whatever has become of it."""
    told = await handler(request)
    if not isinstance(told, web.Response) or told.status != 200:
        return told
    stop = json.loads(told.text or "null")
    return web.json_response({**stop, "algoStatus": NEW, "actualOrderId": ""})


def order_faults() -> dict[str, Fault]:
    """Every fault of orders, by name.

    Returns
    -------
    dict of str to Fault
    """
    answers: dict[str, tuple[str, str, Answer]] = {
        "stop refused: would trigger at once": (
            "POST",
            STOP,
            refused(400, -2021, "Order would immediately trigger."),
        ),
        "stop refused: margin insufficient": ("POST", STOP, refused(*_MARGIN)),
        "stop refused: too many requests": ("POST", STOP, refused(*_LIMIT)),
        "stop placed, answer lost": ("POST", STOP, _done_unsaid),
        "stop filled in part, the rest waits": (ANY, ANY, _thin("0.4", waits=True)),
        "stop filled in part, the rest expires": (ANY, ANY, _thin("0.4", waits=False)),
        "stop filled while it is replaced": ("DELETE", STOP, _filled_first),
        "cancellation lost": ("DELETE", STOP, refused(*_UNKNOWN)),
        "cancelled, answer lost": ("DELETE", STOP, _done_unsaid),
        "stop filled, told as waiting": ("GET", STOP, _still_waiting),
        "stop not found": ("GET", STOP, refused(*_MISSING)),
        "order not found": ("GET", ORDER, refused(*_MISSING)),
        "order refused: margin insufficient": ("POST", ORDER, refused(*_MARGIN)),
        "order refused: notional too small": (
            "POST",
            ORDER,
            refused(400, -4164, "Order's notional must be no smaller than 20."),
        ),
        "order refused: too many requests": ("POST", ORDER, refused(*_LIMIT)),
        ORDER_LOST: ("POST", ORDER, _done_unsaid),
        "no balance": ("GET", BALANCE, refused(*_UNKNOWN)),
        "no positions": ("GET", POSITIONS, refused(*_UNKNOWN)),
    }
    return {name: Fault(name, route, answer, method) for name, (method, route, answer) in answers.items()}
