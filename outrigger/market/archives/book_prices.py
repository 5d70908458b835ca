"""Faults of cumulative depth that show in the prices it implies: misaligned, crossed, shifted.

Notional over amount is the mean price of the orders inside a band. On a sound book it lies a known
share of the band away from the mid (about .45 within ±1 %, Binance BTCUSDT and the usual concave
profile), so every band gives an estimate of the mid and the estimates must agree. The medians of the
three nearest bands of each side say whether a side as a whole is off; single bands are then held
against the mid. Which of two contradicting sides is wrong: the one that stood still; else the one
farther from the last agreed mid; both, where there is none within ten minutes.

Verdicts use the past of the file only. Weak: a side that lags without standing still, in a crash, is
taken for the sound one; a shift of both sides by less than 10 % is a market move; the far bands of a
side are held to a wider tolerance, because walls of orders move their mean price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from outrigger.market.archives.book_faults import Depth, Mask
from outrigger.market.store.schema import BANDS

TOLERANCE: Final = 0.005
SHIFT: Final = 0.10
MEMORY_MS: Final = 600_000
SHIFT_MEMORY_MS: Final = 300_000
# Distance from the mid of the mean price inside each of `BANDS`, as a share of the band.
_SHARES: Final = (0.5, 0.45, 0.475, 0.45, 0.425, 0.40)
_OFFSETS: Final = np.array([band * share for band, share in zip(BANDS, _SHARES, strict=True)])
_TOLERANCES: Final = np.maximum(TOLERANCE, np.asarray(BANDS) / 4)
_SIDES: Final = np.array([-1.0, 1.0])
_NEAREST: Final = 3


@dataclass(frozen=True, slots=True)
class PriceFaults:
    """What does not fit.

    Parameters
    ----------
    misaligned : ndarray of bool, shape (n, 2, bands)
        Bands whose implied price does not fit the mid.
    crossed, shifted : ndarray of bool, shape (n,)
        Snapshots with exchanged sides; snapshots far off the ones before.
    mid : ndarray of shape (n,)
        Implied mid, NaN where none can be trusted.
    """

    misaligned: Mask
    crossed: Mask
    shifted: Mask
    mid: NDArray[np.float64]


def price_faults(times_ms: NDArray[np.int64], depth: Depth) -> PriceFaults:
    """Hold the prices that depth implies against each other.

    Parameters
    ----------
    times_ms : ndarray of int64, shape (n,)
        Sorted times of the snapshots.
    depth : ndarray of shape (n, 2, bands, 2)
        Cumulative depth with the bands of `BANDS`; NaN where missing or masked already.

    Returns
    -------
    PriceFaults
        Faults and the implied mid.
    """
    amount, notional = depth[..., 0], depth[..., 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        price = np.where((amount == 0) & (notional == 0), np.nan, notional / amount)
    estimates = price / (1 + _SIDES[:, None] * _OFFSETS)
    exchanged = price / (1 - _SIDES[:, None] * _OFFSETS)
    sides, limit = _side_mids(estimates)
    still = np.zeros(sides.shape, dtype=np.bool_)
    still[1:] = sides[1:] == sides[:-1]
    mirrored = _disagreement(_side_mids(exchanged)[0]) <= limit
    verdict = _judge(times_ms, sides, limit, still, mirrored)
    with np.errstate(invalid="ignore", divide="ignore"):
        off = np.abs(estimates / verdict.mid[:, None, None] - 1) > _TOLERANCES
    alone = off & np.isfinite(verdict.mid)[:, None, None] & ~np.isnan(estimates)
    whole = verdict.misaligned[:, :, None] & np.isfinite(amount)
    return PriceFaults(alone | whole, verdict.crossed, verdict.shifted, verdict.mid)


@dataclass(slots=True)
class _Verdict:
    misaligned: Mask
    crossed: Mask
    shifted: Mask
    mid: NDArray[np.float64]


def _side_mids(estimates: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mid as each side's nearest bands see it, shape (n, 2), and how far the two may differ, shape (n,)."""
    usable = np.isfinite(estimates) & (estimates > 0)
    near = usable & (np.cumsum(usable, axis=2) <= _NEAREST)
    values = np.sort(np.where(near, estimates, np.inf), axis=2)
    count = near.sum(axis=2)
    low = np.take_along_axis(values, np.maximum((count - 1) // 2, 0)[:, :, None], axis=2)[:, :, 0]
    high = np.take_along_axis(values, (count // 2)[:, :, None], axis=2)[:, :, 0]
    mids = np.where(count > 0, (low + high) / 2, np.nan)
    nearest = np.where(near.any(axis=2), _TOLERANCES[near.argmax(axis=2)], TOLERANCE)
    return mids, nearest.max(axis=1)


def _disagreement(sides: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.abs(sides[:, 0] / sides[:, 1] - 1))


def _judge(
    times_ms: NDArray[np.int64],
    sides: NDArray[np.float64],
    limit: NDArray[np.float64],
    still: Mask,
    mirrored: Mask,
) -> _Verdict:
    """Walk through the snapshots with the last agreed mid in hand."""
    count = len(times_ms)
    verdict = _Verdict(
        np.zeros((count, 2), dtype=np.bool_),
        np.zeros(count, dtype=np.bool_),
        np.zeros(count, dtype=np.bool_),
        np.full(count, np.nan),
    )
    agree = ~(_disagreement(sides) > limit)
    # One side alone is its own mid.
    middle = np.where(np.isnan(sides).any(axis=1), np.fmax(sides[:, 0], sides[:, 1]), sides.mean(axis=1))
    last, seen = np.nan, 0
    for row, time in enumerate(times_ms.tolist()):
        known = last if time - seen <= MEMORY_MS else np.nan
        mid = float(middle[row])
        if not mid > 0:
            continue
        if not agree[row]:
            mid = _settle(verdict, row, sides[row], known, still[row], bool(mirrored[row]))
        elif time - seen <= SHIFT_MEMORY_MS and abs(mid / known - 1) > SHIFT:
            verdict.shifted[row] = True
            continue
        if mid > 0:
            verdict.mid[row] = last = mid
            seen = time
    return verdict


def _settle(
    verdict: _Verdict, row: int, sides: NDArray[np.float64], known: float, still: Mask, mirrored: bool
) -> float:
    """Find the side at fault where the two disagree; the mid of the other one, NaN if none is left."""
    bid, ask = float(sides[0]), float(sides[1])
    if bid > ask and mirrored and not abs((bid + ask) / 2 / known - 1) > TOLERANCE:
        verdict.crossed[row] = True
        return float("nan")
    if still[0] != still[1]:
        wrong = 0 if still[0] else 1
    elif np.isnan(known):
        verdict.misaligned[row] = True
        return float("nan")
    else:
        wrong = 0 if abs(bid / known - 1) > abs(ask / known - 1) else 1
    verdict.misaligned[row, wrong] = True
    return ask if wrong == 0 else bid
