"""What the regimes' probabilities do to a trade: expected multipliers, and reasons to keep out.

Nothing here switches at a threshold but the refusal of an entry: stop, size and leverage move with Σ p·m, so
a probability that wavers moves them little. A regime that is not known (NaN) does nothing. Seen from a
trade's own side, a long squeeze forces longs out and carries shorts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.regime.classes import CALM, LONG_SQUEEZE, SHORT_SQUEEZE, TRENDING, WHIPSAW
from outrigger.settings.regime import RegimeSettings
from outrigger.sided import Sided

Floats = npt.NDArray[np.float64]

STEP_MINUTES = 5
# Further digits tell how many rows a matrix product had around a row, not what the model says.
_DIGITS = 9
WHIPSAW_AHEAD, SQUEEZE_AHEAD = "a whipsaw is likely", "a squeeze of this side is likely"


@dataclass(frozen=True, slots=True)
class RegimeEffects:
    """What the regimes ask for on one side, one value a candle, known at its close.

    Parameters
    ----------
    trail, activation : ndarray of shape (n_candles,)
        Multipliers of the trail's width and of the activation; 1 where the regime is not known.
    size, leverage : ndarray of shape (n_candles,)
        Multipliers of risk and of the leverage limit, at most 1.
    whipsaw, squeezed : ndarray of bool, shape (n_candles,)
        Whether an entry is refused because of a likely whipsaw, or of a squeeze against it.
    """

    trail: Floats
    activation: Floats
    size: Floats
    leverage: Floats
    whipsaw: npt.NDArray[np.bool_]
    squeezed: npt.NDArray[np.bool_]

    @property
    def blocked(self) -> npt.NDArray[np.bool_]:
        """Whether no trade is entered, shape (n_candles,)."""
        return self.whipsaw | self.squeezed


def smoothed(probabilities: Floats, half_life_minutes: float) -> Floats:
    """Average probabilities over the past.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, 5)
        One row a five-minute candle; NaN is unknown.
    half_life_minutes : float
        0 averages nothing.

    Returns
    -------
    ndarray of shape (n_rows, 5)
        Exponentially weighted mean of the known rows so far, to nine digits; NaN where the row itself is not
        known.
    """
    if half_life_minutes <= 0 or not len(probabilities):
        return np.round(probabilities, _DIGITS)
    frame = pd.DataFrame(probabilities)
    mean = frame.ewm(halflife=half_life_minutes / STEP_MINUTES, ignore_na=False).mean().to_numpy()
    return np.where(np.isnan(probabilities), np.nan, np.round(mean, _DIGITS))


def regime_effects(probabilities: Floats, settings: RegimeSettings) -> Sided[RegimeEffects]:
    """Work out what both sides are asked for.

    Parameters
    ----------
    probabilities : ndarray of shape (n_candles, 5)
        In the order of `REGIMES`, each row adding up to one or unknown.
    settings : RegimeSettings
        Multipliers and limits.

    Returns
    -------
    Sided of RegimeEffects
        Columns of shape (n_candles,).
    """
    return Sided(*(_of_side(side, probabilities, settings) for side in (1, -1)))


def _of_side(side: int, probabilities: Floats, settings: RegimeSettings) -> RegimeEffects:
    against, with_it = (LONG_SQUEEZE, SHORT_SQUEEZE) if side > 0 else (SHORT_SQUEEZE, LONG_SQUEEZE)
    seen = probabilities[:, [CALM, TRENDING, WHIPSAW, against, with_it]]
    unknown = np.isnan(seen).any(axis=1)
    expected = {
        what: np.where(unknown, 1.0, _expectation(seen, settings.multipliers(what)))
        for what in ("trail", "activation", "size", "leverage")
    }
    return RegimeEffects(
        **expected,
        whipsaw=probabilities[:, WHIPSAW] > settings.max_whipsaw,
        squeezed=probabilities[:, against] > settings.max_squeezed,
    )


def _expectation(probabilities: Floats, multipliers: tuple[float, ...]) -> Floats:
    """Σ p·m, column by column: a matrix product rounds by how many rows stand around a row."""
    total = np.zeros(len(probabilities))
    for column, multiplier in enumerate(multipliers):
        total += probabilities[:, column] * multiplier
    return total
