"""What a regime model has to beat: the classes' shares, volatility alone, and "the last regime persists".

All three are fitted on the rows that the model itself was fitted on and stored in its card, so that a live
bot and `outrigger evaluate` compare with the same thing. *Prior*: shares of the regimes. *Volatility*:
multinomial logistic regression on the logs of two EWMA volatilities, two hours and one day half-life.
*Persistence*: how often each regime followed the last one whose horizon is complete, Laplace-smoothed.
The volatility baseline sees absolute levels, as a trader would; it is a yardstick, never used for trading.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression

from outrigger.errors import DataError
from outrigger.regime.classes import REGIMES, UNLABELLED
from outrigger.volatility.ewma import decay_from_half_life, ewma_variance
from outrigger.volatility.grid import CandleGrid
from outrigger.volatility.windows import Array

_HALF_LIVES_BARS: Final = (24, 288)
_SMALLEST_VARIANCE: Final = 1e-12
_N_STATES: Final = len(REGIMES) + 1


@dataclass(frozen=True, slots=True)
class Baselines:
    """The three, fitted.

    Parameters
    ----------
    prior : tuple of float, length 5
        Shares of the regimes, each above zero.
    volatility : tuple of tuple of float, 5 rows of 1 + 2 numbers
        Intercept and weights of the log volatilities, a row a regime.
    persistence : tuple of tuple of float, 6 rows of 5 numbers
        Probabilities after each last regime; the last row where it is not known.
    """

    prior: tuple[float, ...]
    volatility: tuple[tuple[float, ...], ...]
    persistence: tuple[tuple[float, ...], ...]

    def by_prior(self, n_rows: int) -> Array:
        """Probabilities that know nothing but the shares; shape (n_rows, 5)."""
        return np.tile(np.asarray(self.prior), (n_rows, 1))

    def by_volatility(self, volatility: Array) -> Array:
        """Probabilities from `log_volatility`, shape (n_rows, 2) → (n_rows, 5); the prior where it is NaN."""
        weights = np.asarray(self.volatility)
        scores = weights[:, 0] + volatility @ weights[:, 1:].T
        scores -= scores.max(axis=1, keepdims=True)
        odds = np.exp(scores)
        told = odds / odds.sum(axis=1, keepdims=True)
        return np.where(np.isfinite(told), told, np.asarray(self.prior))

    def by_persistence(self, last: npt.NDArray[np.integer[Any]]) -> Array:
        """Probabilities after the last complete regimes, −1 where unknown; shape (n_rows, 5)."""
        after: Array = np.asarray(self.persistence)[last]
        return after

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "prior": list(self.prior),
            "volatility": [list(row) for row in self.volatility],
            "persistence": [list(row) for row in self.persistence],
        }

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> Baselines:
        """Read the JSON-able form; raises ValueError, KeyError or TypeError where it is not one."""
        prior = tuple(float(share) for share in body["prior"])
        found = cls(
            prior,
            _table(body["volatility"], len(REGIMES), 1 + len(_HALF_LIVES_BARS)),
            _table(body["persistence"], _N_STATES, len(REGIMES)),
        )
        if len(prior) != len(REGIMES) or not all(0 < share <= 1 for share in prior):
            raise ValueError(f"prior is {prior}, not {len(REGIMES)} shares")
        return found


def fit_baselines(
    labels: npt.NDArray[np.int8], volatility: Array, last: npt.NDArray[np.integer[Any]]
) -> Baselines:
    """Fit the three on the rows a model is fitted on.

    Parameters
    ----------
    labels : ndarray of int8, shape (n_rows,)
        Regimes; none of them −1.
    volatility : ndarray of shape (n_rows, 2)
        From `log_volatility`; rows with a NaN are left out of its fit.
    last : ndarray of int, shape (n_rows,)
        From `last_complete`.

    Returns
    -------
    Baselines

    Raises
    ------
    DataError
        If there are no rows, or a row without a label.
    """
    if not len(labels) or (labels == UNLABELLED).any():
        raise DataError("baselines need labelled rows: leave the last horizon of each pair out")
    counts = np.bincount(labels, minlength=len(REGIMES)) + 1.0
    after = np.ones((_N_STATES, len(REGIMES)))
    np.add.at(after, (last, labels), 1.0)
    return Baselines(
        prior=_row(counts / counts.sum()),
        volatility=_logistic(labels, volatility, np.log(counts / counts.sum())),
        persistence=tuple(_row(row) for row in after / after.sum(axis=1, keepdims=True)),
    )


def log_volatility(candles5m: pd.DataFrame) -> Array:
    """Logs of a fast and a slow EWMA volatility of 5m log returns.

    Parameters
    ----------
    candles5m : DataFrame of shape (n_rows, >= 6)
        One pair's 5m candles.

    Returns
    -------
    ndarray of shape (n_rows, 2)
        Half-lives of two hours and one day; known at the close of each candle, NaN before the first return.
    """
    grid = CandleGrid.from_frame(candles5m)
    squared = grid.log_returns() ** 2
    columns = [
        0.5 * np.log(np.maximum(ewma_variance(squared, decay=decay_from_half_life(bars)), _SMALLEST_VARIANCE))
        for bars in _HALF_LIVES_BARS
    ]
    return np.column_stack(columns)[grid.rows]


def last_complete(
    labels: npt.NDArray[np.int8], closed_ms: npt.NDArray[np.int64], horizon_ms: int
) -> npt.NDArray[np.int8]:
    """Regime of the newest candle whose horizon has passed at each close.

    Parameters
    ----------
    labels : ndarray of int8, shape (n_rows,)
        One pair's labels by candle, −1 for none.
    closed_ms : ndarray of int64, shape (n_rows,)
        Closes, increasing.
    horizon_ms : int
        How far a label looks ahead.

    Returns
    -------
    ndarray of int8, shape (n_rows,)
        The label given exactly one horizon ago; −1 where there is no such candle or it has none.
    """
    at = np.searchsorted(closed_ms, closed_ms - horizon_ms)
    at = np.minimum(at, len(closed_ms) - 1)
    found = closed_ms[at] == closed_ms - horizon_ms
    return np.where(found, labels[at], np.int8(UNLABELLED))


def _logistic(
    labels: npt.NDArray[np.int8], volatility: Array, log_prior: Array
) -> tuple[tuple[float, ...], ...]:
    """Weights of the volatility baseline; the prior alone where volatility tells nothing."""
    plain = np.column_stack([log_prior, np.zeros((len(REGIMES), volatility.shape[1]))])
    usable = np.isfinite(volatility).all(axis=1)
    classes = np.unique(labels[usable])
    if len(classes) < 2:
        return tuple(_row(row) for row in plain)
    centre, scale = volatility[usable].mean(axis=0), np.maximum(volatility[usable].std(axis=0), 1e-9)
    model = LogisticRegression(max_iter=500).fit((volatility[usable] - centre) / scale, labels[usable])
    slopes, intercepts = model.coef_, model.intercept_
    if len(classes) == 2:
        # scikit-learn states the second class against the first.
        slopes, intercepts = np.vstack([-slopes, slopes]) / 2, np.concatenate([-intercepts, intercepts]) / 2
    # A regime that never came keeps the small share that smoothing gives it, beside the others' average.
    weights = plain.copy()
    weights[:, 0] += float(np.mean(intercepts)) - float(np.mean(log_prior[classes]))
    weights[classes, 1:] = slopes / scale
    weights[classes, 0] = intercepts - (slopes / scale) @ centre
    return tuple(_row(row) for row in weights)


def _row(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _table(rows: Any, n_rows: int, n_columns: int) -> tuple[tuple[float, ...], ...]:
    table = tuple(tuple(float(value) for value in row) for row in rows)
    if len(table) != n_rows or any(len(row) != n_columns for row in table):
        raise ValueError(f"a baseline has not {n_rows} rows of {n_columns} numbers")
    if not all(math.isfinite(value) for row in table for value in row):
        raise ValueError("a baseline holds a number that is not finite")
    return table
