"""Probabilities of one pair as its candles close: every candle is scored once, by the bundle of that moment.

A running bot holds a week of five-minute candles and gets a new one every five minutes; working out the whole
frame each time would cost a hundred times what is new. The first call works out the frame, later ones only
what has closed since. A candle keeps what was said of it when it closed, whichever bundle comes after.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from outrigger.market.alignment import open_times_ms, rows_at
from outrigger.market.timeframe import timeframe_ms
from outrigger.regime.bundle.bundle import Bundle
from outrigger.regime.classes import REGIMES
from outrigger.regime.features import LaidOut, regime_features
from outrigger.regime.scoring import Times, score
from outrigger.volatility.windows import Array

CHART = "5m"
Charts = Mapping[str, pd.DataFrame]


def closes_of(candles: pd.DataFrame, pair: str) -> Times:
    """Closes of five-minute candles in milliseconds since 1970."""
    return open_times_ms(candles["date"], f"{pair} {CHART}") + timeframe_ms(CHART)


class LiveRegime:
    """Probabilities of one pair.

    Parameters
    ----------
    pair : str
        The pair.
    laid_out : LaidOut, optional
        Shared by the pairs of one bot: their leader is worked out once a candle.

    Attributes
    ----------
    fresh : DataFrame or None
        Features of the candles that the last call scored, with their closes as index; None before any.
    """

    def __init__(self, pair: str, laid_out: LaidOut | None = None) -> None:
        self.pair = pair
        self._laid_out = laid_out
        self.fresh: pd.DataFrame | None = None
        self._closed: Times = np.empty(0, dtype=np.int64)
        self._told: Array = np.empty((0, len(REGIMES)))

    def update(
        self, bundle: Bundle, charts: Charts, references: Mapping[str, Charts], inputs: pd.DataFrame | None
    ) -> Array:
        """Score what has closed since the last call.

        Parameters
        ----------
        bundle : Bundle
            In use now.
        charts, references, inputs
            As for `regime_features`.

        Returns
        -------
        ndarray of shape (n_candles, 5)
            For every candle of the five-minute chart; NaN where the regime is not known.

        Raises
        ------
        DataError
            If a frame is not one of ascending candles.
        """
        closed = closes_of(charts[CHART], self.pair)
        new = int((closed > self._closed[-1]).sum()) if self._closed.size else len(closed)
        self.fresh = None
        if new:
            last = None if new == len(closed) else new
            features = regime_features(
                charts, references, inputs, pair=self.pair, last=last, laid_out=self._laid_out
            )
            told = score(bundle, features, closed[-new:])
            self.fresh = features.set_axis(closed[-new:], axis=0)
            self._closed = np.concatenate((self._closed, closed[-new:]))
            self._told = np.concatenate((self._told, told))
        kept = self._closed >= (closed[0] if closed.size else 0)
        self._closed, self._told = self._closed[kept], self._told[kept]
        return rows_at(closed, self._closed, self._told)
