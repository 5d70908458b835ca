"""What a review says of one period, as numbers: result, trading, stops, hedge and costs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import nan
from typing import Any

from outrigger.hedge.booked import HedgeBooked
from outrigger.json_values import plain
from outrigger.review.weekly.period import Period
from outrigger.review.weekly.stops import Premature

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Result:
    """What the account made, and what holding its pairs would have made.

    Parameters
    ----------
    profit : float
        Change of equity in quote currency, open trades marked.
    share, hold : float
        The same as a fraction of equity at the beginning, and of buying and holding the same pairs.
    drawdown, hold_drawdown : float
        Deepest falls within the period, marked every five minutes.
    hold_without : tuple of str
        Pairs without candles, left out of the holding.
    sharpe, sortino, calmar : float
        By day; NaN below four weeks.
    worst_day, worst_week : float
        Fractions; the week's is NaN below two weeks.
    in_market : float
        Share of the time with a trade open.
    """

    profit: float
    share: float
    hold: float
    drawdown: float
    hold_drawdown: float
    hold_without: tuple[str, ...]
    sharpe: float
    sortino: float
    calmar: float
    worst_day: float
    worst_week: float
    in_market: float


@dataclass(frozen=True, slots=True)
class Trading:
    """Closed primaries. Returns are fractions of notional, net of fees and funding.

    Parameters
    ----------
    trades, wins : int
        Counts.
    win_rate, expectancy, cvar95 : float
        Share of wins; mean return; mean of the worst twentieth, positive for a loss.
    win_rate_interval, expectancy_interval : tuple of float
        95 %, Wilson and block bootstrap.
    slipped : dict of int to float
        Expectancy if stops had filled so many basis points worse.
    profit, profit_factor, payoff : float
        In money.
    null_win_rate, null_trades : float, int
        What geometry alone would have won of the trades whose distances are known, and how many those are.
    null_wins : int
        How many of these were won.
    """

    trades: int
    wins: int
    win_rate: float
    win_rate_interval: Interval
    expectancy: float
    expectancy_interval: Interval
    cvar95: float
    slipped: dict[int, float]
    profit: float
    profit_factor: float
    payoff: float
    null_win_rate: float
    null_trades: int
    null_wins: int


@dataclass(frozen=True, slots=True)
class Stopping:
    """How closed primaries left, and how near liquidation any trade came.

    Parameters
    ----------
    stop_exits, entry_candle_exits, liquidations : int
        Counts; liquidations of legs too.
    premature : tuple of Premature
        Within 24, 6 and 72 hours.
    capture : float
        Share of the best move that winners kept.
    slippage, slippage_worst : float
        Of stop exits, fraction of price, positive for worse fills: mean and worst.
    margin : float
        Smallest margin left to liquidation, as a fraction of its distance at entry.
    margin_of : str
        Which trade's.
    margin_unknown : int
        Trades whose liquidation price is not known.
    """

    stop_exits: int
    entry_candle_exits: int
    liquidations: int
    premature: tuple[Premature, ...]
    capture: float
    slippage: float
    slippage_worst: float
    margin: float
    margin_of: str
    margin_unknown: int


@dataclass(frozen=True, slots=True)
class Costs:
    """Fees (positive) and funding (negative when paid) in quote currency, and gains before both."""

    fees_primaries: float
    fees_legs: float
    funding_primaries: float
    funding_legs: float
    gains: float

    @property
    def funding_share(self) -> float:
        """Funding paid over gains before costs; NaN without gains."""
        paid = -(self.funding_primaries + self.funding_legs)
        return paid / self.gains if self.gains > 0 else nan


@dataclass(frozen=True, slots=True)
class Figures:
    """One period; None for the hedge of an account without legs."""

    period: Period
    result: Result
    trading: Trading
    stopping: Stopping
    hedge: HedgeBooked | None
    costs: Costs

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        stopping = {k: v for k, v in asdict(self.stopping).items() if k != "premature"}
        hedge = None if self.hedge is None else self.hedge.to_dict()
        told: dict[str, Any] = plain(
            {
                **self.period.to_dict(),
                "result": asdict(self.result),
                "trading": asdict(self.trading),
                "stopping": {**stopping, "premature": [one.to_dict() for one in self.stopping.premature]},
                "hedge": hedge,
                "costs": {**asdict(self.costs), "funding_share": self.costs.funding_share},
            }
        )
        return told
