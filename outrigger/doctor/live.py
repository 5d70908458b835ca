"""Asks the exchange, with the trader's own key, whether a live bot would be able to keep its stops.

Reads and changes nothing. All requests run in a thread that is left behind when the time is up, and whatever
they had found by then counts. One that is refused costs its own findings; a key that is refused, or an
exchange that does not answer, ends the matter.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from math import inf, isfinite
from typing import Any

from outrigger.doctor import live_account, live_clock, live_orders, live_positions
from outrigger.doctor.case import Case
from outrigger.doctor.finding import Finding, error, ok, warning
from outrigger.doctor.live_client import SPOKEN, Refused, asked, client_of, has_key, without_secrets
from outrigger.doctor.live_facts import ACCOUNTS, Account

LIMIT_S = 30.0
SUBJECT = "live account"


@dataclass(slots=True)
class LiveAccount:
    """What was found out: findings, the wallet in stake currency, and today's prices."""

    findings: list[Finding] = field(default_factory=list)
    wallet: float | None = None
    prices: dict[str, float] = field(default_factory=dict)


def check(case: Case, markets: Mapping[str, Any] | None, limit_s: float = LIMIT_S) -> LiveAccount:
    """Look at key, account, clock, positions and orders.

    Parameters
    ----------
    case : Case
        With the key.
    markets : mapping of str to mapping, or None
        The exchange's; None where it was not reached.
    limit_s : float
        Longest time to wait, seconds.

    Returns
    -------
    LiveAccount
        What was found out within the time.
    """
    found = LiveAccount()
    if not has_key(case):
        step = "set FREQTRADE__EXCHANGE__KEY and FREQTRADE__EXCHANGE__SECRET, or leave --live out"
        found.findings.append(error("API key", "none is configured: the account cannot be looked at", step))
    elif case.exchange not in SPOKEN:
        told = f"what {case.exchange} says of an account cannot be read here: {' and '.join(SPOKEN)} can"
        found.findings.append(warning(SUBJECT, told, "look at key, position mode and margin mode yourself"))
    elif markets is None:
        step = "check the network and run the check again before the bot trades"
        found.findings.append(warning(SUBJECT, f"not checked: {case.exchange} was not reached", step))
    else:
        asking = threading.Thread(
            target=_ask, args=(case, markets, found), name="outrigger-doctor-live", daemon=True
        )
        asking.start()
        asking.join(limit_s)
        if asking.is_alive():
            step = "check network and proxy, and run the check again"
            told = f"{case.exchange} did not answer everything within {limit_s:g} s"
            # The thread goes on; what it finds from now on is not told.
            found = LiveAccount(
                [*found.findings, warning(SUBJECT, told, step)], found.wallet, dict(found.prices)
            )
    return found


def _ask(case: Case, markets: Mapping[str, Any], found: LiveAccount) -> None:
    try:
        for finding in _answers(case, markets, found):
            # A database that cannot be read is so for all that look into it.
            if finding not in found.findings:
                found.findings.append(finding)
    except Refused as refusal:
        found.findings.append(refusal.finding)


def _answers(case: Case, markets: Mapping[str, Any], found: LiveAccount) -> Iterator[Finding]:
    """Ask one thing after the other; a refusal that is not final costs one answer."""
    client = client_of(case, markets)
    pairs = tuple(pair for pair in case.pairs if pair in markets)
    account = ACCOUNTS[case.exchange](client, pairs, str(case.config.get("stake_currency") or "USDT"))
    steps: tuple[Callable[[], Iterable[Finding]], ...] = (
        lambda: _clock(case, client),
        lambda: live_account.judge_key(case, asked(case, "API key", account.rights)),
        lambda: _funds(case, account, found),
        lambda: _prices(case, client, pairs, found),
        lambda: _orders(case, client, account),
    )
    for step in steps:
        try:
            yield from step()
        except Refused as refusal:
            if refusal.final:
                raise
            yield refusal.finding
        except Exception as problem:  # an answer in a form that nobody thought of, a database that is locked
            told = f"could not be checked ({type(problem).__name__}: {without_secrets(case, str(problem))})"
            yield error(SUBJECT, told, "mend what it names and run the check again")


def _clock(case: Case, client: Any) -> Iterator[Finding]:
    """Clock of this machine against the exchange's, and how long a request takes."""
    found = asked(case, "clock", lambda: live_clock.pings(client))
    return live_clock.judge(case, found, float(client.options.get("recvWindow") or inf))


def _funds(case: Case, account: Account, found: LiveAccount) -> Iterator[Finding]:
    """Wallet, modes and positions: modes are judged by what is held."""
    funds = asked(case, "wallet", account.funds)
    found.wallet = funds.wallet
    currency = case.config.get("stake_currency")
    if funds.wallet > 0:
        yield ok("wallet", f"{funds.wallet:,.2f} {currency}")
    else:
        step = f"move {currency} to the futures (unified trading) account"
        yield error("wallet", f"it holds no {currency}: nothing can be traded", step)
    yield from live_account.judge_modes(case, asked(case, "modes", account.modes), funds.held)
    yield from live_positions.check(case, funds.held)


def _orders(case: Case, client: Any, account: Account) -> Iterator[Finding]:
    """Orders that wait, against those of the bot."""
    waiting = partial(asked, case, live_orders.SUBJECT, account.waiting)
    return live_orders.check(case, waiting, client.milliseconds())


def _prices(case: Case, client: Any, pairs: tuple[str, ...], found: LiveAccount) -> tuple[Finding, ...]:
    """Today's prices, for the order minimums; nothing is found in them by themselves."""
    if pairs:
        told = asked(case, "prices", lambda: client.fetch_tickers(list(pairs)))
        last = {pair: told[pair].get("last") for pair in pairs if pair in told}
        found.prices.update({pair: float(price) for pair, price in last.items() if price and isfinite(price)})
    return ()
