"""A bot meets one fault of its orders: not dry, on an account of the replay exchange.

With stops on the exchange, unless the fault is about an exit that the software orders itself. A fault of
what happens at the entry acts from the start, the others around the stop. Where the account and the bot's
database differ at the end, that is told: Freqtrade does not look for positions that it has not opened. The
doctor has to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isclose
from pathlib import Path
from typing import Any

from outrigger.ledger.book import directory_in, read_ledger
from outrigger.ledger.entry import LedgerEntry
from outrigger.market.moment import to_ms
from outrigger.rehearsal.driven_bot import DrivenBot
from outrigger.rehearsal.left_behind import left, unfound
from outrigger.rehearsal.met import CLIENT_TIMEOUT_MS, KEYS, MOST_RESTARTS, Met, logged, secrets_in
from outrigger.rehearsal.order_watch import OrderWatch
from outrigger.rehearsal.stop_orders import stop_orders
from outrigger.rehearsal.stretch import Stretch
from outrigger.replay.faults import FaultPlan
from outrigger.replay.signed_account import Account
from outrigger.replay.signed_faults import ORDER, ORDER_LOST, STOP, order_faults
from outrigger.replay.signed_orders import Order
from outrigger.review.database import read_database
from outrigger.review.trade import Trade

KIND = "orders"
NOTHING_WRONG, EXIT_LOST = "orders as they should be", "exit filled, answer lost"


def names() -> tuple[str, ...]:
    """Faults of this kind, and none."""
    return (NOTHING_WRONG, *order_faults(), EXIT_LOST)


def meet(name: str, stretch: Stretch, config: Path, out: Path) -> Met:
    """Let a bot meet one fault.

    Parameters
    ----------
    name : str
        One of `names`.
    stretch : Stretch
        When and where.
    config : Path
        Freqtrade configuration; the one with stops on the exchange lies beside it.
    out : Path
        Where the bot writes.

    Returns
    -------
    Met

    Raises
    ------
    ReplayError
        If the bot ended by itself too often.
    """
    plans = _plans(name, stretch)
    files = [config] if name == EXIT_LOST else [config, config.with_name("config-stop-on-exchange.json")]
    patience = {"timeout": CLIENT_TIMEOUT_MS}
    exchange: dict[str, Any] = {"ccxt_config": patience, "ccxt_async_config": patience}
    overlay = {"exchange": {"pair_whitelist": list(stretch.pairs), **exchange}}
    span = (stretch.start, stretch.until)
    bot = DrivenBot(stretch.datadir, files, out, *span, overlay=overlay, faults=plans, keys=KEYS)
    account, log = bot.account, out / "bot.log"
    watch = OrderWatch(account, stretch)
    with logged(log), bot:
        ran = bot.run(watch, restarts=MOST_RESTARTS)
        account.settle()
        unseen = list(unfound(bot.config, account))
    trades = read_database(str(bot.database), to_ms(stretch.until)).trades
    met = sum(plan.met for plan in plans)
    broken = [*watch.broken, *secrets_in(log), *unseen]
    broken += _unlike(read_ledger(directory_in(out)), account, trades)
    if plans and not met:
        broken.append("it met no request")
    orders = stop_orders(str(bot.database), trades)
    told = [*watch.told(), *left(account, trades)]
    if orders.placed > orders.trades and orders.hours:
        told.append(f"{orders.replaced_per_hour:.1f} stops replaced an hour of an open position")
    counts = (met, watch.invariants.loops, watch.invariants.positions, len(trades))
    still_open = sum(trade.is_open for trade in trades)
    return Met(KIND, name, *counts, still_open, ran.restarts, broken, told)


def _plans(name: str, stretch: Stretch) -> list[FaultPlan]:
    if name == NOTHING_WRONG:
        return []
    fault = order_faults()[ORDER_LOST if name == EXIT_LOST else name]
    # Entries and the first stop come before the minutes in which the stop is hit.
    early = fault.method == "POST" and fault.route in (ORDER, STOP) and name != EXIT_LOST
    begins = stretch.start if early else stretch.fault_from
    return [FaultPlan(fault, to_ms(begins), to_ms(stretch.fault_until))]


def _unlike(rows: Sequence[LedgerEntry], account: Account, trades: Sequence[Trade]) -> Iterator[str]:
    """Where the ledger differs from the account's fills."""
    for row in rows:
        sent = _order(account, int(row.order_id))
        if sent is None or not sent.filled:
            yield f"the ledger has an exit {row.order_id} that the account does not know"
        elif not (
            isclose(float(sent.filled), row.amount)
            and isclose(float(sent.paid / sent.filled), row.price, rel_tol=1e-6)
        ):
            yield f"exit {row.order_id}: {sent.filled} filled, the ledger has {row.amount} at {row.price}"
    for trade in trades:
        exits = sum(row.amount for row in rows if row.trade_id == trade.number)
        bought = sum(fill.amount for fill in trade.fills if fill.entry)
        if not trade.is_open and not isclose(exits, bought):
            yield f"trade {trade.number}: {bought} opened, {exits} closed in the ledger"


def _order(account: Account, number: int) -> Order | None:
    stop = account.stops.get(number)
    return account.orders.get(number if stop is None else stop.order or 0)
