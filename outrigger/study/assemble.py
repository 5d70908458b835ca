"""From the trades of all cells to the figures of a study.

Every policy is measured on the same resampled days, and every reading on the same trades or on the same
entries. Pure: frames in, results out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outrigger.errors import DataError
from outrigger.review.paired import MEASURES, day_sums, difference
from outrigger.review.policies_compared import SHIPPED
from outrigger.study.measures import Resamples, equity_path, figures, mean_figure, resamples, tail_mean
from outrigger.study.nulls import matched_null
from outrigger.study.overfitting import (
    DeflatedSharpe,
    Overfitting,
    deflated_sharpe,
    overfitting_probability,
    sharpe_ratio,
)
from outrigger.study.plan import DataSet
from outrigger.study.policies import Policy
from outrigger.study.result import (
    POOLED,
    READING_CVAR,
    READING_MATCHED,
    READINGS,
    Curve,
    Luck,
    PolicyFigures,
    WindowRate,
)
from outrigger.study.work import AS_IS, MATCHED

SLIPPAGES = (0, 5, 10, 20)
# What an account risks a trade in the equal-CVaR reading before it is scaled, in basis points.
_RISK_BP = 100.0


@dataclass(frozen=True, slots=True)
class Sample:
    """Trades of one policy in one reading.

    Parameters
    ----------
    entries, pool : DataFrame
        Of the entries and of the random ones.
    scale : float
        Factor on widths or size.
    """

    entries: pd.DataFrame
    pool: pd.DataFrame
    scale: float


def tables(
    trades: Mapping[str, pd.DataFrame],
    policies: Sequence[Policy],
    sets: Sequence[DataSet],
    factors: Mapping[tuple[int, str], float],
    seed: int,
    slippage: float,
) -> list[PolicyFigures]:
    """Measure every policy in every reading on every set and on all of them.

    Parameters
    ----------
    trades : mapping of str to DataFrame
        All trades by policy.
    policies : sequence of Policy
        In the order of the tables.
    sets : sequence of DataSet
        The sets.
    factors : mapping of (int, str) to float
        By set and policy: factor of the matched reading.
    seed : int
        Of the null draws.
    slippage : float
        That the trades were replayed with.

    Returns
    -------
    list of PolicyFigures
        Policies without a single trade are left out.
    """
    parts: list[tuple[str, list[int]]] = [(one.name, [one.number]) for one in sets]
    if len(sets) > 1:
        parts.append((POOLED, [one.number for one in sets]))
    found: list[PolicyFigures] = []
    for name, numbers in parts:
        whole = {
            policy.name: trades[policy.name][trades[policy.name]["data"].isin(numbers)]
            for policy in policies
            if policy.name in trades
        }
        days = [one["day"].to_numpy() for one in whole.values() if len(one)]
        if not days:
            continue
        drawn = resamples(np.concatenate(days))
        for reading in READINGS:
            samples = _samples(reading, whole, numbers, factors)
            found += _table(name, reading, samples, policies, drawn, seed, slippage)
    return found


def _samples(
    reading: str,
    whole: Mapping[str, pd.DataFrame],
    numbers: Sequence[int],
    factors: Mapping[tuple[int, str], float],
) -> dict[str, Sample]:
    """Trades of a reading with the two results that depend on it, by policy."""
    found: dict[str, Sample] = {}
    wanted = MATCHED if reading == READING_MATCHED else AS_IS
    chosen = {name: one[one["reading"] == wanted] for name, one in whole.items()}
    tails = {name: tail_mean(one.loc[~one["null"], "r"].to_numpy()) for name, one in chosen.items()}
    for name, one in chosen.items():
        if one["null"].all():
            continue
        scale = 1.0
        if reading == READING_MATCHED:
            scale = float(np.mean([factors.get((number, name), np.nan) for number in numbers]))
        elif reading == READING_CVAR:
            if not (tails.get(SHIPPED, np.nan) < 0 and tails[name] < 0):
                continue
            scale = tails[SHIPPED] / tails[name]
        size = scale if reading == READING_CVAR else 1.0
        bp = size * one["r"] * _RISK_BP if reading == READING_CVAR else 1e4 * one["net"]
        sized = one.assign(account_r=size * one["r"], bp=bp)
        found[name] = Sample(sized[~sized["null"]], sized[sized["null"]], scale)
    return found


def _table(
    data: str,
    reading: str,
    samples: Mapping[str, Sample],
    policies: Sequence[Policy],
    drawn: Resamples,
    seed: int,
    slippage: float,
) -> list[PolicyFigures]:
    index = pd.Index(drawn.days)
    sums = {name: day_sums(one.entries, index) for name, one in samples.items()}
    found: list[PolicyFigures] = []
    for policy in policies:
        sample = samples.get(policy.name)
        if sample is None:
            continue
        entries = sample.entries
        against = {}
        if policy.name != SHIPPED and SHIPPED in sums:
            against = {
                measure: difference(sums[policy.name], sums[SHIPPED], drawn.weights, measure)
                for measure in MEASURES
            }
        r = entries["r"].to_numpy()
        found.append(
            PolicyFigures(
                data,
                reading,
                policy.name,
                policy.title,
                figures(entries, sample.pool, drawn),
                sample.scale,
                mean_figure(r, entries["day"].to_numpy(), drawn),
                sd_r=float(np.std(r, ddof=1)) if len(r) > 1 else float("nan"),
                stop_share=float(entries["stopped"].mean()),
                armed_share=float(entries["armed"].mean()),
                mean_hours=float(entries["hours"].mean()),
                premature={f"{hours}h": float(entries[f"premature_{hours}h"].mean()) for hours in (6, 72)},
                slippage_bp=_slipped(entries, slippage),
                null=matched_null(entries, sample.pool, "bp", seed),
                geometry_win_rate=float(entries["geometry"].mean()),
                against_shipped=against,
            )
        )
    return found


def _slipped(entries: pd.DataFrame, assumed: float) -> dict[str, float]:
    """Expectancy in bp of notional at other slippages: a stop's fill moves, nothing else does."""
    net, bite = entries["net"].to_numpy(), entries["bite"].to_numpy()
    return {str(bp): float(1e4 * (net - (bp / 1e4 - assumed) * bite).mean()) for bp in SLIPPAGES}


