"""What the market did after replayed trades had ended, for many trades of one pair at once.

The definitions are those of `outrigger.review.hindsight`, which looks at one trade at a time and is the
oracle; here the extremes of the following hours are computed once for all candles. A trade whose horizon
the candles do not cover has no answer (NaN), whatever its outcome. Nothing that trades may import this.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from outrigger.review.hindsight import ROUNDING
from outrigger.review.lab_trade import STOP_REASONS, PairCandles
from outrigger.review.pair_market import bars
from outrigger.stops.policies import Floats

HORIZONS_HOURS = (6, 24, 72)
CAPTURE_HOURS = 24
GAIN = 0.01


class Aftermath:
    """Best and worst prices of the hours after each candle of a pair.

    Parameters
    ----------
    candles : PairCandles
        The pair's candles.
    timeframe : str
        Length of a candle.
    """

    def __init__(self, candles: PairCandles, timeframe: str) -> None:
        # The exit candle's own open starts the clock: of the horizon's candles it is the first.
        self._after = {hours: bars(hours, timeframe) - 1 for hours in HORIZONS_HOURS}
        self._high = {hours: _ahead(candles.high, count) for hours, count in self._after.items()}
        self._low = {hours: -_ahead(-candles.low, count) for hours, count in self._after.items()}

    def judged(self, outcomes: pd.DataFrame) -> pd.DataFrame:
        """Say which trades were stopped out too early and how much of the move each winner kept.

        Parameters
        ----------
        outcomes : DataFrame of shape (n_trades, 13)
            Trades of this pair, as `outrigger.review.lab.replay_many` gives them.

        Returns
        -------
        DataFrame of float64, shape (n_trades, 4)
            `premature_6h`, `premature_24h` and `premature_72h` as 0 or 1, NaN where not known; `capture` of
            trades with a net profit, NaN for all others.
        """
        stopped = outcomes["reason"].isin(STOP_REASONS).to_numpy() & (outcomes["net"].to_numpy() < 0)
        judged: dict[str, Floats] = {}
        for hours in HORIZONS_HOURS:
            after = self._best_after(outcomes, hours)
            early = (stopped & (after >= GAIN - ROUNDING)).astype(np.float64)
            judged[f"premature_{hours}h"] = np.where(np.isnan(after), np.nan, early)
        move, after = outcomes["gross"].to_numpy(), self._best_after(outcomes, CAPTURE_HOURS)
        best = np.maximum(np.maximum(outcomes["best"].to_numpy(), after), move)
        kept = np.divide(np.maximum(move, 0.0), best, out=np.zeros_like(best), where=best > 0)
        winner = (outcomes["net"].to_numpy() > 0) & np.isfinite(after)
        judged["capture"] = np.where(winner, kept, np.nan)
        return pd.DataFrame(judged, index=outcomes.index)

    def _best_after(self, outcomes: pd.DataFrame, hours: int) -> Floats:
        """Largest favourable move in the hours after the exit candle; NaN where they are not covered."""
        row, side = outcomes["exit_row"].to_numpy(), outcomes["side"].to_numpy()
        price = np.where(side > 0, self._high[hours][row], self._low[hours][row])
        moves: Floats = side * (price / outcomes["entry"].to_numpy(dtype=np.float64) - 1)
        return moves


def _ahead(values: Floats, count: int) -> Floats:
    """Maximum of the next `count` values after each one; NaN where there are fewer."""
    largest = pd.Series(values).rolling(count, min_periods=1).max().to_numpy()
    ahead = np.full(len(values), np.nan)
    if count < len(values):
        ahead[: len(values) - count] = largest[count:]
    return ahead
