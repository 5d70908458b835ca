"""The configuration that points an unmodified Freqtrade at the replay exchange.

It is a file of its own, merged after the trader's: it changes where Freqtrade connects and, for a
running bot, keeps it dry and silent. Every address that the client library knows is redirected, so that
nothing reaches a real exchange by another door.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ccxt

from outrigger.replay.venues import venue_named

MESSENGERS = ("telegram", "discord", "webhook")
ENVIRONMENT_PREFIX = "FREQTRADE__"

Config = dict[str, Any]


def _addresses(url: str, exchange: str) -> dict[str, str]:
    # Doors that are not spoken here lead to paths that answer 404, on this machine.
    doors = venue_named(exchange).doors
    known: dict[str, object] = getattr(ccxt, exchange)().describe()["urls"]["api"]
    return {name: url + doors.get(name, f"/{name}") for name in known}


def exchange_overlay(url: str, exchange: str = "binance") -> Config:
    """Build the configuration that every command needs.

    Parameters
    ----------
    url : str
        Where the replay exchange answers, without a path.
    exchange : str
        Name of the exchange that it speaks for.

    Returns
    -------
    dict
        A partial Freqtrade configuration.

    Raises
    ------
    ReplayError
        If that exchange is not spoken.
    """
    return {
        "exchange": {
            "name": exchange,
            "enable_ws": False,
            "only_from_ccxt": True,
            # Demo trading has addresses of its own, which would win over these.
            "demo_trading": False,
            "ccxt_config": {
                "enableRateLimit": False,
                "urls": {"api": _addresses(url, exchange)},
                "options": {"fetchMarkets": {"types": ["linear"]}},
            },
        },
    }


def bare_overlay() -> Config:
    """Tell Freqtrade what it has to know when the trader has no configuration at all."""
    return {"trading_mode": "futures", "margin_mode": "isolated", "stake_currency": "USDT"}


def trade_overlay(user: Mapping[str, Any], database: str) -> Config:
    """Build the configuration that keeps a bot on the replay exchange dry, running and to itself.

    Parameters
    ----------
    user : mapping
        The trader's own configuration, merged.
    database : str
        SQLAlchemy address of a private database, so that the trader's own stays as it is.

    Returns
    -------
    dict
        A partial Freqtrade configuration: dry run, order book pricing, no messages to the outside.
    """
    pricing = {
        side: {"use_order_book": True, "price_side": user.get(side, {}).get("price_side", "same")}
        for side in ("entry_pricing", "exit_pricing")
    }
    silenced = {name: {"enabled": False} for name in MESSENGERS if name in user}
    quiet = {"fiat_display_currency": ""} if user.get("fiat_display_currency") else {}
    return {
        "dry_run": True,
        "initial_state": "running",
        "db_url": database,
        # A replay must never become part of the trader's own market history.
        "outrigger": {"market": {"record": False}},
        **pricing,
        **silenced,
        **quiet,
    }


def _leaves(config: Mapping[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for key, value in config.items():
        here = (*path, key.lower())
        found += _leaves(value, here) if isinstance(value, Mapping) and value else [here]
    return found


def environment_without(environment: Mapping[str, str], overlay: Mapping[str, Any]) -> dict[str, str]:
    """Environment in which no Freqtrade variable contradicts the overlay.

    Freqtrade lets environment variables win over every configuration file.

    Parameters
    ----------
    environment : mapping of str to str
        The caller's environment.
    overlay : mapping
        The overlay that has to hold.

    Returns
    -------
    dict of str to str
        The same without the variables that set a value of the overlay.
    """
    held = _leaves(overlay)

    def contradicts(name: str) -> bool:
        if not name.startswith(ENVIRONMENT_PREFIX):
            return False
        path = tuple(part.lower() for part in name.removeprefix(ENVIRONMENT_PREFIX).split("__"))
        return any(leaf[: len(path)] == path or path[: len(leaf)] == leaf for leaf in held)

    return {name: value for name, value in environment.items() if not contradicts(name)}
