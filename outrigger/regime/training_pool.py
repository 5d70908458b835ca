"""The rows a classifier learns from, pooled over pairs, and what makes them unfit to learn from.

Labels of neighbouring candles share most of their future, so a row every few candles teaches nearly as much
as all of them. A column that never varies is left out and named: a single pair has no leader, and a pair
without a store has no book, and neither is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.errors import DataError
from outrigger.market.moment import from_ms
from outrigger.regime.bundle.card import BAR_MS
from outrigger.regime.bundle.model_card import Rows
from outrigger.regime.classes import REGIMES, UNLABELLED
from outrigger.regime.scoring import known
from outrigger.regime.training_data import RegimeRows

# Enough rows to tell a changed model by, few enough for a card and a quick start.
_CHECK_ROWS: Final = 8
_LEAST_ROWS: Final = 500


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Rows to learn from, pairs pooled.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_features)
        As of each close.
    labels : ndarray of int8, shape (n_rows,)
        Regime that followed; never −1.
    closed_ms : ndarray of int64, shape (n_rows,)
        Closes, pair after pair.
    pairs : ndarray of int, shape (n_rows,)
        Number of the pair.
    volatility, last : ndarray
        What the baselines look at; see `RegimeRows`.
    """

    features: pd.DataFrame
    labels: npt.NDArray[np.int8]
    closed_ms: npt.NDArray[np.int64]
    pairs: npt.NDArray[np.intp]
    volatility: npt.NDArray[np.float64]
    last: npt.NDArray[np.int8]

    def at(self, rows: npt.NDArray[np.bool_]) -> Pool:
        """Choose rows by a mask."""
        return Pool(
            self.features[rows],
            self.labels[rows],
            self.closed_ms[rows],
            self.pairs[rows],
            self.volatility[rows],
            self.last[rows],
        )


def pool(rows: Sequence[RegimeRows], spacing: int) -> Pool:
    """Gather the labelled rows that say something.

    Parameters
    ----------
    rows : sequence of RegimeRows
        One for each pair.
    spacing : int
        Rows are taken whose close is a whole number of so many candles since 1970.

    Returns
    -------
    Pool

    Raises
    ------
    DataError
        If there is none.
    """
    parts = []
    for one in rows:
        on_clock = (one.closed_ms // BAR_MS) % spacing == 0
        parts.append(one.at(on_clock & (one.labels != UNLABELLED) & known(one.features)))
    if not any(len(part) for part in parts):
        raise DataError(
            "no candle has both features, which need a day of candles before, and a regime, which needs "
            "the hours after: download months of 5m candles with `freqtrade download-data`"
        )
    return Pool(
        features=pd.concat([part.features for part in parts], ignore_index=True),
        labels=np.concatenate([part.labels for part in parts]),
        closed_ms=np.concatenate([part.closed_ms for part in parts]),
        pairs=np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
        volatility=np.concatenate([part.volatility for part in parts]),
        last=np.concatenate([part.last for part in parts]),
    )


def useless(features: pd.DataFrame) -> dict[str, str]:
    """Name the columns that nothing can be learned from.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_features)
        Training rows.

    Returns
    -------
    dict of str to str
        Why, by column: `never there` or `constant`.
    """
    found = {}
    for name in features.columns:
        values = features[name].to_numpy(np.float64)
        present = values[np.isfinite(values)]
        if not len(present):
            found[str(name)] = "never there"
        elif present.min() == present.max() and len(present) == len(values):
            found[str(name)] = "constant"
    return found


def check_rows(features: pd.DataFrame, seed: int) -> Rows:
    """Choose some rows to tell a changed model by; the same for the same seed."""
    chosen = np.random.default_rng(seed).choice(len(features), min(_CHECK_ROWS, len(features)), replace=False)
    return tuple(tuple(row) for row in features.iloc[np.sort(chosen)].to_numpy(np.float64).tolist())


def refuse_unlearnable(mine: Pool, end: int) -> None:
    """Refuse rows that no model can be fitted on: too few, or of one regime.

    Parameters
    ----------
    mine : Pool
        Rows whose labels end by the cut.
    end : int
        The cut, for the error message.

    Raises
    ------
    DataError
        With what to do.
    """
    day = f"{from_ms(end):%Y-%m-%d}"
    if len(mine.labels) < _LEAST_ROWS:
        raise DataError(
            f"{len(mine.labels)} labelled candles end before {day}, a model needs {_LEAST_ROWS}: download "
            "earlier candles with `freqtrade download-data`, or start later"
        )
    classes = np.unique(mine.labels)
    if len(classes) < 2:
        raise DataError(
            f"all candles before {day} are {REGIMES[int(classes[0])]}: there is nothing to tell apart; "
            "train on a longer period"
        )
