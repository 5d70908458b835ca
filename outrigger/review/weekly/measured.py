"""Gathers the figures of one period of an account from the measures; computes none itself but sums.

A trade belongs to the period in which it ended; equity belongs to all of it, open trades marked. Expectancy,
rates and stops are those of primaries alone, legs have an account of their own. Ratios by day are given from
four weeks on: over less they only sound exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, nan

import numpy as np

from outrigger.hedge.account import cvar
from outrigger.hedge.booked import HedgeBooked, book
from outrigger.hedge.pairing import pairings
from outrigger.market.timeframe import timeframe_ms
from outrigger.review import money
from outrigger.review.trade import Trade
from outrigger.review.trade_measures import (
    Floats,
    bootstrap_interval,
    expectancy,
    payoff,
    profit_factor,
    wilson_interval,
    win_rate,
)
from outrigger.review.weekly import stops
from outrigger.review.weekly.account import Account, is_leg, legs, primaries
from outrigger.review.weekly.documents import activation, protective_distance
from outrigger.review.weekly.equity import hold_path
from outrigger.review.weekly.figures import Costs, Figures, Result, Stopping, Trading
from outrigger.review.weekly.market import Market
from outrigger.review.weekly.period import Period
from outrigger.settings.stop import StopSettings

HORIZONS_HOURS = (24.0, 6.0, 72.0)
LEAST_DAYS = 28.0


def figures(
    account: Account,
    market: Market,
    results: Floats,
    period: Period,
    settings: StopSettings,
    tiers: stops.Tiers,
) -> Figures:
    """Gather the figures of a period.

    Parameters
    ----------
    account : Account
        The whole account, open trades valued.
    market : Market
        Candles around it.
    results : ndarray of shape (n_times,)
        What the account had made by each close of the market's clock, quote currency.
    period : Period
        Within the account's life.
    settings : StopSettings
        For the distances that win rates are compared with.
    tiers : mapping
        Maintenance tiers for trades whose liquidation price is not recorded.

    Returns
    -------
    Figures
        Measures without anything to measure are NaN.
    """
    done = [t for t in account.trades if not t.is_open and t.closed_ms <= period.end_ms]
    closed = [t for t in done if t.closed_ms > period.start_ms]
    held = [t for t in account.trades if t.opened_ms <= period.end_ms and t.closed_ms > period.start_ms]
    return Figures(
        period,
        _result(account, market, results, period, held),
        _trading(primaries(closed), settings),
        _stopping(closed, held, market, account, tiers),
        _hedge(closed, done, market, period, account.balance + results),
        _costs(closed),
    )


def _result(
    account: Account, market: Market, results: Floats, period: Period, held: Sequence[Trade]
) -> Result:
    first = max(int(market.clock.searchsorted(period.start_ms, side="right")) - 1, 0)
    last = max(int(market.clock.searchsorted(period.end_ms, side="left")), first)
    equity = account.balance + results
    opening, path, times = equity[first], equity[first + 1 : last + 1], market.clock[first + 1 : last + 1]
    holding, without = hold_path(account.pairs, market.closes, first)
    holding = holding[: last + 1 - first]
    days = money.period_returns(times, path, opening, money.DAY_MS)
    weeks = money.period_returns(times, path, opening, money.WEEK_MS, money.MONDAY_MS)
    ratios = period.days >= LEAST_DAYS
    return Result(
        profit=float(results[last] - results[first]),
        share=float(path[-1] / opening - 1) if path.size else 0.0,
        hold=float(holding[-1] - 1) if holding.size else nan,
        drawdown=money.path_drawdown(path, opening),
        hold_drawdown=money.path_drawdown(holding[1:], 1.0) if np.isfinite(holding).any() else nan,
        hold_without=tuple(without),
        sharpe=money.sharpe(days) if ratios else nan,
        sortino=money.sortino(days) if ratios else nan,
        calmar=money.calmar(path, opening, period.days) if ratios else nan,
        worst_day=float(days.min()) if days.size else nan,
        worst_week=float(weeks.min()) if period.days >= 14 and weeks.size else nan,
        in_market=money.time_in_market(held, period.start_ms, period.end_ms),
    )


def _trading(trades: Sequence[Trade], settings: StopSettings) -> Trading:
    returns = np.array([trade.net_return for trade in trades], dtype=np.float64)
    profits = np.array([trade.profit for trade in trades], dtype=np.float64)
    wins = int((profits > 0).sum())
    both = [(t, protective_distance(t), activation(t, settings)) for t in trades]
    known = [(t, stop, gain) for t, stop, gain in both if stop is not None and gain is not None]
    return Trading(
        trades=len(trades),
        wins=wins,
        win_rate=win_rate(profits),
        win_rate_interval=wilson_interval(wins, len(trades)),
        expectancy=expectancy(returns),
        expectancy_interval=bootstrap_interval(returns),
        cvar95=cvar(returns),
        slipped=money.slipped_expectancy(trades),
        profit=float(profits.sum()),
        profit_factor=profit_factor(profits),
        payoff=payoff(profits),
        null_win_rate=money.geometry_null([s for _, s, _ in known], [a for _, _, a in known]),
        null_trades=len(known),
        null_wins=sum(trade.profit > 0 for trade, _, _ in known),
    )


def _stopping(
    closed: Sequence[Trade], held: Sequence[Trade], market: Market, account: Account, tiers: stops.Tiers
) -> Stopping:
    own, extremes, known = primaries(closed), market.extremes, account.known_ms
    slipped = stops.slippages(closed)
    margin = stops.smallest_margin(held, extremes, tiers)
    return Stopping(
        stop_exits=sum(trade.left_by_stop for trade in own),
        entry_candle_exits=money.entry_candle_exits(own, timeframe_ms(account.timeframe)),
        liquidations=sum(trade.liquidated for trade in closed),
        premature=tuple(stops.premature(own, extremes, hours, known) for hours in HORIZONS_HOURS),
        capture=stops.capture(own, extremes, HORIZONS_HOURS[0], known),
        slippage=float(np.mean(slipped)) if slipped else nan,
        slippage_worst=max(slipped, default=nan),
        margin=margin.left,
        margin_of="" if margin.trade is None else name_of(margin.trade),
        margin_unknown=margin.unknown,
    )


def name_of(trade: Trade) -> str:
    """A trade in few words: its coin, side, whether it is a leg, and its number where it has one."""
    number = "" if trade.number is None else f" #{trade.number}"
    leg = " leg" if is_leg(trade) else ""
    return f"{trade.pair.partition('/')[0]} {'long' if trade.side > 0 else 'short'}{leg}{number}"


def _hedge(
    closed: Sequence[Trade], done: Sequence[Trade], market: Market, period: Period, equity: Floats
) -> HedgeBooked | None:
    """Account of the legs and their primaries; other trades would only take time."""
    ended = {id(trade) for trade in closed}
    found = [one for one in pairings(done) if id(one.leg) in ended]
    hedged = [trade for one in found for trade in (one.leg, one.primary) if trade is not None]
    priced = [trade for trade in hedged if trade.pair in market.closes]
    if not any(trade in priced for trade in legs(closed)):
        return None
    begun = min([period.start_ms, *(trade.opened_ms for trade in priced)])
    first = max(int(market.clock.searchsorted(begun, side="right")) - 1, 0)
    last = int(market.clock.searchsorted(period.end_ms, side="left")) + 1
    closes = {pair: path[first:last] for pair, path in market.closes.items()}
    opening = float(equity[first]) if isfinite(equity[first]) else nan
    return book(priced, market.clock[first:last], closes, opening)


def _costs(closed: Sequence[Trade]) -> Costs:
    own, others = primaries(closed), legs(closed)
    return Costs(
        sum(trade.fees for trade in own),
        sum(trade.fees for trade in others),
        sum(trade.funding for trade in own),
        sum(trade.funding for trade in others),
        sum(max(trade.profit + trade.fees - trade.funding, 0.0) for trade in closed),
    )
