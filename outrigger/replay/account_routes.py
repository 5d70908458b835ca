"""What an exchange says of an account that nobody trades with: key, modes, wallet, positions, orders.

It exists so that `outrigger doctor --live` can be tried, and tested against accounts that are set up badly,
without a key to a real one. Any key is taken unless one is named; signatures are not checked, because nothing
can be done here but read. Where a trading account is served (`signed_routes`), that one answers instead.
Source: Binance API documentation (USDⓈ-M futures; wallet, "API Key Permission"), Bybit API documentation, v5.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from outrigger.replay.answers import plain
from outrigger.replay.bybit_routes import answer
from outrigger.replay.request_market import MARKET
from outrigger.replay.request_terms import RefusedRequest
from outrigger.replay.sheet_orders import SheetOrder, binance_order, binance_stop, bybit_order

Row = dict[str, object]
ASSET = "USDT"
BYBIT_MARGIN = {"isolated": "ISOLATED_MARGIN", "cross": "REGULAR_MARGIN", "portfolio": "PORTFOLIO_MARGIN"}


@dataclass(frozen=True, slots=True)
class AccountSheet:
    """An account and its key, as their owner has set them up.

    Parameters
    ----------
    wallet : float
        Balance in USDT.
    trades, withdraws, ip_bound : bool
        Whether the key may trade futures, take money out, and is bound to addresses.
    hedged, multi_assets : bool
        Whether longs and shorts are kept apart, and whether other assets count as margin.
    margin_mode : str
        `isolated`, `cross` or, on Bybit, `portfolio`.
    positions : mapping of str to float
        Signed amount in base currency by the exchange's symbol.
    orders : tuple of SheetOrder
        That wait.
    key : str or None
        The only key that is taken; None takes any.
    """

    wallet: float = 10_000.0
    trades: bool = True
    withdraws: bool = False
    ip_bound: bool = True
    hedged: bool = False
    multi_assets: bool = False
    margin_mode: str = "isolated"
    positions: Mapping[str, float] = field(default_factory=dict)
    orders: tuple[SheetOrder, ...] = ()
    key: str | None = None


SHEET = web.AppKey("sheet", AccountSheet)
Said = Callable[[web.Request, AccountSheet], Row | list[Row]]
SaidRow = Callable[[web.Request, AccountSheet], Row]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _binance(said: Said) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        sheet, sent = request.app[SHEET], request.headers.get("X-MBX-APIKEY")
        if not sent or sheet.key not in (None, sent):
            raise RefusedRequest(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        return web.json_response(said(request, sheet))

    return handler


def _bybit(said: SaidRow) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        sheet, sent = request.app[SHEET], request.headers.get("X-BAPI-API-KEY")
        if not sent or sheet.key not in (None, sent):
            raise RefusedRequest(10003, "API key is invalid.", 200)
        return answer(request, said(request, sheet))

    return handler


def _restrictions(_: web.Request, sheet: AccountSheet) -> Row:
    return {
        "ipRestrict": sheet.ip_bound,
        "createTime": 1_700_000_000_000,
        "enableReading": True,
        "enableWithdrawals": sheet.withdraws,
        "enableInternalTransfer": False,
        "permitsUniversalTransfer": False,
        "enableFutures": sheet.trades,
        "enableMargin": False,
        "enableSpotAndMarginTrading": False,
        "enableVanillaOptions": False,
        "enablePortfolioMarginTrading": False,
    }


def _held(request: web.Request, sheet: AccountSheet) -> list[tuple[str, float, float]]:
    """Symbol, signed amount and value of each position."""
    market = request.app[MARKET]
    return [
        (symbol, amount, amount * (market.price(symbol) or 0.0)) for symbol, amount in sheet.positions.items()
    ]


def _position(sheet: AccountSheet, symbol: str, amount: float, worth: float) -> Row:
    side = ("LONG" if amount > 0 else "SHORT") if sheet.hedged else "BOTH"
    margin = abs(worth) / 5
    isolated = margin if sheet.margin_mode == "isolated" else 0.0
    return {
        "symbol": symbol,
        "positionSide": side,
        "positionAmt": plain(amount),
        "unrealizedProfit": "0",
        "isolatedMargin": plain(isolated),
        "isolatedWallet": plain(isolated),
        "notional": plain(worth),
        "initialMargin": plain(margin),
        "maintMargin": plain(abs(worth) * 0.005),
        "updateTime": 1,
    }


def _account(request: web.Request, sheet: AccountSheet) -> Row:
    wallet = plain(sheet.wallet)
    totals: Row = {"walletBalance": wallet, "marginBalance": wallet, "unrealizedProfit": "0"}
    totals |= {"maintMargin": "0", "initialMargin": "0", "availableBalance": wallet, "updateTime": 1}
    return {
        "totalWalletBalance": wallet,
        "totalMarginBalance": wallet,
        "availableBalance": wallet,
        "assets": [{"asset": ASSET, **totals}],
        "positions": [_position(sheet, *held) for held in _held(request, sheet)],
    }


def _symbols(request: web.Request, sheet: AccountSheet) -> list[Row]:
    margin = "ISOLATED" if sheet.margin_mode == "isolated" else "CROSSED"
    return [
        {"symbol": symbol, "marginType": margin, "isAutoAddMargin": False, "leverage": 20}
        for symbol in request.app[MARKET].contracts
    ]


def _key(_: web.Request, sheet: AccountSheet) -> Row:
    wallet = ["AccountTransfer", *(["Withdraw"] if sheet.withdraws else [])]
    trade = ["Order", "Position"] if sheet.trades else []
    return {
        "readOnly": 0 if sheet.trades else 1,
        "permissions": {"ContractTrade": trade, "Spot": [], "Wallet": wallet, "Derivatives": []},
        "ips": ["127.0.0.1"] if sheet.ip_bound else ["*"],
        "unified": 0,
        "uta": 1,
    }


def _mode(_: web.Request, sheet: AccountSheet) -> Row:
    return {"marginMode": BYBIT_MARGIN[sheet.margin_mode], "unifiedMarginStatus": 5, "updatedTime": "1"}


def _wallet(_: web.Request, sheet: AccountSheet) -> Row:
    wallet = plain(sheet.wallet)
    coin = {"coin": ASSET, "walletBalance": wallet, "equity": wallet, "unrealisedPnl": "0", "locked": "0"}
    return {"list": [{"accountType": "UNIFIED", "totalEquity": wallet, "coin": [coin]}]}


def _positions(request: web.Request, sheet: AccountSheet) -> Row:
    wanted = request.query.get("symbol")
    rows: list[Row] = []
    if wanted is not None and wanted not in sheet.positions:  # a contract that is named is told, held or not
        rows = [{"symbol": wanted, "side": "", "size": "0", "positionIdx": at} for at in _indices(sheet)]
    for symbol, amount, worth in _held(request, sheet):
        if wanted in (None, symbol):
            side, at = ("Buy", 1) if amount > 0 else ("Sell", 2)
            row: Row = {"symbol": symbol, "side": side, "size": plain(abs(amount)), "tradeMode": 0}
            rows.append(row | {"positionValue": plain(abs(worth)), "positionIdx": at if sheet.hedged else 0})
    return {"category": "linear", "list": rows, "nextPageCursor": ""}


def _orders(_: web.Request, sheet: AccountSheet) -> list[Row]:
    return [binance_order(one) for one in sheet.orders if one.trigger is None]


def _stops(_: web.Request, sheet: AccountSheet) -> list[Row]:
    return [binance_stop(one) for one in sheet.orders if one.trigger is not None]


def _both(request: web.Request, sheet: AccountSheet) -> Row:
    """Orders and stops, a page of at most 50; the cursor is the place of the next one."""
    begin, many = int(request.query.get("cursor") or 0), min(int(request.query.get("limit", "20")), 50)
    rows = [bybit_order(one) for one in sheet.orders[begin : begin + many]]
    return {"category": "linear", "list": rows, "nextPageCursor": str(begin + len(rows)) if rows else ""}


def _indices(sheet: AccountSheet) -> tuple[int, ...]:
    return (1, 2) if sheet.hedged else (0,)


ROUTES = {
    "binance": [
        web.get("/sapi/v1/account/apiRestrictions", _binance(_restrictions)),
        web.get("/fapi/v1/positionSide/dual", _binance(lambda _, s: {"dualSidePosition": s.hedged})),
        web.get("/fapi/v1/multiAssetsMargin", _binance(lambda _, s: {"multiAssetsMargin": s.multi_assets})),
        web.get("/fapi/v1/symbolConfig", _binance(_symbols)),
        web.get("/fapi/v3/account", _binance(_account)),
        web.get("/fapi/v1/openOrders", _binance(_orders)),
        web.get("/fapi/v1/openAlgoOrders", _binance(_stops)),
    ],
    "bybit": [
        web.get("/v5/user/query-api", _bybit(_key)),
        web.get("/v5/account/info", _bybit(_mode)),
        web.get("/v5/account/wallet-balance", _bybit(_wallet)),
        web.get("/v5/position/list", _bybit(_positions)),
        web.get("/v5/order/realtime", _bybit(_both)),
    ],
}
"""Routes by the name of the exchange that is spoken for."""
