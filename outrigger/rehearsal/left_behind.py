"""What a bot leaves at the exchange that its database does not know, and whether the doctor finds all of it.

The account's own word against what `outrigger doctor --live` reads of it with a client of its own. Only told
where Freqtrade leaves it; broken where the doctor would not find it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isclose
from typing import Any

from freqtrade.configuration import TimeRange

from outrigger.doctor import live_orders, live_positions
from outrigger.doctor.case import Case
from outrigger.doctor.live_client import client_of
from outrigger.doctor.live_facts import ACCOUNTS
from outrigger.rehearsal.order_watch import symbol_of
from outrigger.replay.signed_account import Account
from outrigger.review.trade import Trade


def left(account: Account, trades: Sequence[Trade]) -> Iterator[str]:
    """What the account holds at the end and the trades do not, or the other way.

    Parameters
    ----------
    account : Account
        The bot's.
    trades : sequence of Trade
        Of its database.

    Yields
    ------
    str
    """
    known = {symbol_of(trade.pair): trade.side * _open(trade) for trade in trades if trade.is_open}
    for symbol in known.keys() | account.positions.keys():
        held = float(account.position(symbol).amount)
        if not isclose(held, known.get(symbol, 0.0)):
            yield f"at the end the account holds {held:g} {symbol}, the trades {known.get(symbol, 0.0):g}"
    if account.waiting() and not any(one.side for one in account.positions.values()):
        yield f"{len(account.waiting())} stops are left on the exchange"


def unfound(config: dict[str, Any], account: Account) -> Iterator[str]:
    """What the doctor does not find of it, while the exchange is still served.

    Parameters
    ----------
    config : dict
        The bot's.
    account : Account
        The bot's.

    Yields
    ------
    str
        What would stay unseen.
    """
    case = Case(config, (), str(config["timeframe"]), None, None, config["datadir"], True, TimeRange())
    client = client_of(case, {})
    client.load_markets(True)
    desk = ACCOUNTS[case.exchange](client, case.pairs, str(config["stake_currency"]))
    kept, believed = live_orders.kept(case), live_positions.believed(case)
    orders = {one.number for one in live_orders.unknown(desk.waiting(), kept)}
    real = {str(stop.number) for stop in account.waiting()} - kept.orders
    if orders != real:
        yield f"of the orders {sorted(real)} that nobody knows the doctor finds {sorted(orders)}"
    strays = {symbol_of(one.pair) for one in desk.funds().held if one.pair not in believed}
    known = {symbol_of(pair) for pair in believed}
    held = {symbol for symbol, one in account.positions.items() if one.side and symbol not in known}
    if strays != held:
        yield f"of the positions {sorted(held)} that nobody knows the doctor finds {sorted(strays)}"


def _open(trade: Trade) -> float:
    return sum(fill.amount if fill.entry else -fill.amount for fill in trade.fills)
