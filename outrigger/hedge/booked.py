"""What the legs of a finished backtest did: measured on its trades, not on what was expected of them.

Equity is marked at the closes of five-minute candles, a missing one at the close before it; a trade's fees,
funding and fills meet its result in the candle in which it ends. Effectiveness is that of the paired time
alone, in changes of equity.

`book` and `pairings` take trades and closes, wherever these come from: a backtest's export or a bot's
database, a leg being whatever has a leg's entry tag.

Weak: "without legs" leaves their results out; that a pair with a leg took no trade of its own meanwhile stays
as it was. The run without a hedge is another backtest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite, nan
from typing import Any

import numpy as np

from outrigger.errors import DataError
from outrigger.hedge.account import cvar, max_drawdown
from outrigger.hedge.measure import HOUR_CANDLES
from outrigger.hedge.pairing import Pairing, pairings
from outrigger.hedge.returns import Floats, Times
from outrigger.hedge.trade_path import carried, held, marked_path, notional_ms, value_path
from outrigger.review.trade import Trade

DAY_MS = 86_400_000
RUNNER = "hedge_runner"


@dataclass(frozen=True, slots=True)
class LegBooked:
    """One leg. Money in quote currency, shares as fractions.

    Parameters
    ----------
    tag, pair, exit_reason : str
        Which leg, and why it ended.
    opened_ms, closed_ms, alone_ms : int
        Its times, and how long it was open after its primary had ended.
    notional : float
        At its largest.
    effectiveness, rho_squared, effectiveness_beta_one : float
        At five minutes over its paired time; the last with a leg as large as its primary.
    profit, primary_profit : float
        Net results; NaN where the primary is not known.
    runner_profit : float
        What it earned after its primary had been stopped, before costs; 0 for one that did not run.
    fees, funding : float
        Paid, positive.
    """

    tag: str
    pair: str
    exit_reason: str
    opened_ms: int
    closed_ms: int
    alone_ms: int
    notional: float
    effectiveness: float
    rho_squared: float
    effectiveness_beta_one: float
    profit: float
    primary_profit: float
    runner_profit: float
    fees: float
    funding: float


@dataclass(frozen=True, slots=True)
class Account:
    """The account over the whole backtest: drawdown as a fraction of the start, CVaR of days and trades."""

    profit: float
    max_drawdown: float
    cvar_day: float
    cvar_trade: float


@dataclass(frozen=True, slots=True)
class HedgeBooked:
    """All legs and the account with and without them.

    Parameters
    ----------
    legs : tuple of LegBooked
        In order of entry.
    pooled : dict
        Effectiveness, rho² and the comparison with beta = 1 of all paired time, at `5m` and `1h`.
    hedged, unhedged : Account
        With the legs, and with their results left out.
    cost_bp_day : float
        Fees and funding of the legs, in basis points of their notional a day.
    legs_profit, primaries_profit : float
        Net results of all legs, and of their primaries as far as they are known, quote currency.
    runners_profit : float
        What all runners earned after their primaries had been stopped, before costs.
    cost : float
        Fees and funding of all legs, positive when paid.
    """

    legs: tuple[LegBooked, ...]
    pooled: dict[str, dict[str, float]]
    hedged: Account
    unhedged: Account
    cost_bp_day: float
    legs_profit: float
    primaries_profit: float
    runners_profit: float
    cost: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form; NaN where nothing was measured."""
        return asdict(self)


def book(
    trades: Sequence[Trade], times_ms: Times, closes: Mapping[str, Floats], balance: float
) -> HedgeBooked:
    """Measure the legs of an account.

    Parameters
    ----------
    trades : sequence of Trade
        All closed ones, primaries and legs, in any order.
    times_ms : ndarray of int64, shape (n_candles,)
        Close times of five-minute candles over the time in question, none left out.
    closes : mapping of str to ndarray of shape (n_candles,)
        Closes by pair; NaN where a pair has no candle.
    balance : float
        Account at the start, quote currency.

    Returns
    -------
    HedgeBooked
        With NaN where there is nothing to measure.

    Raises
    ------
    DataError
        If a pair that was traded has no closes.
    """
    absent = sorted({trade.pair for trade in trades} - set(closes))
    if absent:
        raise DataError(f"no closes of {', '.join(absent)}: the hedge is measured on every pair traded")
    found = pairings(trades)
    changes = [_paired_changes(pairing, times_ms, closes) for pairing in found]
    pooled = {}
    for name, span in (("5m", 1), ("1h", HOUR_CANDLES)):
        summed = [tuple(_summed(part, span) for part in parts) for parts in changes]
        joined = tuple(np.concatenate([part[k] for part in summed] or [np.empty(0)]) for k in range(3))
        pooled[name] = dict(zip(("effectiveness", "rho_squared", "beta_one"), _shares(*joined), strict=True))
    legs = {id(pairing.leg) for pairing in found}
    alone = [trade for trade in trades if id(trade) not in legs]
    partner = {id(pairing.primary): pairing.leg.profit for pairing in found if pairing.primary is not None}
    worn = sum(notional_ms(pairing.leg) for pairing in found)
    paid = sum(pairing.leg.fees - pairing.leg.funding for pairing in found)
    booked = [_leg(pairing, parts, times_ms, closes) for pairing, parts in zip(found, changes, strict=True)]
    return HedgeBooked(
        tuple(booked),
        pooled,
        _account(trades, [t.profit + partner.get(id(t), 0.0) for t in alone], times_ms, closes, balance),
        _account(alone, [t.profit for t in alone], times_ms, closes, balance),
        1e4 * paid / worn * DAY_MS if worn else nan,
        sum(leg.profit for leg in booked),
        sum(leg.primary_profit for leg in booked if isfinite(leg.primary_profit)),
        sum(leg.runner_profit for leg in booked if isfinite(leg.runner_profit)),
        paid,
    )


