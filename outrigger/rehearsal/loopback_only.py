"""A driven bot trades on this machine or not at all.

Its configuration is the trader's own with another one over it, and a third from the rehearsal: whatever the
three say together, no address may lead elsewhere, and only a bot with an account on the replay exchange
may send orders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from outrigger.errors import ReplayError
from outrigger.replay.loopback import LOOPBACK


def refuse_strangers(config: Mapping[str, Any], *, dry: bool) -> None:
    """Refuse a configuration that could reach anything but this machine, or trade where it should not.

    Parameters
    ----------
    config : mapping
        Freqtrade's configuration, merged.
    dry : bool
        Whether the bot has no account to trade on.

    Raises
    ------
    ReplayError
        Saying what leads elsewhere.
    """
    if bool(config.get("dry_run", False)) is not dry:
        raise ReplayError("a driven bot is dry, unless it has keys of an account on the replay exchange")
    exchange = config["exchange"]
    layers = [exchange.get(f"ccxt_{kind}", {}) for kind in ("config", "sync_config", "async_config")]
    addresses = [address for layer in layers for address in _leaves(layer.get("urls", {}))]
    strangers = [address for address in addresses if urlsplit(address).hostname not in LOOPBACK]
    if strangers or not addresses or exchange.get("demo_trading") or exchange.get("enable_ws"):
        told = ", ".join(strangers) or "an address of its own"
        raise ReplayError(
            f"a driven bot only speaks to the replay exchange on this machine, not to {told}: leave urls, "
            "demo_trading and enable_ws alone"
        )


def _leaves(tree: Any) -> Iterator[str]:
    if isinstance(tree, Mapping):
        for branch in tree.values():
            yield from _leaves(branch)
    else:
        yield str(tree)
