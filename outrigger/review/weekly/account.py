"""One account to review, wherever its trades come from: a running bot's database or a backtest.

Trades of the account are primaries, legs of hedges, and those still open, which are valued at a last known
price as if they were closed there: fees of that exit included. A review of a past week knows nothing of
what came after it, so trades that ended later are open in it. Weak: a partly closed trade whose fills are
not known is valued at its largest size.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import nan

from outrigger.hedge.tag import PREFIX
from outrigger.review.backtest_export import BacktestResult
from outrigger.review.database import DatabaseTrades
from outrigger.review.money import WEEK_MS
from outrigger.review.trade import FORCED, Fill, Trade

DATABASE, BACKTEST = "database", "backtest"


@dataclass(frozen=True, slots=True)
class Account:
    """What is reviewed.

    Parameters
    ----------
    source : str
        Where it was read, without passwords.
    kind : str
        `database` or `backtest`.
    strategy, currency, timeframe : str
        Name of the class, currency of stakes, base candles.
    pairs : tuple of str
        Pairs that could be traded.
    start_ms, as_of_ms : int
        When the account began and the moment it is looked at, in ms since the epoch.
    known_ms : int
        Until when the world is known: what lies beyond has not happened yet.
    balance : float
        Account value at the start in quote currency; NaN where it is not known.
    trades : tuple of Trade
        In order of their exits, open ones last.
    notes : tuple of str
        What was left out, in words.
    """

    source: str
    kind: str
    strategy: str
    currency: str
    timeframe: str
    pairs: tuple[str, ...]
    start_ms: int
    as_of_ms: int
    known_ms: int
    balance: float
    trades: tuple[Trade, ...]
    notes: tuple[str, ...] = ()

    @property
    def traded_pairs(self) -> tuple[str, ...]:
        """Pairs with a trade, and those that could have one."""
        return tuple(dict.fromkeys((*self.pairs, *(trade.pair for trade in self.trades))))


def is_leg(trade: Trade) -> bool:
    """Whether a trade is the leg of a hedge."""
    return trade.enter_tag.startswith(PREFIX)


def primaries(trades: Iterable[Trade]) -> tuple[Trade, ...]:
    """Trades that are no legs."""
    return tuple(trade for trade in trades if not is_leg(trade))


def legs(trades: Iterable[Trade]) -> tuple[Trade, ...]:
    """Legs of hedges."""
    return tuple(trade for trade in trades if is_leg(trade))


def of_backtest(result: BacktestResult, source: str) -> Account:
    """Take over a backtest; trades that it closed only because its data ended count as open."""
    end = max([result.end_ms, *(trade.closed_ms for trade in result.trades)])
    trades = [replace(trade, is_open=trade.exit_reason == FORCED) for trade in result.trades]
    return Account(
        source,
        BACKTEST,
        result.strategy,
        result.currency,
        result.timeframe,
        result.pairs,
        result.start_ms,
        end,
        end,
        result.starting_balance,
        _ordered(trades),
    )


def of_database(
    found: DatabaseTrades,
    now_ms: int,
    pairs: tuple[str, ...],
    timeframe: str,
    currency: str,
    balance: float | None,
) -> Account:
    """Take over a bot's trades.

    Parameters
    ----------
    found : DatabaseTrades
        What the database tells.
    now_ms : int
        The present.
    pairs : tuple of str
        Configured pairs.
    timeframe, currency : str
        Configured ones.
    balance : float or None
        Account value at the start; None takes the first day of Freqtrade's wallet history, where there is
        one, less what had been earned by then.

    Returns
    -------
    Account
        That begins with the first start of the bot, or with its first trade if that came before; a week
        ago where neither is known.
    """
    begun = [trade.opened_ms for trade in found.trades]
    known = [*begun, *([] if found.started_ms is None else [found.started_ms])]
    start = min(known, default=now_ms - WEEK_MS)
    if balance is None and found.wallet is not None:
        day, value = found.wallet
        balance = value - sum(t.profit for t in found.trades if not t.is_open and t.closed_ms <= day)
    notes = [
        f"{count} trade{'s' if count > 1 else ''} of strategy {name} left out"
        for name, count in found.left_out.items()
    ]
    notes += [f"left out, cannot be read: {why}" for why in found.unreadable]
    return Account(
        found.source,
        DATABASE,
        found.strategy,
        found.currency or currency,
        timeframe,
        pairs,
        start,
        now_ms,
        now_ms,
        nan if balance is None else balance,
        found.trades,
        tuple(notes),
    )


def cut(account: Account, start_ms: int | None, end_ms: int | None) -> Account:
    """Look at a part of an account, as one would have at its end.

    Parameters
    ----------
    account : Account
        The whole.
    start_ms, end_ms : int, optional
        Trades that ended before the first moment are forgotten, their result is part of the balance; those
        that began after the second never happened, and those that ended after it are open.

    Returns
    -------
    Account
        The part; open trades still at their former price, until they are valued anew.
    """
    start = max(account.start_ms, account.start_ms if start_ms is None else start_ms)
    end = min(account.as_of_ms, account.as_of_ms if end_ms is None else end_ms)
    before = [t for t in account.trades if not t.is_open and t.closed_ms <= start]
    kept = [
        _reopened(t, end) if t.closed_ms > end else t
        for t in account.trades
        if t.opened_ms <= end and (t.is_open or t.closed_ms > start)
    ]
    return replace(
        account,
        start_ms=start,
        as_of_ms=end,
        balance=account.balance + sum(t.profit for t in before),
        trades=_ordered(kept),
    )


def _reopened(trade: Trade, at_ms: int) -> Trade:
    """A trade as it was at a moment before its end: open, its later stop and worst price not known.

    Funding is spread evenly over its life, because its events are not recorded one by one.
    """
    lived = (at_ms - trade.opened_ms) / (trade.closed_ms - trade.opened_ms)
    funding = trade.funding * lived
    return replace(trade, is_open=True, stop=0.0, worst=None, exit_reason="", funding=funding)


def valued(trade: Trade, price: float, at_ms: int) -> Trade:
    """Value an open trade as if it were closed now.

    Parameters
    ----------
    trade : Trade
        Open; its fills say what is left of it, its fees what closing costs.
    price : float
        Last known price.
    at_ms : int
        When it was known.

    Returns
    -------
    Trade
        With result and price of now, still open. Funding is what Freqtrade has booked so far.
    """
    fills = [fill for fill in trade.fills if fill.filled_ms <= at_ms]
    (amount, spent), (gone, earned) = _turnover(fills, entry=True), _turnover(fills, entry=False)
    if not amount > gone:
        amount, gone, spent, earned = trade.notional / trade.open_rate, 0.0, trade.notional, 0.0
    left = (amount - gone) * price
    turned = sum(fill.price * fill.amount for fill in trade.fills) or spent
    fees = trade.fees / turned * (spent + earned + left)
    profit = trade.side * (earned + left - spent) - fees + trade.funding
    return replace(trade, close_rate=price, closed_ms=max(at_ms, trade.opened_ms), profit=profit, fees=fees)


def _turnover(fills: Iterable[Fill], *, entry: bool) -> tuple[float, float]:
    """Amount and value of the fills that add to a position, or that take from it."""
    chosen = [fill for fill in fills if fill.entry is entry]
    return sum(fill.amount for fill in chosen), sum(fill.amount * fill.price for fill in chosen)


def _ordered(trades: Iterable[Trade]) -> tuple[Trade, ...]:
    return tuple(sorted(trades, key=lambda t: (t.is_open, t.closed_ms, t.opened_ms)))
