"""Sizes policies alike: every width of a policy is multiplied by one factor until its mean notional agrees.

A trade is sized to lose the same at its protective stop, so its notional goes as one over the protective
distance, and the mean notional of a policy as one over the harmonic mean of its distances. Without this a
wide stop looks good by risking more. Limits of a policy (smallest, largest width) scale along.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from outrigger.errors import DataError
from outrigger.stops.policies import Floats, WidthColumns

REFERENCE = 0.03


def harmonic_mean(distances: Floats) -> float:
    """Harmonic mean of distances.

    Parameters
    ----------
    distances : ndarray of shape (n_trades,)
        Protective distances at entry, as fractions of price.

    Returns
    -------
    float
        One over the mean of one over them.

    Raises
    ------
    DataError
        If there is none, or one is not positive.
    """
    if not len(distances) or not (distances > 0).all():
        raise DataError("protective distances have to be positive numbers, one a trade: check the widths")
    return float(1 / np.mean(1 / distances))


def matching_scale(distances: Floats, reference: float = REFERENCE) -> float:
    """Factor on all widths that brings the harmonic mean of the protective distances to a reference.

    Parameters
    ----------
    distances : ndarray of shape (n_trades,)
        Protective distances at entry, as fractions of price.
    reference : float
        The distance to reach.

    Returns
    -------
    float
        Positive.

    Raises
    ------
    DataError
        If the distances cannot be averaged.
    """
    return reference / harmonic_mean(distances)


def scaled(widths: WidthColumns, factor: float) -> WidthColumns:
    """Multiply every width of a policy.

    Parameters
    ----------
    widths : WidthColumns
        As the policy asks.
    factor : float
        Positive.

    Returns
    -------
    WidthColumns
        An activation of zero or infinity, an unknown trail and a guard's price stay what they are.
    """
    return replace(
        widths,
        protect=widths.protect * factor,
        activation=widths.activation * factor,
        trail=widths.trail * factor,
    )
