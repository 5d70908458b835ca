"""One backtest in the numbers a trader asks for, ready to stand beside others.

Gathers the measures; computes none itself. Results are given per trade as a fraction of notional and in R,
the loss at the protective stop: money alone would favour whoever risks more. Assumes that the trades
are primaries (no hedge legs among them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from outrigger.errors import DataError
from outrigger.json_values import plain
from outrigger.market.timeframe import timeframe_ms
from outrigger.review.backtest_export import BacktestResult
from outrigger.review.hindsight import Extremes, PrematureStops, premature_stop_rate, trend_capture
from outrigger.review.trade import FORCED
from outrigger.review.trade_measures import (
    bootstrap_interval,
    expectancy,
    max_drawdown,
    payoff,
    profit_factor,
    wilson_interval,
    win_rate,
)

HORIZON_HOURS = 24.0
OTHER_HORIZONS_HOURS = (6.0, 72.0)
SLIPPAGE = 0.001
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Summary:
    """What one backtest came to.

    Parameters
    ----------
    name : str
        What is compared, such as the stop policy.
    currency : str
        Currency of money amounts.
    trades, wins, stop_exits, liquidations, entry_candle_exits, open_at_end : int
        Counts of trades: all, with a net profit, left by a stop, liquidated, ended in the candle they began
        in, and closed only because the data ended.
    win_rate : float
        Share of trades with a net profit.
    win_rate_interval : tuple of float
        Its 95 % Wilson interval.
    expectancy : float
        Mean net return of a trade as a fraction of notional.
    expectancy_interval : tuple of float
        Its 95 % block-bootstrap interval.
    expectancy_slipped : float
        The same if every stop exit had filled worse by `SLIPPAGE`.
    expectancy_r : float
        Mean net result in R, the loss at the protective stop.
    profit, fees, funding : float
        Sums in quote currency; funding is negative when it was paid.
    profit_factor, payoff : float
        Sum of gains over sum of losses; mean gain over mean loss, both of money.
    max_drawdown : float
        Deepest fall of the balance of closed trades, as a fraction.
    premature, premature_other : PrematureStops
        Premature stop-outs within 24 h, and within the other horizons.
    trend_capture : float
        Share of the best available move that winners kept.
    """

    name: str
    currency: str
    trades: int
    wins: int
    win_rate: float
    win_rate_interval: Interval
    expectancy: float
    expectancy_interval: Interval
    expectancy_slipped: float
    expectancy_r: float
    profit: float
    fees: float
    funding: float
    profit_factor: float
    payoff: float
    max_drawdown: float
    stop_exits: int
    premature: PrematureStops
    premature_other: tuple[PrematureStops, ...]
    trend_capture: float
    liquidations: int
    entry_candle_exits: int
    open_at_end: int

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types; numbers that are not finite become null."""
        told: dict[str, Any] = plain(asdict(self))
        told["premature"]["rate"] = plain(self.premature.rate)
        for body, found in zip(told["premature_other"], self.premature_other, strict=True):
            body["rate"] = plain(found.rate)
        return told


def summarise(
    name: str,
    result: BacktestResult,
    candles: Mapping[str, Extremes],
    protective_distances: Sequence[float],
) -> Summary:
    """Measure one backtest.

    Parameters
    ----------
    name : str
        What to call it.
    result : BacktestResult
        Its trades.
    candles : mapping of str to Extremes
        By pair; they should reach 72 h beyond the last exit.
    protective_distances : sequence of float
        Distance of each trade's protective stop from its entry, as a fraction of price, in the trades' order.

    Returns
    -------
    Summary
        Measures without a trade to measure are NaN.

    Raises
    ------
    DataError
        If there are no candles of a traded pair, or not one protective distance a trade.
    """
    trades, length = result.trades, timeframe_ms(result.timeframe)
    if len(trades) != len(protective_distances):
        raise DataError(
            f"{name}: {len(trades)} trades and {len(protective_distances)} protective distances; one each"
        )
    returns = np.array([trade.net_return for trade in trades], dtype=np.float64)
    profits = np.array([trade.profit for trade in trades], dtype=np.float64)
    stopped = np.array([trade.left_by_stop for trade in trades], dtype=bool)
    wins = int((profits > 0).sum())
    return Summary(
        name=name,
        currency=result.currency,
        trades=len(trades),
        wins=wins,
        win_rate=win_rate(profits),
        win_rate_interval=wilson_interval(wins, len(trades)),
        expectancy=expectancy(returns),
        expectancy_interval=bootstrap_interval(returns),
        expectancy_slipped=expectancy(returns - SLIPPAGE * stopped),
        expectancy_r=expectancy(returns / np.array(protective_distances, dtype=np.float64)),
        profit=float(profits.sum()),
        fees=sum(trade.fees for trade in trades),
        funding=sum(trade.funding for trade in trades),
        profit_factor=profit_factor(profits),
        payoff=payoff(profits),
        max_drawdown=max_drawdown(profits, result.starting_balance),
        stop_exits=int(stopped.sum()),
        premature=premature_stop_rate(trades, candles, HORIZON_HOURS),
        premature_other=tuple(premature_stop_rate(trades, candles, h) for h in OTHER_HORIZONS_HOURS),
        trend_capture=trend_capture(trades, candles, HORIZON_HOURS),
        liquidations=sum(trade.liquidated for trade in trades),
        entry_candle_exits=sum(t.closed_ms // length == t.opened_ms // length for t in trades),
        open_at_end=sum(trade.exit_reason == FORCED for trade in trades),
    )
