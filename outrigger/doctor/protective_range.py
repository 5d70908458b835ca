"""How near and how far a protective stop can lie under the configured policy."""

from __future__ import annotations

from math import pi, sqrt

from outrigger.settings.read import Settings

FARTHEST = 0.5


def protective_range(settings: Settings) -> tuple[float, float]:
    """Nearest and farthest protective stop of a trade that would still be opened.

    No trade is opened while the forecast is above `max_sigma`, which bounds the scaled policies.
    Source for the Chandelier: the expected range of a driftless walk is √(8/π) of its standard deviation
    (Feller 1951, The Asymptotic Distribution of the Range of Sums).

    Parameters
    ----------
    settings : Settings
        Policy and limits.

    Returns
    -------
    tuple of float
        Fractions of price.
    """
    stop, largest = settings.stop, settings.risk.max_sigma
    hourly_range = sqrt(8 / pi) * largest / sqrt(stop.horizon_hours)
    near, far = {
        "volatility": (stop.protect_min, min(stop.protect_max, stop.protect_sigma * largest)),
        "trailing": (stop.trailing_width, stop.trailing_width),
        "chandelier": (stop.noise_floor, min(stop.chandelier_multiple * hourly_range, FARTHEST)),
        "fixed": (stop.fixed_distance, stop.fixed_distance),
    }[stop.policy]
    return near, max(near, far)
