"""Every number that shapes the synthetic market, in one frozen place.

Why: the label file states what was planted, so a reader can tell a found signal from an invented one.
Assumes the values were set by comparing stylised facts with real USDT perpetuals (`compare.py`); they are
not estimates of anything. Weak: cascades are planted far more often than real ones, so that a few weeks
hold enough of them to learn from.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """One time scale of a fluctuating quantity.

    Parameters
    ----------
    half_life_minutes : float
        Minutes after which half of a deviation is forgotten.
    sd : float
        Standard deviation of the component.
    common : float
        Share of its variance that all pairs have in common, 0 to 1.
    """

    half_life_minutes: float
    sd: float
    common: float


HOUR = 60.0
DAY = 1440.0


@dataclass(frozen=True, slots=True)
class MarketParameters:
    """How the synthetic market behaves; times in minutes, sizes in logs unless said.

    Parameters
    ----------
    volatility : tuple of Scale
        Components of the log of the volatility.
    tail_dof : float
        Degrees of freedom of the one-minute innovations (Student t).
    jumps_per_day, jump_size : float
        Rate of news jumps per source and their standard deviation in one-minute volatilities.
    drift_half_life, drift_share : float
        A persistent drift of the common factor, as a share of the volatility over four hours: small,
        as in reality, but not nothing.
    weekend : float
        Volatility on Saturday and Sunday over that of a weekday.
    crowding : tuple of Scale
        Components of the crowding of a pair (long positive, unit variance together with the momentum part).
    momentum_share, momentum_minutes : float
        Weight and look-back of the part of crowding that follows past returns.
    depth : tuple of Scale
        Components of the log depth of the book.
    depth_on_volatility : float
        Change of log depth per unit of log volatility.
    open_interest : tuple of Scale
        Components of the log open interest.
    hazard_per_day, crowded_from, thin_from : float
        Rate of build-ups per unit of (crowding above `crowded_from`) × (thinness above `thin_from`), both in
        standard deviations.
    market_wide : float
        Rate of market-wide build-ups relative to those of a single pair.
    fire_share : float
        Share of build-ups that end in a cascade; the others fizzle out.
    gap_minutes : float
        Smallest distance of two build-ups of the same pair.
    lead_minutes : tuple of float
        Range of the length of a build-up.
    size_median, size_sd, size_limits : float, float, tuple of float
        Log-normal size of a cascade in units of the pair's four-hour volatility, and its limits.
    fall_minutes : tuple of float
        Range of the time from trigger to the extreme.
    recovery : tuple of float
        Range of the share of the move that comes back.
    shock_volatility : float
        Log volatility added by a cascade; decays with a half-life of 45 minutes.
    """

    volatility: tuple[Scale, ...] = (
        Scale(8.0, 0.26, 0.60),
        Scale(75.0, 0.29, 0.75),
        Scale(10 * HOUR, 0.30, 0.82),
        Scale(5 * DAY, 0.32, 0.75),
    )
    tail_dof: float = 8.0
    jumps_per_day: float = 0.3
    jump_size: float = 7.0
    drift_half_life: float = 1.0 * DAY
    drift_share: float = 0.04
    weekend: float = 0.80
    crowding: tuple[Scale, ...] = (
        Scale(8 * HOUR, 0.35, 0.3),
        Scale(1.25 * DAY, 0.78, 0.75),
    )
    momentum_share: float = 0.30
    momentum_minutes: float = 1.5 * DAY
    depth: tuple[Scale, ...] = (
        Scale(1 * HOUR, 0.08, 0.5),
        Scale(12 * HOUR, 0.15, 0.75),
    )
    depth_on_volatility: float = -0.12
    open_interest: tuple[Scale, ...] = (Scale(2 * HOUR, 0.004, 0.3), Scale(6 * DAY, 0.05, 0.5))
    hazard_per_day: float = 7.0
    crowded_from: float = 0.5
    thin_from: float = 0.0
    market_wide: float = 3.5
    fire_share: float = 0.85
    gap_minutes: float = 9 * HOUR
    lead_minutes: tuple[float, float] = (7 * HOUR, 13 * HOUR)
    size_median: float = 2.2
    size_sd: float = 0.25
    size_limits: tuple[float, float] = (1.6, 4.5)
    fall_minutes: tuple[float, float] = (10.0, 45.0)
    recovery: tuple[float, float] = (0.2, 0.45)
    shock_volatility: float = 0.6
