"""Trading rules of the contracts, as `exchangeInfo` states them.

Rules of the large contracts are those Binance publishes for them (2025). For any other contract, and for
a known one whose recorded price is out of proportion with its rules, they are derived from the price:
a tick of about a basis point of it, a lot worth about a unit of quote currency. Fees are not among the
rules: the client library brings them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from outrigger.replay.market import ReplayMarket

PERPETUAL_DELIVERY_MS = 4_133_404_800_000
LARGEST_TICK_PCT = 0.001
ORDER_TYPES = [
    "LIMIT",
    "MARKET",
    "STOP",
    "STOP_MARKET",
    "TAKE_PROFIT",
    "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
]


@dataclass(frozen=True, slots=True)
class Rules:
    """Steps and limits of orders in one contract.

    Parameters
    ----------
    tick : Decimal
        Smallest change of price, in quote currency.
    lot : Decimal
        Smallest order and step of amounts, in base currency.
    most : Decimal
        Largest limit order, in base currency.
    most_at_market : Decimal
        Largest market order, in base currency.
    least_notional : int
        Smallest order in quote currency.
    """

    tick: Decimal
    lot: Decimal
    most: Decimal
    most_at_market: Decimal
    least_notional: int


def _rules(tick: str, lot: str, most: int, most_at_market: int, least_notional: int) -> Rules:
    return Rules(Decimal(tick), Decimal(lot), Decimal(most), Decimal(most_at_market), least_notional)


PUBLISHED: dict[str, Rules] = {
    "BTCUSDT": _rules("0.1", "0.001", 1_000, 120, 100),
    "ETHUSDT": _rules("0.01", "0.001", 10_000, 2_000, 20),
    "SOLUSDT": _rules("0.01", "0.01", 1_000_000, 80_000, 5),
    "BNBUSDT": _rules("0.01", "0.01", 100_000, 2_000, 5),
    "XRPUSDT": _rules("0.0001", "0.1", 10_000_000, 2_000_000, 5),
    "DOGEUSDT": _rules("0.00001", "1", 50_000_000, 30_000_000, 5),
    "ADAUSDT": _rules("0.0001", "1", 2_000_000, 300_000, 5),
    "LINKUSDT": _rules("0.001", "0.01", 200_000, 20_000, 20),
    "LTCUSDT": _rules("0.01", "0.001", 10_000, 5_000, 20),
    "TRXUSDT": _rules("0.00001", "1", 10_000_000, 5_000_000, 5),
}


def derived_rules(price: float) -> Rules:
    """Rules for a contract of which only the price is known.

    Parameters
    ----------
    price : float
        Quote currency, above zero.

    Returns
    -------
    Rules
        Powers of ten in proportion to the price; at most 0.01 for the tick and 1 for the lot.
    """
    magnitude = math.floor(math.log10(price))
    tick = min(Decimal("0.01"), Decimal(1).scaleb(magnitude - 4))
    lot = min(Decimal(1), Decimal(1).scaleb(-magnitude))
    whole = max(Decimal(1), Decimal(1).scaleb(6 - magnitude))
    return Rules(tick, lot, whole * 10, whole, 5)


def rules_for(symbol: str, price: float) -> Rules:
    """Take the published rules of a contract where they are known and fit its price, else derived ones.

    Parameters
    ----------
    symbol : str
        The exchange's symbol.
    price : float
        Quote currency, above zero.

    Returns
    -------
    Rules
        Steps and limits of orders.
    """
    published = PUBLISHED.get(symbol)
    if published is not None and float(published.tick) <= LARGEST_TICK_PCT * price:
        return published
    return derived_rules(price)


def _decimals(step: Decimal) -> int:
    return max(0, -int(step.normalize().as_tuple().exponent))


def _plain(number: Decimal) -> str:
    return f"{number:f}"


def _filters(rules: Rules) -> list[dict[str, object]]:
    lot = {"minQty": _plain(rules.lot), "stepSize": _plain(rules.lot)}
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": _plain(rules.tick),
            "maxPrice": "10000000",
            "tickSize": _plain(rules.tick),
        },
        {"filterType": "LOT_SIZE", "maxQty": _plain(rules.most), **lot},
        {"filterType": "MARKET_LOT_SIZE", "maxQty": _plain(rules.most_at_market), **lot},
        {"filterType": "MAX_NUM_ORDERS", "limit": 200},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": 10},
        {"filterType": "MIN_NOTIONAL", "notional": str(rules.least_notional)},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": "1.0500",
            "multiplierDown": "0.9500",
            "multiplierDecimal": "4",
        },
    ]


def contract_rules(market: ReplayMarket, symbol: str) -> Rules:
    """Rules of a contract of this market, constant over its life: they follow its first recorded price."""
    _, candles = market.finest(symbol)
    return rules_for(symbol, float(candles.values[0, 0]))


def _symbol(market: ReplayMarket, symbol: str) -> dict[str, object]:
    contract = market.contracts[symbol]
    rules = contract_rules(market, symbol)
    return {
        "symbol": symbol,
        "pair": symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": PERPETUAL_DELIVERY_MS,
        "onboardDate": int(market.finest(symbol)[1].times[0]),
        "status": "PENDING_TRADING" if market.price(symbol) is None else "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": contract.base,
        "quoteAsset": contract.quote,
        "marginAsset": contract.quote,
        "pricePrecision": _decimals(rules.tick),
        "quantityPrecision": _decimals(rules.lot),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10000,
        "filters": _filters(rules),
        "orderTypes": ORDER_TYPES,
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }


def exchange_info(market: ReplayMarket) -> dict[str, object]:
    """Answer `exchangeInfo`: every contract of the data directory with its rules.

    Parameters
    ----------
    market : ReplayMarket
        The market served.

    Returns
    -------
    dict
        In the exchange's form; a contract whose data begins later is `PENDING_TRADING`.
    """
    return {
        "timezone": "UTC",
        "serverTime": market.clock.now_ms(),
        "futuresType": "U_MARGINED",
        "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400},
            {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300},
        ],
        "exchangeFilters": [],
        "assets": [
            {"asset": asset, "marginAvailable": True, "autoAssetExchange": "-10000"}
            for asset in sorted({contract.quote for contract in market.contracts.values()})
        ],
        "symbols": [_symbol(market, symbol) for symbol in market.contracts],
    }