def _account(
    trades: Sequence[Trade],
    results: Sequence[float],
    times_ms: Times,
    closes: Mapping[str, Floats],
    balance: float,
) -> Account:
    equity = np.zeros(len(times_ms))
    for trade in trades:
        equity += value_path(trade, times_ms, closes[trade.pair])
    days = np.flatnonzero(np.diff(times_ms // DAY_MS, prepend=-1))
    daily = np.diff(np.append(equity[days], equity[-1:])) / balance
    return Account(
        sum(trade.profit for trade in trades),
        max_drawdown(np.diff(equity, prepend=0.0)) / balance,
        cvar(daily),
        cvar(np.asarray(results) / balance),
    )


def _paired_changes(
    pairing: Pairing, times_ms: Times, closes: Mapping[str, Floats]
) -> tuple[Floats, Floats, Floats]:
    """Changes of equity over the paired time: the primary's, the leg's, and that of a leg of its size."""
    leg, primary = pairing.leg, pairing.primary
    if primary is None:
        return np.empty(0), np.empty(0), np.empty(0)
    end = min(leg.closed_ms, primary.closed_ms)
    rows = np.flatnonzero((times_ms >= leg.opened_ms) & (times_ms <= end))
    own, other = (
        np.diff(marked_path(trade, times_ms[rows], closes[trade.pair][rows])) for trade in (primary, leg)
    )
    equal = np.diff(closes[leg.pair][rows]) / leg.open_rate * leg.side * primary.notional
    return own, other, equal


def _summed(changes: Floats, span: int) -> Floats:
    """Changes over `span` candles that do not overlap; what is left at the end is dropped."""
    whole = changes[: len(changes) // span * span]
    summed: Floats = whole.reshape(-1, span).sum(axis=1)
    return summed


def _shares(primary: Floats, leg: Floats, equal: Floats) -> tuple[float, float, float]:
    """Effectiveness, rho² and the effectiveness of an equal leg; NaN from fewer than three changes."""
    known = np.isfinite(primary) & np.isfinite(leg) & np.isfinite(equal)
    primary, leg, equal = primary[known], leg[known], equal[known]
    if len(primary) < 3 or not (np.var(primary) > 0 and np.var(leg) > 0):
        return nan, nan, nan
    before = np.var(primary)
    rho = np.corrcoef(primary, leg)[0, 1]
    return (
        float(1 - np.var(primary + leg) / before),
        float(rho**2),
        float(1 - np.var(primary + equal) / before),
    )


def _leg(
    pairing: Pairing, changes: tuple[Floats, Floats, Floats], times_ms: Times, closes: Mapping[str, Floats]
) -> LegBooked:
    leg, primary = pairing.leg, pairing.primary
    ended = leg.closed_ms if primary is None else min(primary.closed_ms, leg.closed_ms)
    row = int(times_ms.searchsorted(ended, side="right")) - 1
    ran = leg.exit_reason.startswith(RUNNER) and row >= 0
    since = float(carried(closes[leg.pair])[row]) if ran else nan
    return LegBooked(
        leg.enter_tag,
        leg.pair,
        leg.exit_reason,
        leg.opened_ms,
        leg.closed_ms,
        leg.closed_ms - ended,
        leg.notional,
        *_shares(*changes),
        leg.profit,
        nan if primary is None else primary.profit,
        leg.side * held(leg, leg.closed_ms) * (leg.close_rate - since) if ran else 0.0,
        leg.fees,
        -leg.funding,
    )
