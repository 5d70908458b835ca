"""Trading rules and risk limits of the contracts, as Bybit's v5 interface states them.

The recordings are usually Binance's, so ticks and lots are those of `contracts`: the recorded prices lie on
them. The least order is Bybit's. Risk limits are those that Freqtrade kept beside the data
(`futures/leverage_tiers_USDT.json`, written when data of Bybit is used online), else Binance's brackets as
Freqtrade ships them, else a single one. Weak: Bybit's own lots of some contracts are coarser.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from outrigger.replay.answers import plain
from outrigger.replay.contracts import contract_rules
from outrigger.replay.market import ReplayMarket

logger = logging.getLogger(__name__)

LEAST_NOTIONAL = "5"
# For a contract that nobody has told of.
ONLY_TIER = {"minNotional": 0, "maxNotional": 1_000_000, "maintenanceMarginRate": 0.025, "maxLeverage": 20}

Row = dict[str, object]
Tier = Mapping[str, Any]


def instrument(market: ReplayMarket, symbol: str) -> Row:
    """Describe a contract, one row of `instruments-info`; `PreLaunch` where its data begins later."""
    contract, rules = market.contracts[symbol], contract_rules(market, symbol)
    tick, lot = f"{rules.tick:f}", f"{rules.lot:f}"
    return {
        "symbol": symbol,
        "contractType": "LinearPerpetual",
        "status": "PreLaunch" if market.price(symbol) is None else "Trading",
        "baseCoin": contract.base,
        "quoteCoin": contract.quote,
        "settleCoin": contract.quote,
        "launchTime": str(int(market.finest(symbol)[1].times[0])),
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": str(max(0, -int(rules.tick.normalize().as_tuple().exponent))),
        "leverageFilter": {
            "minLeverage": "1",
            "maxLeverage": plain(max(tier["maxLeverage"] for tier in tiers_of(market, symbol))),
            "leverageStep": "0.01",
        },
        "priceFilter": {"minPrice": tick, "maxPrice": "10000000", "tickSize": tick},
        "lotSizeFilter": {
            "minOrderQty": lot,
            "qtyStep": lot,
            "maxOrderQty": f"{rules.most:f}",
            "maxMktOrderQty": f"{rules.most_at_market:f}",
            "postOnlyMaxOrderQty": f"{rules.most:f}",
            "minNotionalValue": LEAST_NOTIONAL,
        },
        "unifiedMarginTrade": True,
        "fundingInterval": 60 * market.funding_hours(symbol),
        "copyTrading": "none",
        "upperFundingRate": "0.02",
        "lowerFundingRate": "-0.02",
        "isPreListing": market.price(symbol) is None,
        "preListingInfo": None,
    }


def risk_limits(market: ReplayMarket, symbol: str) -> list[Row]:
    """Rows of `risk-limit` of one contract, smallest positions first; rates are fractions."""
    tiers = tiers_of(market, symbol)
    return [
        {
            "id": number,
            "symbol": symbol,
            "riskLimitValue": plain(tier["maxNotional"]),
            "maintenanceMargin": plain(tier["maintenanceMarginRate"]),
            "initialMargin": plain(round(1 / tier["maxLeverage"], 8)),
            "isLowestRisk": int(number == 1),
            "maxLeverage": plain(tier["maxLeverage"]),
            "mmDeduction": "",
        }
        for number, tier in enumerate(tiers, start=1)
    ]


def tiers_of(market: ReplayMarket, symbol: str) -> list[Tier]:
    """Leverage tiers of a contract in the client library's form."""
    contract = market.contracts[symbol]
    kept = market.files.datadir / "futures" / f"leverage_tiers_{contract.quote}.json"
    return _kept(kept).get(contract.pair) or _shipped().get(contract.pair) or [ONLY_TIER]


@cache
def _shipped() -> Mapping[str, list[Tier]]:
    file = resources.files("freqtrade") / "exchange" / "binance_leverage_tiers.json"
    tiers: dict[str, list[Tier]] = json.loads(file.read_text(encoding="utf-8"))
    return tiers


@cache
def _kept(path: Path) -> Mapping[str, list[Tier]]:
    if not path.is_file():
        return {}
    try:
        tiers: dict[str, list[Tier]] = json.loads(path.read_text(encoding="utf-8"))["data"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        logger.warning("%s is not served, shipped leverage tiers are: %s", path, error)
        return {}
    return tiers
