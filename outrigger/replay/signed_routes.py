"""Signed routes of Binance's USDⓈ-M futures REST interface, as far as Freqtrade and ccxt use them.

Market orders and market stops (`algoOrder`, the only door for conditional orders since the end of 2025), what
became of them, the position and the balance. Only one-way mode and single-asset margin exist here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation

from aiohttp import web

from outrigger.replay import signed_answers as write
from outrigger.replay.bybit_contracts import tiers_of
from outrigger.replay.request_market import MARKET, invalid_symbol
from outrigger.replay.request_terms import RefusedRequest, integer, text
from outrigger.replay.signed_account import TAKER_FEE, Account
from outrigger.replay.signed_orders import BUY, PARTLY, SELL, Asked, Order, Stop
from outrigger.replay.signed_request import KEY_HEADER, Keys, verified

ACCOUNT = web.AppKey("account", Account)
KEYS = web.AppKey("keys", Keys)
Query = Mapping[str, str]
Answer = Callable[[Account, Query], object]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _signed(answer: Answer) -> Handler:
    """Check who asks, let pass what prices have set off meanwhile, and answer."""

    async def handler(request: web.Request) -> web.StreamResponse:
        account, body = request.app[ACCOUNT], await request.text()
        now_ms = request.app[MARKET].clock.now_ms()
        header = request.headers.get(KEY_HEADER)
        asked = verified(request.app[KEYS], header, request.rel_url.raw_query_string, body, now_ms)
        account.settle()
        return web.json_response(answer(account, asked))

    return handler


def _symbol(account: Account, query: Query) -> str:
    symbol = text(query, "symbol")
    if symbol not in account.market.contracts:
        raise invalid_symbol()
    return symbol


def _decimal(query: Query, name: str) -> Decimal:
    try:
        value = Decimal(text(query, name))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise RefusedRequest(-1100, f"Illegal characters found in parameter '{name}'.")
    return value


def _asked(account: Account, query: Query, client_id: str) -> Asked:
    side = text(query, "side")
    if side not in (BUY, SELL):
        raise RefusedRequest(-1117, "Invalid side.")
    reduce_only = query.get("reduceOnly", "false").lower() == "true"
    return Asked(
        _symbol(account, query), side, _decimal(query, "quantity"), reduce_only, query.get(client_id, "")
    )


def _kind(query: Query, known: str) -> None:
    if text(query, "type") != known:
        raise RefusedRequest(-1116, "Invalid orderType.")


def _place_order(account: Account, query: Query) -> object:
    _kind(query, "MARKET")
    return write.order(account.order(_asked(account, query, "newClientOrderId")))


def _place_stop(account: Account, query: Query) -> object:
    _kind(query, "STOP_MARKET")
    working = query.get("workingType", "CONTRACT_PRICE")
    if working not in ("CONTRACT_PRICE", "MARK_PRICE"):
        raise RefusedRequest(-1102, "Mandatory parameter 'workingType' was malformed.")
    asked = _asked(account, query, "clientAlgoId")
    return write.stop(account, account.stop(asked, _decimal(query, "triggerPrice"), working))


def _unknown() -> RefusedRequest:
    return RefusedRequest(-2013, "Order does not exist.")


def _order(account: Account, query: Query) -> Order:
    found = account.orders.get(integer(query, "orderId") or 0)
    if found is None:
        raise _unknown()
    return found


def _stop(account: Account, query: Query) -> Stop:
    found = account.stops.get(integer(query, "algoId") or 0)
    if found is None:
        raise _unknown()
    return found


def _cancel_stop(account: Account, query: Query) -> object:
    found = account.stops.get(integer(query, "algoId") or 0)
    if found is None:
        raise RefusedRequest(-2011, "Unknown order sent.")
    account.cancel(found)
    return {
        "algoId": found.number,
        "clientAlgoId": found.asked.client_id,
        "code": "200",
        "msg": "success",
    }


def _cancel_order(_: Account, __: Query) -> object:
    # A market order does not wait: there is never one to take back.
    raise RefusedRequest(-2011, "Unknown order sent.")


def _of_symbol(account: Account, query: Query) -> Iterable[Order]:
    symbol, since = _symbol(account, query), integer(query, "startTime") or 0
    return [one for one in account.orders.values() if one.asked.symbol == symbol and one.time_ms >= since]


def _open_orders(account: Account, query: Query) -> object:
    symbol = _symbol(account, query) if "symbol" in query else None
    waiting = (one for one in account.orders.values() if one.status == PARTLY)
    return [write.order(one) for one in waiting if symbol in (None, one.asked.symbol)]


def _stops_of(account: Account, query: Query) -> object:
    symbol, since = _symbol(account, query), integer(query, "startTime") or 0
    found = [s for s in account.stops.values() if s.asked.symbol == symbol and s.time_ms >= since]
    return [write.stop(account, one) for one in found]


def _trades(account: Account, query: Query) -> object:
    since = integer(query, "startTime") or 0
    everything = {**query, "startTime": "0"}
    return [
        write.trade(made, fill)
        for made in _of_symbol(account, everything)
        for fill in made.fills
        if fill.time_ms >= since
    ]


def _income(account: Account, query: Query) -> object:
    symbol, since = query.get("symbol"), integer(query, "startTime") or 0
    return [
        {
            "symbol": one.symbol,
            "incomeType": "FUNDING_FEE",
            "income": write.number(one.amount),
            "asset": write.ASSET,
            "info": "FUNDING_FEE",
            "time": one.time_ms,
            "tranId": place,
            "tradeId": "",
        }
        for place, one in enumerate(account.charges, start=1)
        if symbol in (None, one.symbol) and one.time_ms >= since
    ]


def _positions(account: Account, query: Query) -> object:
    symbol = query.get("symbol")
    held = {name: one for name, one in account.positions.items() if one.side and symbol in (None, name)}
    return [write.position(account, name, one) for name, one in held.items()]


def _set_leverage(account: Account, query: Query) -> object:
    symbol, leverage = _symbol(account, query), integer(query, "leverage") or 0
    most = int(max(tier["maxLeverage"] for tier in tiers_of(account.market, symbol)))
    if not 1 <= leverage <= most:
        raise RefusedRequest(-4028, f"Leverage {leverage} is not valid.")
    held = account.position(symbol)
    if held.side and leverage < held.leverage:
        raise RefusedRequest(
            -4161, "Leverage reduction is not supported in Isolated Margin Mode with open positions."
        )
    held.leverage = leverage
    return {"symbol": symbol, "leverage": leverage, "maxNotionalValue": "1000000"}


def _set_margin_type(account: Account, query: Query) -> object:
    held, wanted = account.position(_symbol(account, query)), text(query, "marginType")
    if wanted == held.margin_type:
        raise RefusedRequest(-4046, "No need to change margin type.")
    if held.side:
        raise RefusedRequest(-4048, "Margin type cannot be changed if there exists position.")
    held.margin_type = wanted
    return {"code": 200, "msg": "success"}


def _brackets(account: Account, _: Query) -> object:
    return [write.brackets(account.market, symbol) for symbol in account.market.contracts]


def _commission(account: Account, query: Query) -> object:
    rate = write.number(TAKER_FEE)
    return {"symbol": _symbol(account, query), "makerCommissionRate": "0.0002", "takerCommissionRate": rate}


def _config(_: Account, __: Query) -> object:
    return {"feeTier": 0, "canTrade": True, "dualSidePosition": False, "multiAssetsMargin": False}


_GET: dict[str, Answer] = {
    "/fapi/v3/account": lambda account, _: write.balance(account),
    "/fapi/v3/positionRisk": _positions,
    "/fapi/v1/accountConfig": _config,
    "/fapi/v1/positionSide/dual": lambda _, __: {"dualSidePosition": False},
    "/fapi/v1/multiAssetsMargin": lambda _, __: {"multiAssetsMargin": False},
    "/fapi/v1/leverageBracket": _brackets,
    "/fapi/v1/commissionRate": _commission,
    "/fapi/v1/income": _income,
    "/fapi/v1/order": lambda account, query: write.order(_order(account, query)),
    "/fapi/v1/allOrders": lambda account, query: [write.order(one) for one in _of_symbol(account, query)],
    "/fapi/v1/openOrders": _open_orders,
    "/fapi/v1/userTrades": _trades,
    "/fapi/v1/algoOrder": lambda account, query: write.stop(account, _stop(account, query)),
    "/fapi/v1/allAlgoOrders": _stops_of,
    "/fapi/v1/openAlgoOrders": lambda account, query: [
        write.stop(account, one) for one in account.waiting(query.get("symbol"))
    ],
}
_POST: dict[str, Answer] = {
    "/fapi/v1/order": _place_order,
    "/fapi/v1/algoOrder": _place_stop,
    "/fapi/v1/leverage": _set_leverage,
    "/fapi/v1/marginType": _set_margin_type,
}
_DELETE: dict[str, Answer] = {"/fapi/v1/order": _cancel_order, "/fapi/v1/algoOrder": _cancel_stop}
ROUTES = [
    *(web.get(path, _signed(answer)) for path, answer in _GET.items()),
    *(web.post(path, _signed(answer)) for path, answer in _POST.items()),
    *(web.delete(path, _signed(answer)) for path, answer in _DELETE.items()),
]
