"""Probabilities of the regimes, each candle by a model that cannot have seen it.

A bundle holds several models. A candle is scored by the newest one whose training ended at least a gap before
the candle closed, and the gap is at least as long as the labels look ahead; so a backtest over any range is
out of sample by construction, and the answer for a candle does not depend on what is asked beside it.
Candles older than the first model, or without a single feature of their own, have no regime: NaN.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.errors import DataError
from outrigger.regime.bundle.bundle import Bundle, probabilities
from outrigger.regime.bundle.card import Card
from outrigger.regime.classes import REGIMES
from outrigger.regime.features import CANDLE_FEATURES
from outrigger.regime.features.clock import SPECS as CLOCK
from outrigger.volatility.windows import Array

CLOCK_FEATURES: Final = frozenset(spec.name for spec in CLOCK)
Times = npt.NDArray[np.int64]


def score(bundle: Bundle, features: pd.DataFrame, closed_ms: Times) -> Array:
    """Give the regimes' probabilities at each close.

    Parameters
    ----------
    bundle : Bundle
        Models and their card.
    features : DataFrame of shape (n_rows, n_features)
        From `regime_features`; an input column that is not there counts as missing throughout.
    closed_ms : ndarray of int64, shape (n_rows,)
        When each row's candle closed, in milliseconds since 1970.

    Returns
    -------
    ndarray of shape (n_rows, 5)
        In the order of `REGIMES`, each row adding up to one; NaN where no model may tell or nothing is known.

    Raises
    ------
    DataError
        If rows and closes differ in number, or a candle feature of the bundle is not among the columns.
    """
    if len(features) != len(closed_ms):
        raise DataError(f"{len(features)} rows of features for {len(closed_ms)} closes: pass one close a row")
    rows = columns_of(features, bundle.card)
    told = np.full((len(rows), len(REGIMES)), np.nan)
    chosen = model_at(bundle.card, closed_ms)
    chosen[~known(rows)] = -1
    for position in np.unique(chosen[chosen >= 0]):
        mine = chosen == position
        told[mine] = probabilities(bundle.models[position], rows if mine.all() else rows[mine])
    return told


def model_at(card: Card, closed_ms: Times) -> npt.NDArray[np.intp]:
    """Choose the model for each close.

    Parameters
    ----------
    card : Card
        The bundle's card.
    closed_ms : ndarray of int64, shape (n_rows,)
        Closes, in any order.

    Returns
    -------
    ndarray of int, shape (n_rows,)
        Position in the bundle of the newest model whose training ended at least a gap before; −1 for none.
    """
    ready = np.asarray([model.trained_until_ms + card.gap_ms for model in card.models], dtype=np.int64)
    return np.searchsorted(ready, np.asarray(closed_ms, dtype=np.int64), side="right") - 1


def columns_of(features: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Arrange features as a bundle's models expect them.

    Parameters
    ----------
    features : DataFrame
        Any columns.
    card : Card
        Names the columns.

    Returns
    -------
    DataFrame of shape (n_rows, n_features)
        In the card's order; missing inputs are NaN.

    Raises
    ------
    DataError
        If a candle feature is not among the columns.
    """
    there, columns, absent = places_of(tuple(features.columns.tolist()), card.features)
    needed = [name for name in absent if name in CANDLE_FEATURES]
    if needed:
        raise DataError(f"features {', '.join(needed)} are missing: pass what regime_features returns")
    if absent:
        return features.reindex(columns=columns)
    # Column by column in memory, as they are made: a tree asks for few columns of many rows.
    return pd.DataFrame(features.to_numpy().T[there].T, index=features.index, columns=columns)


@lru_cache(maxsize=8)
def places_of(
    has: tuple[str, ...], wanted: tuple[str, ...]
) -> tuple[npt.NDArray[np.intp], pd.Index, tuple[str, ...]]:
    """Where the columns that are wanted stand among those there are, their names, and which are not there."""
    place = {name: at for at, name in enumerate(has)}
    there = np.array([place[name] for name in wanted if name in place], dtype=np.intp)
    return there, pd.Index(wanted), tuple(name for name in wanted if name not in place)


def known(rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether each row says anything about the market, and not only what time it is; shape (n_rows,)."""
    of_the_market = _of_the_market(tuple(rows.columns.tolist()))
    return np.asarray((~np.isnan(rows.to_numpy(np.float64)) & of_the_market).any(axis=1))


@lru_cache(maxsize=8)
def _of_the_market(names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Which columns are made of candles, and not of the calendar."""
    told = [name in CANDLE_FEATURES and name not in CLOCK_FEATURES for name in names]
    return np.array(told, dtype=np.bool_)
