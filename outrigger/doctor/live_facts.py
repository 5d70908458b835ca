"""What an exchange says of an account, read with the requests of each exchange and told in the same words.

Signed requests that change nothing. Fields follow the exchanges' documentation (Binance: wallet, "API Key
Permission", and USDⓈ-M futures; Bybit v5: "Get API Key Information", "Account", "Position", "Get Open &
Closed Orders"). Stops have a route of their own on Binance since the end of 2025 ("algo orders"), none on
Bybit. Weak: kinds of account that ccxt and Freqtrade do not know, such as Binance's portfolio margin, are
refused by the exchange and told as that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outrigger.doctor.live_clock import unthrottled

# The most that Bybit tells of orders at once.
PAGE = 50
STANDING = frozenset({"New", "PartiallyFilled", "Untriggered", "Triggered"})
BYBIT_MARGIN = {"ISOLATED_MARGIN": "isolated", "REGULAR_MARGIN": "cross", "PORTFOLIO_MARGIN": "portfolio"}


@dataclass(frozen=True, slots=True)
class KeyRights:
    """What an API key may do.

    Parameters
    ----------
    trades : bool
        Place orders on perpetual futures.
    withdraws : bool
        Send money to somebody else: withdrawals, transfers to other users.
    ip_bound : bool
        Work from named addresses only.
    """

    trades: bool
    withdraws: bool
    ip_bound: bool


@dataclass(frozen=True, slots=True)
class Modes:
    """How an account is set up.

    Parameters
    ----------
    hedged : bool
        Whether longs and shorts of a contract are kept apart ("hedge mode", "dual side").
    multi_assets : bool
        Whether other assets than the stake currency count as margin.
    margin : mapping of str to str
        `isolated`, `cross` or `portfolio` by pair.
    """

    hedged: bool
    multi_assets: bool
    margin: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Held:
    """An open position: signed amount in contracts, and its margin mode."""

    pair: str
    amount: float
    margin: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order that waits to be filled, or for its price.

    Parameters
    ----------
    number : str
        The exchange's, as Freqtrade keeps it.
    pair : str
        What it is about.
    buys : bool
        Whether it buys.
    amount : float
        What is left of it, in contracts; 0 is the whole position, whatever that is when it is filled.
    price : float or None
        Limit price; None takes the market's.
    trigger : float or None
        Price that sets a stop off; None is no stop, or one that trails.
    closes : bool
        Whether it may only make a position smaller.
    placed_ms : int
        When it was placed, in ms.
    """

    number: str
    pair: str
    buys: bool
    amount: float
    price: float | None
    trigger: float | None
    closes: bool
    placed_ms: int


@dataclass(frozen=True, slots=True)
class Funds:
    """Money and positions: balance of the stake currency without open results, and what is held."""

    wallet: float
    held: tuple[Held, ...]


class BinanceAccount:
    """Binance's USDⓈ-M futures.

    Parameters
    ----------
    client : ccxt.Exchange
        With markets.
    pairs : tuple of str
        That are to be traded.
    currency : str
        Stake currency.
    """

    def __init__(self, client: Any, pairs: tuple[str, ...], currency: str) -> None:
        self._client, self._pairs, self._currency = client, pairs, currency

    def rights(self) -> KeyRights:
        """Ask what the key may do."""
        told = self._client.sapiGetAccountApiRestrictions()
        out = bool(told.get("enableWithdrawals") or told.get("enableInternalTransfer"))
        return KeyRights(bool(told.get("enableFutures")), out, bool(told.get("ipRestrict")))

    def modes(self) -> Modes:
        """Ask how the account is set up."""
        client = self._client
        dual = client.fapiPrivateGetPositionSideDual()["dualSidePosition"]
        multi = client.fapiPrivateGetMultiAssetsMargin()["multiAssetsMargin"]
        ids = {client.market(pair)["id"]: pair for pair in self._pairs}
        margin = {
            ids[row["symbol"]]: "isolated" if row["marginType"] == "ISOLATED" else "cross"
            for row in client.fapiPrivateGetSymbolConfig()
            if row["symbol"] in ids
        }
        return Modes(bool(dual), bool(multi), margin)

    def funds(self) -> Funds:
        """Ask for wallet and positions."""
        told = self._client.fapiPrivateV3GetAccount()
        wallets = {row["asset"]: float(row["walletBalance"]) for row in told["assets"]}
        held = tuple(
            Held(
                self._client.safe_symbol(row["symbol"], None, None, "swap"),
                float(row["positionAmt"]),
                "isolated" if float(row.get("isolatedMargin") or 0) else "cross",
            )
            for row in told["positions"]
            if float(row["positionAmt"])
        )
        return Funds(wallets.get(self._currency, 0.0), held)

    def waiting(self) -> list[Waiting]:
        """Ask for all orders that wait, of every pair of the stake currency."""
        # Asked for without a symbol each weighs 40 of 2400 a minute, for which ccxt would wait two seconds.
        with unthrottled(self._client) as client:
            orders, stops = client.fapiPrivateGetOpenOrders(), client.fapiPrivateGetOpenAlgoOrders()
        found = [self._order(row) for row in orders] + [self._stop(row) for row in stops]
        return [one for one in found if one.pair.endswith(f":{self._currency}")]

    def _order(self, row: Mapping[str, Any]) -> Waiting:
        left = float(row["origQty"]) - float(row["executedQty"])
        return self._waiting(row, "orderId", left, "stopPrice", "time")

    def _stop(self, row: Mapping[str, Any]) -> Waiting:
        return self._waiting(row, "algoId", float(row.get("quantity") or 0), "triggerPrice", "createTime")

    def _waiting(self, row: Mapping[str, Any], number: str, left: float, trigger: str, at: str) -> Waiting:
        return Waiting(
            str(row[number]),
            self._client.safe_symbol(row["symbol"], None, None, "swap"),
            row["side"] == "BUY",
            0.0 if row.get("closePosition") else left,
            float(row.get("price") or 0) or None,
            float(row.get(trigger) or 0) or None,
            bool(row.get("reduceOnly") or row.get("closePosition")),
            int(row[at]),
        )


