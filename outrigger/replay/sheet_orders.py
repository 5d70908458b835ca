"""Orders that wait on an account that nobody trades with, as each exchange writes them.

Source: Binance API documentation, USDⓈ-M futures, "Current All Open Orders" and "Current All Algo Open
Orders" (conditional orders, which have routes and numbers of their own since the end of 2025); Bybit API
documentation, v5, "Get Open & Closed Orders" (one route for both kinds).
"""

from __future__ import annotations

from dataclasses import dataclass

from outrigger.replay.answers import plain

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class SheetOrder:
    """An order that waits.

    Parameters
    ----------
    number : str
        The exchange's.
    symbol : str
        The exchange's.
    buys : bool
        Whether it buys.
    amount : float
        Base currency; 0 closes the position, whatever it is then.
    price : float or None
        Limit price; None is at the market's.
    trigger : float or None
        Price that sets a stop off; None is no stop.
    reduces : bool
        Whether it may only make a position smaller.
    time_ms : int
        When it was accepted.
    """

    number: str
    symbol: str
    buys: bool
    amount: float
    price: float | None
    trigger: float | None
    reduces: bool
    time_ms: int


def binance_order(one: SheetOrder) -> Row:
    """A row of `openOrders`."""
    return {
        "orderId": int(one.number),
        "clientOrderId": f"c{one.number}",
        "symbol": one.symbol,
        "status": "NEW",
        "side": "BUY" if one.buys else "SELL",
        "positionSide": "BOTH",
        "type": "LIMIT",
        "origType": "LIMIT",
        "timeInForce": "GTC",
        "origQty": plain(one.amount),
        "executedQty": "0",
        "cumQuote": "0",
        "price": plain(one.price or 0.0),
        "avgPrice": "0.00",
        "stopPrice": "0",
        "reduceOnly": one.reduces,
        "closePosition": False,
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "time": one.time_ms,
        "updateTime": one.time_ms,
    }


def binance_stop(one: SheetOrder) -> Row:
    """A row of `openAlgoOrders`."""
    return {
        "algoId": int(one.number),
        "clientAlgoId": f"c{one.number}",
        "algoType": "CONDITIONAL",
        "orderType": "STOP_MARKET" if one.price is None else "STOP",
        "symbol": one.symbol,
        "side": "BUY" if one.buys else "SELL",
        "positionSide": "BOTH",
        "timeInForce": "GTC",
        "quantity": plain(one.amount),
        "algoStatus": "NEW",
        "actualOrderId": "",
        "actualPrice": "0.00",
        "triggerPrice": plain(one.trigger or 0.0),
        "price": plain(one.price or 0.0),
        "workingType": "MARK_PRICE",
        "closePosition": not one.amount,
        "priceProtect": False,
        "reduceOnly": one.reduces,
        "createTime": one.time_ms,
        "updateTime": one.time_ms,
        "triggerTime": 0,
        "goodTillDate": 0,
    }


def bybit_order(one: SheetOrder) -> Row:
    """A row of `order/realtime`."""
    waits = one.trigger is not None
    return {
        "orderId": one.number,
        "orderLinkId": "",
        "symbol": one.symbol,
        "side": "Buy" if one.buys else "Sell",
        "positionIdx": 0,
        "orderType": "Market" if one.price is None else "Limit",
        "stopOrderType": "Stop" if waits else "",
        "orderStatus": "Untriggered" if waits else "New",
        "createType": "CreateByUser",
        "cancelType": "UNKNOWN",
        "rejectReason": "EC_NoError",
        "timeInForce": "IOC" if one.price is None else "GTC",
        "qty": plain(one.amount),
        "leavesQty": plain(one.amount),
        "cumExecQty": "0",
        "cumExecValue": "0",
        "cumExecFee": "0",
        "price": plain(one.price or 0.0),
        "avgPrice": "",
        "triggerPrice": plain(one.trigger) if one.trigger is not None else "",
        "triggerDirection": 0 if one.trigger is None else 1 if one.buys else 2,
        "triggerBy": "MarkPrice" if waits else "",
        "tpslMode": "",
        "takeProfit": "",
        "stopLoss": "",
        "reduceOnly": one.reduces,
        "closeOnTrigger": not one.amount,
        "createdTime": str(one.time_ms),
        "updatedTime": str(one.time_ms),
    }
