"""Walk-forward choice of the shipped stop's scale: chosen on earlier windows, reported on the next one.

For every window but the first, the scale with the best mean R on trades that had ended before the window
began is taken, and its trades of the window are what counts. So nothing that is reported was tuned on. Weak:
on random entries every scale earns about the same, so what is chosen is mostly noise, and this shows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from outrigger.study.measures import figures, resamples
from outrigger.study.plan import DataSet
from outrigger.study.policies import SCALES, scale_name
from outrigger.study.result import Chosen, Tuned
from outrigger.study.work import AS_IS

# Fewer ended trades than this say nothing about a scale: the shipped one is taken.
ENOUGH = 30


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


def tuned(trades: Mapping[str, pd.DataFrame], sets: Sequence[DataSet]) -> Tuned | None:
    """Choose the shipped stop's scale walk-forward; None without several windows or scales."""
    scales = {factor: trades[scale_name(factor)] for factor in SCALES if scale_name(factor) in trades}
    if 1.0 not in scales or len(scales) < 2:
        return None
    plain = {scale: one[one["reading"] == AS_IS] for scale, one in scales.items()}
    names = {one.number: one.name for one in sets}
    entries = {
        scale: one[~one["null"]].assign(data=one.loc[~one["null"], "data"].map(names))
        for scale, one in plain.items()
    }
    starts = {(one.name, window): one.edges_ms[window] for one in sets for window in range(one.windows)}
    choices, out = walk_forward(entries, starts)
    if out.empty:
        return None
    picked = {(one.data, one.window): one.scale for one in choices}
    pools = []
    for (name, window), scale in picked.items():
        pool = plain[scale]
        here = pool["null"] & (pool["data"].map(names) == name) & (pool["window"] == window)
        pools.append(pool[here].assign(data=name))
    theirs = pd.concat(pools, ignore_index=True)
    shipped, base = entries[1.0], plain[1.0]
    same = [key in picked for key in zip(shipped["data"], shipped["window"], strict=True)]
    base = base[base["null"]]
    base = base.assign(data=base["data"].map(names))
    kept = [key in picked for key in zip(base["data"], base["window"], strict=True)]
    drawn = resamples(
        np.concatenate((out["day"].to_numpy(), theirs["day"].to_numpy(), base["day"].to_numpy()))
    )
    return Tuned(
        choices,
        figures(_as_is(out), _as_is(theirs), drawn),
        figures(_as_is(shipped[same]), _as_is(base[kept]), drawn),
    )


def _as_is(trades: pd.DataFrame) -> pd.DataFrame:
    return trades.assign(account_r=trades["r"], bp=1e4 * trades["net"])