class BybitAccount:
    """Bybit's unified account; see `BinanceAccount`."""

    def __init__(self, client: Any, pairs: tuple[str, ...], currency: str) -> None:
        self._client, self._pairs, self._currency = client, pairs, currency
        self._rows: list[Any] | None = None

    def rights(self) -> KeyRights:
        """Ask what the key may do."""
        told = self._client.privateGetV5UserQueryApi()["result"]
        granted = told["permissions"]
        trade = {"Order", "Position"} <= set(granted.get("ContractTrade") or ())
        trade = trade or "DerivativesTrade" in (granted.get("Derivatives") or ())
        writes = int(told.get("readOnly") or 0) == 0
        bound = bool(told.get("ips")) and "*" not in told["ips"]
        return KeyRights(trade and writes, "Withdraw" in (granted.get("Wallet") or ()), bound)

    def modes(self) -> Modes:
        """Ask how the account is set up; the margin mode is the whole account's."""
        said = self._client.privateGetV5AccountInfo()["result"]["marginMode"]
        mode = BYBIT_MARGIN.get(str(said), str(said).lower())
        rows = list(self._held())
        if self._pairs:
            first = {"category": "linear", "symbol": self._client.market(self._pairs[0])["id"]}
            rows += self._client.privateGetV5PositionList(first)["result"]["list"]
        hedged = any(int(row["positionIdx"]) for row in rows)
        return Modes(hedged, False, dict.fromkeys(self._pairs, mode))

    def funds(self) -> Funds:
        """Ask for wallet and positions."""
        said = self._client.privateGetV5AccountInfo()["result"]["marginMode"]
        mode = BYBIT_MARGIN.get(str(said), str(said).lower())
        told = self._client.privateGetV5AccountWalletBalance({"accountType": "UNIFIED"})["result"]["list"]
        coins = {coin["coin"]: float(coin["walletBalance"] or 0) for row in told for coin in row["coin"]}
        held = tuple(
            Held(
                self._client.safe_symbol(row["symbol"], None, None, "swap"),
                float(row["size"]) * (1 if row["side"] == "Buy" else -1),
                mode,
            )
            for row in self._held()
        )
        return Funds(coins.get(self._currency, 0.0), held)

    def waiting(self) -> list[Waiting]:
        """Ask for all orders that wait; see `BinanceAccount`."""
        asked: dict[str, Any] = {"category": "linear", "settleCoin": self._currency, "limit": PAGE}
        rows: list[Any] = []
        while True:
            told = self._client.privateGetV5OrderRealtime(asked)["result"]
            rows += told["list"]
            asked["cursor"] = told["nextPageCursor"]
            if len(told["list"]) < PAGE or not asked["cursor"]:
                break
        return [self._waiting(row) for row in rows if row["orderStatus"] in STANDING]

    def _waiting(self, row: Mapping[str, Any]) -> Waiting:
        return Waiting(
            str(row["orderId"]),
            self._client.safe_symbol(row["symbol"], None, None, "swap"),
            row["side"] == "Buy",
            float(row["qty"] or 0) - float(row.get("cumExecQty") or 0),
            float(row.get("price") or 0) or None,
            float(row.get("triggerPrice") or 0) or None,
            bool(row.get("reduceOnly") or row.get("closeOnTrigger")),
            int(row["createdTime"]),
        )

    def _held(self) -> list[Any]:
        if self._rows is None:
            asked = {"category": "linear", "settleCoin": self._currency, "limit": 200}
            rows = self._client.privateGetV5PositionList(asked)["result"]["list"]
            self._rows = [row for row in rows if float(row["size"] or 0)]
        return self._rows


Account = BinanceAccount | BybitAccount
ACCOUNTS: dict[str, type[Account]] = {"binance": BinanceAccount, "bybit": BybitAccount}
