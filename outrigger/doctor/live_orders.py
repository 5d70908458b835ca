"""Whether bot and exchange agree on what waits there: an order that nobody knows changes a later position.

When the answer to a request is lost, Freqtrade does not know the order that it has placed, and never looks
for it again. The bot's side are the orders of its open trades, read from the database before and after the
exchange is asked: a running bot replaces its stops meanwhile. Weak: a stop with a limit price, once set off,
sends an order with another number, which is told as unknown; and what has been placed by hand looks like what
was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from sqlalchemy import text

from outrigger.doctor.case import Case
from outrigger.doctor.finding import Finding, error, ok, warning
from outrigger.doctor.live_facts import Waiting
from outrigger.doctor.live_positions import kept_at
from outrigger.review.database_connection import reading

SUBJECT, STOPS = "waiting orders", "stop orders"
# Of a pair: as many as Freqtrade leaves where every answer is lost.
MOST_TOLD = 10
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What a bot's database says of orders.

    Parameters
    ----------
    orders : frozenset of str
        Numbers of those of open trades that it holds as open. What a closed trade has left is nobody's.
    stops : frozenset of (int, str, str)
        Trade, pair and number of each stop of an open trade that it holds as open.
    bare : frozenset of (int, str)
        Trade and pair of each open position that has no such stop.
    """

    orders: frozenset[str] = field(default_factory=frozenset)
    stops: frozenset[tuple[int, str, str]] = field(default_factory=frozenset)
    bare: frozenset[tuple[int, str]] = field(default_factory=frozenset)


def check(case: Case, ask: Callable[[], Sequence[Waiting]], now_ms: int) -> Iterator[Finding]:
    """Compare what waits at the exchange with what the bot believes.

    Parameters
    ----------
    case : Case
        For database, exchange, and whether stops belong on it.
    ask : callable
        Asks the exchange for all orders that wait.
    now_ms : int
        Present time in ms.

    Yields
    ------
    Finding
        One a pair with orders that no open trade holds; one a stop, or position without one, that is
        missing at the exchange; one each where they agree.

    Raises
    ------
    DataError
        If the database is there and cannot be read.
    """
    before, there, after = kept(case), ask(), kept(case)
    strange = unknown(there, before, after)
    yield from _strange(case, strange, now_ms)
    if not strange:
        many = f"{len(there)} at the exchange, each of an open trade" if there else "none at the exchange"
        yield ok(SUBJECT, many)
    if case.live:
        numbers = {one.number for one in there}
        missing = sorted(one for one in before.stops & after.stops if one[2] not in numbers)
        bare = sorted(before.bare & after.bare) if stops_there(case) else []
        yield from (_missing(case, *one) for one in missing)
        yield from (_bare(*one) for one in bare)
        if after.stops and not missing and not bare:
            yield ok(STOPS, f"{len(after.stops)} of open trades, all at {case.exchange}")


def unknown(there: Sequence[Waiting], *by: Kept) -> list[Waiting]:
    """Orders that wait and that no trade holds by any of these readings of the database."""
    known = frozenset[str]().union(*(one.orders for one in by))
    return [one for one in there if one.number not in known]


def kept(case: Case) -> Kept:
    """Read a live bot's orders; nothing where there is no database yet, or the orders would not be real."""
    address = kept_at(case) if case.live else None
    if address is None:
        return Kept()
    positions = text("SELECT id, pair FROM trades WHERE is_open AND amount > 0")
    orders = text(
        "SELECT orders.order_id, orders.ft_trade_id, orders.ft_order_side FROM orders "
        "JOIN trades ON trades.id = orders.ft_trade_id WHERE orders.ft_is_open AND trades.is_open"
    )
    with reading(address) as (connection, _):
        held = {int(trade): str(pair) for trade, pair in connection.execute(positions)}
        rows = [(str(number), int(of), str(side)) for number, of, side in connection.execute(orders)]
    stops = frozenset(
        (of, held[of], number) for number, of, side in rows if side == "stoploss" and of in held
    )
    bare = frozenset(held.items()) - {(of, pair) for of, pair, _ in stops}
    return Kept(frozenset(number for number, _, _ in rows), stops, bare)


def stops_there(case: Case) -> bool:
    """Whether stops are to stand on the exchange, by strategy or configuration."""
    types = getattr(case.strategy, "order_types", None) or case.config.get("order_types") or {}
    return bool(types.get("stoploss_on_exchange"))


def _strange(case: Case, orders: Sequence[Waiting], now_ms: int) -> Iterator[Finding]:
    whose = "no open trade of the bot's database holds" if case.live else "a dry run does not know"
    ordered = sorted(orders, key=attrgetter("pair", "placed_ms"))
    for pair, group in groupby(ordered, attrgetter("pair")):
        found = list(group)
        listed = "; ".join(_words(one, now_ms) for one in found[:MOST_TOLD])
        more = f"; and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
        many = "an order waits that" if len(found) == 1 else f"{len(found)} orders wait that"
        told = f"{pair}: {many} {whose}: {listed}{more}. {_harm(found)}"
        step = (
            f"cancel by its number what you do not want, on {case.exchange}'s page of open orders (stops are "
            "conditional orders there): the bot cancels only what it knows"
        )
        yield warning(SUBJECT, told, step)


def _words(one: Waiting, now_ms: int) -> str:
    amount = f"{one.amount:.10g}" if one.amount else "the whole position"
    kind = "stop to " * (one.trigger is not None)
    at = f" at {one.trigger:.10g}" if one.trigger is not None else ""
    limit = f" for {one.price:.10g}" if one.price is not None else ""
    only = ", only closes" if one.closes else ""
    side = "buy" if one.buys else "sell"
    return f"{kind}{side} {amount}{at}{limit}{only}, {_age(now_ms - one.placed_ms)} old (no. {one.number})"


def _age(span_ms: int) -> str:
    for unit_ms, name in ((DAY_MS, "d"), (HOUR_MS, "h")):
        if span_ms >= 2 * unit_ms:
            return f"{span_ms // unit_ms} {name}"
    return f"{max(span_ms, 0) // MINUTE_MS} min"


def _harm(orders: Sequence[Waiting]) -> str:
    """What orders that nobody watches can do to a bot's trades on their pair."""
    said = {
        True: "An order that only closes ends or cuts any position it meets at its price, a later one too",
        False: "An order that may open leaves a position without a stop, or adds to one, or turns it",
    }
    return ". ".join(said[kind] for kind in (True, False) if kind in {one.closes for one in orders})


def _missing(case: Case, trade: int, pair: str, number: str) -> Finding:
    told = (
        f"{pair}: the stop of trade {trade} (no. {number}) does not wait at {case.exchange}: filled, "
        "cancelled or expired; what is still held has no stop there"
    )
    step = (
        "a running bot looks for it in each loop and places another one; is it not running, start it, or "
        "place a stop at the exchange by hand"
    )
    return error(STOPS, told, step)


def _bare(trade: int, pair: str) -> Finding:
    told = (
        f"{pair}: trade {trade} has no stop on the exchange, though order_types.stoploss_on_exchange is set"
    )
    step = (
        "right for one loop after an entry or a move of the stop: run the check again in a minute; if it "
        "stays, the bot's log says why under `stoploss`"
    )
    return warning(STOPS, told, step)