def curves(
    trades: Mapping[str, pd.DataFrame], policies: Sequence[Policy], sets: Sequence[DataSet]
) -> list[Curve]:
    """Accounts that the drawdowns are those of, by set."""
    found: list[Curve] = []
    for one in sets:
        for policy in policies:
            if policy.name not in trades:
                continue
            own = _plain_entries(trades[policy.name], one.number)
            if own.empty:
                continue
            days = np.unique(own["day"].to_numpy()).tolist()
            path = equity_path(own.assign(account_r=own["r"]), days)
            shown = tuple(int(stamp) // 86_400_000 for stamp in own.groupby("day")["opened_ms"].min())
            found.append(Curve(one.name, policy.name, policy.title, shown, tuple(path.tolist())))
    return found


def _plain_entries(trades: pd.DataFrame, number: int) -> pd.DataFrame:
    return trades[(trades["reading"] == AS_IS) & ~trades["null"] & (trades["data"] == number)]


def window_rates(
    trades: Mapping[str, pd.DataFrame], policies: Sequence[Policy], sets: Sequence[DataSet]
) -> list[WindowRate]:
    """Premature stop-outs window by window, to see whether an order holds everywhere."""
    found: list[WindowRate] = []
    for policy in policies:
        if policy.name not in trades:
            continue
        whole = trades[policy.name]
        reading = MATCHED if (whole["reading"] == MATCHED).any() else AS_IS
        own = whole[(whole["reading"] == reading) & ~whole["null"]]
        for one in sets:
            for window, rows in own[own["data"] == one.number].groupby("window"):
                start = pd.Timestamp(one.edges_ms[int(str(window))], unit="ms", tz="UTC")
                found.append(
                    WindowRate(
                        one.name,
                        int(str(window)),
                        f"{start:%Y-%m-%d}",
                        policy.name,
                        policy.title,
                        float(rows["premature_24h"].mean()),
                        float(rows["r"].mean()),
                        len(rows),
                    )
                )
    return found


def luck(trades: Mapping[str, pd.DataFrame], titles: Mapping[str, str], forgotten: int) -> Luck | None:
    """Deflated Sharpe ratios and the probability of overfitting over all policies and scales.

    Parameters
    ----------
    trades : mapping of str to DataFrame
        All trades by policy.
    titles : mapping of str to str
        Policies to count.
    forgotten : int
        Trials made elsewhere, before this study.

    Returns
    -------
    Luck or None
        None with fewer than two policies or three days.
    """
    daily = {}
    for name in titles:
        one = trades.get(name)
        if one is not None:
            own = one[(one["reading"] == AS_IS) & ~one["null"]]
            daily[name] = own.groupby("day")["r"].mean()
    matrix = pd.DataFrame(daily).fillna(0.0)
    if matrix.shape[0] < 3 or matrix.shape[1] < 2:
        return None
    results = matrix.to_numpy(dtype=np.float64)
    sharpes = np.array([sharpe_ratio(results[:, column]) for column in range(results.shape[1])])
    count = results.shape[1] + forgotten
    deflated: dict[str, DeflatedSharpe] = {
        str(name): deflated_sharpe(results[:, column], sharpes, count)
        for column, name in enumerate(matrix.columns)
    }
    try:
        chance: Overfitting | None = overfitting_probability(results)
    except DataError:
        chance = None
    best = int(np.nanargmax(sharpes)) if np.isfinite(sharpes).any() else 0
    return Luck(str(matrix.columns[best]), deflated, chance)
