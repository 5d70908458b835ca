"""What happens after an entry event, beside what happens after a random entry.

Bought or sold at the open of the candle after the event, held for a fixed time, costs taken off; no
stop, because the stop is judged elsewhere. Two nulls with the same sides in the same numbers:
*random* draws each entry time alone, *shifted* moves all events of all pairs by one common time, so
that their clusters stay clusters. Events of correlated pairs come together, so the shifted null is
the honest one and gives the interval; the random one is narrower than it should be. Weak in short
samples: both nulls see the sample's own drift and nothing of other years.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Entries:
    """One pair's candles, the moves that follow them and the events among them.

    Parameters
    ----------
    moves : ndarray of shape (n_eligible, n_horizons)
        Fraction of price from the next open to the open one horizon later, of every eligible candle.
    at : ndarray of int64, shape (n_events,)
        Positions of the events among the eligible candles.
    side : ndarray of int8, shape (n_events,)
        1 long, -1 short.
    confidence : ndarray of shape (n_events,)
        Confidence of each event.
    """

    moves: Floats
    at: Ints
    side: npt.NDArray[np.int8]
    confidence: Floats


@dataclass(frozen=True, slots=True)
class Verdict:
    """Mean net return of a group of events at one horizon beside its nulls, all in basis points.

    Parameters
    ----------
    group : str
        `all`, `long`, `short`, `full` or `partial`.
    horizon_hours : float
        Hours held.
    events : int
        Events in the group.
    mean_bp, random_bp, shifted_bp : float
        Mean net return of the events, and the mean of each null.
    excess_bp, low_bp, high_bp : float
        Mean minus the shifted null's mean, and minus its 97.5 % and 2.5 % quantiles.
    beats_random, beats_shifted : float
        Share of the null's draws that the events beat.
    """

    group: str
    horizon_hours: float
    events: int
    mean_bp: float
    random_bp: float
    shifted_bp: float
    excess_bp: float
    low_bp: float
    high_bp: float
    beats_random: float
    beats_shifted: float


def forward_moves(opens: Floats, horizons: Sequence[int]) -> Floats:
    """Move from the next candle's open to the open each horizon later.

    Parameters
    ----------
    opens : ndarray of shape (n_candles,)
        Opens, price per unit of base.
    horizons : sequence of int
        Candles held.

    Returns
    -------
    ndarray of shape (n_candles, n_horizons)
        Fractions of price; NaN where the exit lies beyond the data.
    """
    out = np.full((opens.size, len(horizons)), np.nan)
    for column, bars in enumerate(horizons):
        last = opens.size - 1 - bars
        if last > 0:
            out[:last, column] = opens[1 + bars :] / opens[1 : last + 1] - 1.0
    return out


def judge(
    pairs: Mapping[str, Entries], horizons_hours: Sequence[float], cost: float, draws: int, seed: int
) -> list[Verdict]:
    """Compare events with both nulls, by side and by confidence.

    Parameters
    ----------
    pairs : mapping of str to Entries
        Events by pair.
    horizons_hours : sequence of float
        Hours of each column of the moves, for naming.
    cost : float
        Cost of a round trip, fraction of price.
    draws : int
        Draws of each null.
    seed : int
        Seed of the draws.

    Returns
    -------
    list of Verdict
        One for each group that has events, and horizon.
    """
    rng = np.random.default_rng(seed)
    busy = [entries for entries in pairs.values() if entries.at.size]
    if not busy:
        return []
    longest = max(entries.moves.shape[0] for entries in busy)
    offsets = rng.integers(1, longest, size=draws)
    real, random, shifted = [], [], []
    for entries in busy:
        size = entries.moves.shape[0]
        real.append(_net(entries, entries.at[None, :], cost))
        random.append(_net(entries, rng.integers(0, size, size=(draws, entries.at.size)), cost))
        shifted.append(_net(entries, (entries.at[None, :] + offsets[:, None]) % size, cost))
    joined = [np.concatenate(parts, axis=1) for parts in (real, random, shifted)]
    side = np.concatenate([entries.side for entries in busy])
    full = np.concatenate([entries.confidence for entries in busy]) >= 1.0
    groups = {"all": side != 0, "long": side > 0, "short": side < 0, "full": full, "partial": ~full}
    return [
        _verdict(name, hours, *(part[:, member, column] for part in joined))
        for name, member in groups.items()
        if member.any()
        for column, hours in enumerate(horizons_hours)
    ]


def _net(entries: Entries, rows: Ints, cost: float) -> Floats:
    net: Floats = entries.moves[rows] * entries.side[None, :, None] - cost
    return net


def _verdict(group: str, hours: float, real: Floats, random: Floats, shifted: Floats) -> Verdict:
    mean = float(real.mean()) * 1e4
    by_random, by_shift = random.mean(axis=1) * 1e4, shifted.mean(axis=1) * 1e4
    low, high = np.quantile(by_shift, [0.025, 0.975])
    return Verdict(
        group=group,
        horizon_hours=hours,
        events=real.shape[1],
        mean_bp=mean,
        random_bp=float(by_random.mean()),
        shifted_bp=float(by_shift.mean()),
        excess_bp=mean - float(by_shift.mean()),
        low_bp=mean - float(high),
        high_bp=mean - float(low),
        beats_random=float((mean > by_random).mean()),
        beats_shifted=float((mean > by_shift).mean()),
    )
