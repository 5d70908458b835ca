"""Walk-forward choice of the shipped stop's scale: chosen on earlier windows, reported on the next one.

For every window but the first, the scale with the best mean R on trades that had ended before the window
began is taken, and its trades of the window are what counts. So nothing that is reported was tuned on. Weak:
on random entries every scale earns about the same, so what is chosen is mostly noise, and this shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

# Fewer ended trades than this say nothing about a scale: the shipped one is taken.
ENOUGH = 30


@dataclass(frozen=True, slots=True)
class Chosen:
    """The choice for one window.

    Parameters
    ----------
    data : str
        Set.
    window : int
        Number of the window that it was made for.
    scale : float
        Factor on all widths.
    trained_on : int
        Trades of each scale that had ended before.
    in_sample_r, out_of_sample_r : float
        Mean R of the chosen scale on them, and in the window itself.
    """

    data: str
    window: int
    scale: float
    trained_on: int
    in_sample_r: float
    out_of_sample_r: float


def walk_forward(
    trades: Mapping[float, pd.DataFrame], starts_ms: Mapping[tuple[str, int], int]
) -> tuple[list[Chosen], pd.DataFrame]:
    """Choose a scale for each window from what was over before it.

    Parameters
    ----------
    trades : mapping of float to DataFrame
        By scale, 1 among them: trades with `data`, `window`, `closed_ms` and `r`.
    starts_ms : mapping of (str, int) to int
        When each window of each set begins.

    Returns
    -------
    chosen : list of Chosen
        One for each window but the first that has trades.
    out_of_sample : DataFrame
        Trades of the chosen scales in their windows, with `scale`.
    """
    choices: list[Chosen] = []
    parts: list[pd.DataFrame] = []
    for (data, window), start in sorted(starts_ms.items()):
        known = {
            scale: one.loc[(one["data"] == data) & (one["window"] < window) & (one["closed_ms"] < start), "r"]
            for scale, one in trades.items()
        }
        if window == 0:
            continue
        means = {scale: float(r.mean()) for scale, r in known.items() if len(r) >= ENOUGH}
        best = max(means, key=lambda scale: means[scale]) if means else 1.0
        whole = trades[best]
        following = whole[(whole["data"] == data) & (whole["window"] == window)]
        if following.empty:
            continue
        parts.append(following.assign(scale=best))
        told = means.get(best, float("nan"))
        choices.append(Chosen(data, window, best, len(known[best]), told, float(following["r"].mean())))
    return choices, pd.concat(parts, ignore_index=True) if parts else trades[1.0].iloc[:0].assign(scale=1.0)
