"""What the study of stop-outs found, as numbers, JSON and a table that fits a terminal."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from outrigger.json_values import plain

_FOOTNOTE = (
    "ratio 0: no legs. Of trades in R, leg included: tail, the mean loss of the worst 5 %, sd, mean. Of "
    "accounts, in % of the starting equity: day, the mean loss of the worst 5 % of days; the largest "
    "drawdown, its mean, median and 95th percentile; lower: share of accounts whose drawdown the legs made "
    "smaller. Legs after costs, and their costs, in basis points of the primary's notional a trade. Return: "
    "mean of the accounts, %."
)


@dataclass(frozen=True, slots=True)
class AtRatio:
    """Trades and accounts with legs at one ratio.

    Parameters
    ----------
    ratio : float
        Share of beta; 0 for no legs.
    trade_cvar_r, trade_sd_r, trade_mean_r : float
        Loss in the worst twentieth, standard deviation and mean of trade results in R, leg included.
    daily_cvar : float
        Loss in the worst twentieth of the accounts' days, fraction of equity.
    drawdown_mean, drawdown_median, drawdown_p95 : float
        Largest drawdown over the accounts, fraction of equity.
    lower_drawdown : float
        Share of accounts with a smaller drawdown than without legs.
    leg_net_bp, leg_net_bp_error, leg_cost_bp : float
        Result of the legs with its standard error (trades overlap, so it is too small), and their costs, in
        basis points of the primaries' notional a trade, those without a leg included.
    account_return : float
        Mean result of the accounts, fraction of equity.
    """

    ratio: float
    trade_cvar_r: float
    trade_sd_r: float
    trade_mean_r: float
    daily_cvar: float
    drawdown_mean: float
    drawdown_median: float
    drawdown_p95: float
    lower_drawdown: float
    leg_net_bp: float
    leg_net_bp_error: float
    leg_cost_bp: float
    account_return: float


@dataclass(frozen=True, slots=True)
class StoppedOut:
    """Primaries that were stopped at a loss.

    Parameters
    ----------
    primaries, hedged : int
        How many, and how many of them had a leg.
    lost_bp, gained_bp : float
        Mean loss of the hedged ones, and what their legs had gained by then at ratio 1, basis points of the
        primary's notional, without costs.
    runners : int
        Legs that ran on.
    runner_mean_bp, runner_error_bp, runner_median_bp, runner_p95_bp : float
        What they added, basis points of the leg's notional, without costs.
    """

    primaries: int
    hedged: int
    lost_bp: float
    gained_bp: float
    runners: int
    runner_mean_bp: float
    runner_error_bp: float
    runner_median_bp: float
    runner_p95_bp: float


@dataclass(frozen=True, slots=True)
class StopoutStudy:
    """A whole study.

    Parameters
    ----------
    data, timeframe : str
        Data directory and base candles.
    settings : dict
        What it rests on.
    ratios : list of AtRatio
        The first without legs.
    stopped : StoppedOut
        The losing stop-outs.
    """

    data: str
    timeframe: str
    settings: dict[str, Any]
    ratios: list[AtRatio]
    stopped: StoppedOut

    def at(self, ratio: float) -> AtRatio:
        """What was found at one ratio."""
        return next(one for one in self.ratios if one.ratio == ratio)

    def to_json(self) -> str:
        """The study as JSON text."""
        return json.dumps(plain(asdict(self)), indent=2, allow_nan=False)


def print_stopouts(found: StopoutStudy, console: Console) -> None:
    """Print what was found and what it rests on.

    Parameters
    ----------
    found : StopoutStudy
        The study.
    console : Console
        Where to.
    """
    title = f"{found.data}: random {found.timeframe} primaries with legs"
    table = Table(title=title, box=SIMPLE_HEAD, padding=0, show_edge=False)
    heads = (
        "ratio",
        "tail R",
        "sd",
        "mean",
        "day %",
        "drawdown",
        "median",
        "95th",
        "lower",
        "leg bp",
        "cost",
    )
    for head in (*heads, "return"):
        table.add_column(head, justify="right", no_wrap=True)
    for one in found.ratios:
        table.add_row(
            f"{one.ratio:g}",
            *(f"{number:.2f}" for number in (one.trade_cvar_r, one.trade_sd_r, one.trade_mean_r)),
            f"{100 * one.daily_cvar:.2f}",
            *(f"{100 * fall:.2f}" for fall in (one.drawdown_mean, one.drawdown_median, one.drawdown_p95)),
            f"{one.lower_drawdown:.0%}",
            f"{one.leg_net_bp:+.1f}±{one.leg_net_bp_error:.1f}",
            f"{one.leg_cost_bp:.1f}",
            f"{100 * one.account_return:+.2f}",
        )
    console.print(table)
    stopped = found.stopped
    console.print(
        f"{stopped.primaries} primaries stopped at a loss, {stopped.hedged} of them hedged: they had lost "
        f"{stopped.lost_bp:.0f} bp, their legs had gained {stopped.gained_bp:.0f} bp at ratio 1. "
        f"{stopped.runners} runners then added {stopped.runner_mean_bp:+.0f} ± {stopped.runner_error_bp:.0f} "
        f"bp of the leg (median {stopped.runner_median_bp:+.0f}, 95th percentile "
        f"{stopped.runner_p95_bp:+.0f}).",
        highlight=False,
    )
    console.print(_FOOTNOTE, highlight=False)
