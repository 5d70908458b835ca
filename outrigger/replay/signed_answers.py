"""An account's orders, stops, fills and positions as Binance's USDⓈ-M interface writes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outrigger.replay.answers import plain
from outrigger.replay.bybit_contracts import tiers_of
from outrigger.replay.market import ReplayMarket
from outrigger.replay.signed_account import Account
from outrigger.replay.signed_orders import BUY, PARTLY, Fill, Order, Stop
from outrigger.replay.signed_position import Position, liquidated_at, maintenance

Row = dict[str, Any]
ASSET = "USDT"


def number(value: Decimal) -> str:
    """A decimal without an exponent."""
    return f"{value:f}"


def order(made: Order) -> Row:
    """One order."""
    filled = made.filled
    return {
        "orderId": made.number,
        "symbol": made.asked.symbol,
        "status": made.status,
        "clientOrderId": made.asked.client_id,
        "price": "0",
        "avgPrice": number(made.paid / filled) if filled else "0.00",
        "origQty": number(made.asked.quantity),
        "executedQty": number(filled),
        "cumQuote": number(made.paid),
        "timeInForce": "GTC",
        "type": "MARKET",
        "origType": "MARKET",
        "reduceOnly": made.asked.reduce_only,
        "closePosition": False,
        "side": made.asked.side,
        "positionSide": "BOTH",
        "stopPrice": "0",
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "time": made.time_ms,
        "updateTime": made.updated_ms,
    }


def stop(account: Account, made: Stop) -> Row:
    """One conditional order; it names the order that it has sent."""
    sent = account.orders.get(made.order or 0)
    running = sent is not None and sent.status == PARTLY
    return {
        "algoId": made.number,
        "clientAlgoId": made.asked.client_id,
        "algoType": "CONDITIONAL",
        "orderType": "STOP_MARKET",
        "symbol": made.asked.symbol,
        "side": made.asked.side,
        "positionSide": "BOTH",
        "timeInForce": "GTC",
        "quantity": number(made.asked.quantity),
        "algoStatus": "TRIGGERED" if running else made.status,
        "actualOrderId": "" if sent is None else str(sent.number),
        "actualPrice": "0.00" if sent is None or not sent.filled else number(sent.paid / sent.filled),
        "triggerPrice": number(made.trigger),
        "price": "0.00",
        "workingType": made.working,
        "closePosition": False,
        "priceProtect": False,
        "reduceOnly": made.asked.reduce_only,
        "createTime": made.time_ms,
        "updateTime": made.updated_ms,
        "triggerTime": 0 if sent is None else sent.time_ms,
        "goodTillDate": 0,
    }


def trade(made: Order, fill: Fill) -> Row:
    """One fill, a row of `userTrades`."""
    return {
        "buyer": made.asked.side == BUY,
        "commission": number(fill.fee),
        "commissionAsset": ASSET,
        "id": fill.number,
        "maker": False,
        "orderId": fill.order,
        "price": number(fill.price),
        "qty": number(fill.amount),
        "quoteQty": number(fill.amount * fill.price),
        "realizedPnl": number(fill.earned),
        "side": made.asked.side,
        "positionSide": "BOTH",
        "symbol": made.asked.symbol,
        "time": fill.time_ms,
    }


def position(account: Account, symbol: str, held: Position) -> Row:
    """One position, a row of `positionRisk`."""
    price = account.price(symbol)
    notional = held.amount * price
    return {
        "symbol": symbol,
        "positionSide": "BOTH",
        "positionAmt": number(held.amount),
        "entryPrice": number(held.entry),
        "breakEvenPrice": number(held.entry),
        "markPrice": number(price),
        "unRealizedProfit": number(held.unrealised(price)),
        "liquidationPrice": plain(liquidated_at(account.market, symbol, held)),
        "isolatedMargin": number(held.margin + held.unrealised(price)),
        "isolatedWallet": number(held.margin),
        "notional": number(notional),
        "marginAsset": ASSET,
        "initialMargin": number(abs(notional) / held.leverage),
        "maintMargin": plain(maintenance(account.market, symbol, abs(float(notional)))),
        "positionInitialMargin": number(abs(notional) / held.leverage),
        "openOrderInitialMargin": "0",
        "adl": 2,
        "updateTime": held.updated_ms,
    }


def balance(account: Account) -> Row:
    """The account as a whole, `account` of the third version."""
    held = {symbol: one for symbol, one in account.positions.items() if one.side}
    earned = sum((one.unrealised(account.price(symbol)) for symbol, one in held.items()), Decimal(0))
    margin = sum((one.margin for one in held.values()), Decimal(0))
    totals: Row = {
        "walletBalance": number(account.wallet),
        "unrealizedProfit": number(earned),
        "marginBalance": number(account.wallet + earned),
        "initialMargin": number(margin),
        "positionInitialMargin": number(margin),
        "openOrderInitialMargin": "0",
        "maintMargin": "0",
        "crossWalletBalance": number(account.available()),
        "crossUnPnl": "0",
        "availableBalance": number(account.available()),
        "maxWithdrawAmount": number(account.available()),
        "updateTime": max(account.settled_ms, 1),
    }
    return {
        "totalWalletBalance": totals["walletBalance"],
        "totalUnrealizedProfit": totals["unrealizedProfit"],
        "totalMarginBalance": totals["marginBalance"],
        "availableBalance": totals["availableBalance"],
        "assets": [{"asset": ASSET, **totals}],
        "positions": [position(account, symbol, one) for symbol, one in held.items()],
    }


def brackets(market: ReplayMarket, symbol: str) -> Row:
    """Leverage brackets of a contract."""
    return {
        "symbol": symbol,
        "notionalCoef": 1.0,
        "brackets": [
            {
                "bracket": place,
                "initialLeverage": int(tier["maxLeverage"]),
                "notionalCap": tier["maxNotional"],
                "notionalFloor": tier["minNotional"],
                "maintMarginRatio": tier["maintenanceMarginRate"],
                "cum": (tier.get("info") or {}).get("cum", 0.0),
            }
            for place, tier in enumerate(tiers_of(market, symbol), start=1)
        ],
    }
