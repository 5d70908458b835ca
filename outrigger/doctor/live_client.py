"""The exchange's client as a live bot would have it, and its refusals in words that hold no secret.

Built as Freqtrade builds its own (`Exchange._init_ccxt`): the same keys, addresses, proxies and options, demo
trading where it is switched on. Not through Freqtrade's class, because starting that one changes the account:
on Bybit it sets the position mode. Only ever asked to read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeVar

import ccxt
from freqtrade.misc import deep_merge_dicts

from outrigger.doctor.case import Case
from outrigger.doctor.finding import Finding, error, warning

SPOKEN = ("binance", "bybit")
TIMEOUT_MS = 5_000
QUERY = re.compile(r"\?\S*")
# Freqtrade's names of what an exchange wants to know of its client, in the order in which it looks for them.
SECRETS = {
    "apiKey": ("api_key", "apiKey", "key"),
    "secret": ("secret",),
    "password": ("password",),
    "uid": ("uid",),
}
LONGEST = 200
Answer = TypeVar("Answer")


class Refused(Exception):
    """The exchange did not answer a question; further ones would not fare better where `final`.

    Parameters
    ----------
    finding : Finding
        What that means, and what to do.
    final : bool
        Whether the key itself is refused, or the exchange not reached.
    """

    def __init__(self, finding: Finding, *, final: bool) -> None:
        super().__init__(finding.message)
        self.finding = finding
        self.final = final


def has_key(case: Case) -> bool:
    """Whether the configuration, environment included, holds a key and its secret."""
    found = secrets_of(case)
    return bool(found["apiKey"] and found["secret"])


def secrets_of(case: Case) -> dict[str, str | None]:
    """Key, secret and their like by ccxt's names."""
    exchange = case.config.get("exchange")
    known = exchange if isinstance(exchange, dict) else {}
    found = {name: next((known[key] for key in keys if key in known), None) for name, keys in SECRETS.items()}
    # Freqtrade lets what is written for ccxt win over its own keys.
    for part in ("ccxt_config", "ccxt_sync_config"):
        if isinstance(known.get(part), dict):
            found |= {name: known[part][name] for name in SECRETS if name in known[part]}
    return {name: str(value) if value else None for name, value in found.items()}


def client_of(case: Case, markets: Any) -> Any:
    """Make the client.

    Parameters
    ----------
    case : Case
        With an exchange that ccxt knows.
    markets : mapping of str to mapping
        Its markets, so that they are not asked for again.

    Returns
    -------
    ccxt.Exchange
        Which has sent nothing yet.
    """
    exchange = case.config["exchange"]
    options: dict[str, Any] = {"timeout": TIMEOUT_MS, "options": {"defaultType": "swap"}}
    for key in ("ccxt_config", "ccxt_sync_config"):
        if isinstance(exchange.get(key), dict):
            deep_merge_dicts(deepcopy(exchange[key]), options)
    options["timeout"] = min(int(options["timeout"]), TIMEOUT_MS)
    client = getattr(ccxt, case.exchange)({**secrets_of(case), **options})
    if case.exchange == "bybit" and exchange.get("demo_trading"):
        client.enable_demo_trading(True)
    client.set_markets(deepcopy(list(markets.values())))
    return client


def asked(case: Case, what: str, question: Callable[[], Answer]) -> Answer:
    """Ask a question; raises Refused where there is no answer.

    Parameters
    ----------
    case : Case
        Whose secrets are kept out of every word.
    what : str
        What is asked for, as the subject of the finding.
    question : callable
        Sends the request.
    """
    try:
        return question()
    except Exception as problem:  # ccxt passes on whatever a network or an exchange can do
        raise refused(case, what, problem) from None


def refused(case: Case, what: str, problem: Exception) -> Refused:
    """Say what a failed request means, and what to do about it."""
    said = f"{type(problem).__name__}: {without_secrets(case, str(problem))}"
    if isinstance(problem, ccxt.InvalidNonce):
        step = "let a time service set this machine's clock (`timedatectl set-ntp true`)"
        return Refused(
            error("clock", f"{case.exchange} refuses the time of a request ({said})", step), final=True
        )
    if isinstance(problem, ccxt.AuthenticationError):
        step = (
            "check exchange.key and exchange.secret (FREQTRADE__EXCHANGE__KEY and …SECRET win over files), "
            "whether this machine's address is on the key's list, and whether the key may trade futures"
        )
        return Refused(error("API key", f"{case.exchange} refuses it ({said})", step), final=True)
    if isinstance(problem, ccxt.RateLimitExceeded):
        step = "wait some minutes and run the check again; other programs may share this address"
        return Refused(warning(what, f"{case.exchange} asks for a pause ({said})", step), final=True)
    if isinstance(problem, ccxt.NetworkError):
        step = "check network, proxy and exchange.ccxt_config, and run the check again"
        return Refused(warning(what, f"{case.exchange} did not answer ({said})", step), final=True)
    step = "look it up at the exchange itself; a kind of account that is not known here may be the reason"
    return Refused(warning(what, f"could not be asked for ({said})", step), final=False)


def without_secrets(case: Case, text: str) -> str:
    """Text without keys, secrets and the queries of addresses, in one line and not too long."""
    for secret in secrets_of(case).values():
        if secret:
            text = text.replace(secret, "***")
    return " ".join(QUERY.sub("", text).split())[:LONGEST]
