"""What a same-entry comparison found, as numbers and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from outrigger.json_values import plain
from outrigger.review.aftermath import HORIZONS_HOURS
from outrigger.review.lab_trade import LIQUIDATION, STOP_REASONS
from outrigger.review.paired import (
    BLOCK_DAYS,
    DRAWS,
    MEASURES,
    Difference,
    block_weights,
    day_sums,
    difference,
    standard_error,
)


@dataclass(frozen=True, slots=True)
class PolicyResult:
    """One policy under one reading on one set of data, or on all of them.

    Parameters
    ----------
    data : str
        Name of the data directory, or `pooled`.
    reading : str
        `as is` or `matched`.
    policy : str
        Name of the policy.
    trades : int
        Trades replayed.
    scale : float
        Factor on the policy's widths, the mean of the sets' factors where pooled.
    premature : dict of str to float
        Rate by horizon in hours.
    stop_share, armed_share, liquidated_share : float
        Shares of trades that left by a stop, had armed, were liquidated.
    capture : float
        Mean share of the best move that winners kept.
    mean_r, mean_r_se, sd_r, cvar95_r : float
        Net return over protective distance: mean, its block-bootstrap standard error, standard deviation,
        mean of the worst 5 %.
    win_rate : float
        Share of trades with a net profit.
    mean_hours : float
        Mean time in the trade.
    against_shipped : dict of str to Difference
        By measure, on the same entries; empty for the shipped policy itself.
    """

    data: str
    reading: str
    policy: str
    trades: int
    scale: float
    premature: dict[str, float]
    stop_share: float
    armed_share: float
    liquidated_share: float
    capture: float
    mean_r: float
    mean_r_se: float
    sd_r: float
    cvar95_r: float
    win_rate: float
    mean_hours: float
    against_shipped: dict[str, Difference]


@dataclass(frozen=True, slots=True)
class SameEntryStudy:
    """A whole comparison.

    Parameters
    ----------
    data : list of dict
        Per data directory: name, timeframe, pairs, first and last entry.
    assumptions : dict
        Entries, seed, fees, slippage, fills, horizon, trials: everything a figure depends on.
    results : list of PolicyResult
        By data, reading and policy.
    """

    data: list[dict[str, Any]]
    assumptions: dict[str, Any]
    results: list[PolicyResult]

    def find(self, data: str, reading: str) -> list[PolicyResult]:
        """Results of one table."""
        return [one for one in self.results if (one.data, one.reading) == (data, reading)]

    def to_json(self) -> str:
        """The study as a JSON document; numbers that are not finite become null."""
        return json.dumps(plain(asdict(self)), indent=1)


def summarise(data: str, reading: str, trades: dict[str, pd.DataFrame], shipped: str) -> list[PolicyResult]:
    """Measure all policies of one table and compare them with the shipped one.

    Parameters
    ----------
    data, reading : str
        Name the table.
    trades : dict of str to DataFrame
        By policy: judged outcomes with `day`, `r`, `hours` and `scale`.
    shipped : str
        The policy that the others are compared with; it has to be among them.

    Returns
    -------
    list of PolicyResult
        In the order of the policies.
    """
    days = pd.Index(np.unique(np.concatenate([one["day"].to_numpy() for one in trades.values()])))
    weights = block_weights(len(days), BLOCK_DAYS, DRAWS, seed=0)
    sums = {name: day_sums(one, days) for name, one in trades.items()}
    return [
        PolicyResult(
            data,
            reading,
            name,
            **_shares(one),
            mean_r_se=standard_error(sums[name], weights, "mean_r"),
            against_shipped={
                measure: difference(sums[name], sums[shipped], weights, measure)
                for measure in MEASURES
                if name != shipped
            },
        )
        for name, one in trades.items()
    ]


def _shares(trades: pd.DataFrame) -> dict[str, Any]:
    r = trades["r"].to_numpy(dtype=np.float64)
    worst = np.sort(r)[: max(1, round(0.05 * len(r)))]
    return {
        "trades": len(trades),
        "scale": float(trades["scale"].mean()),
        "premature": {f"{hours}h": float(trades[f"premature_{hours}h"].mean()) for hours in HORIZONS_HOURS},
        "stop_share": float(trades["reason"].isin(STOP_REASONS).mean()),
        "armed_share": float(trades["armed"].mean()),
        "liquidated_share": float((trades["reason"] == LIQUIDATION).mean()),
        "capture": float(trades["capture"].mean()),
        "mean_r": float(r.mean()),
        "sd_r": float(r.std(ddof=1)) if len(r) > 1 else float("nan"),
        "cvar95_r": float(worst.mean()),
        "win_rate": float((trades["net"] > 0).mean()),
        "mean_hours": float(trades["hours"].mean()),
    }
