"""How well each candidate hedges a primary, at every close of a five-minute clock.

The clock is the same whatever the base timeframe, as the stop's forecast has it, and every window ends
within the 2016 candles that Freqtrade loads at start, so a bot and a backtest see the same numbers. Beta
is measured on returns of five minutes, where there are enough of them, and correlation on two scales: a
hedge has to hold over the hours that matter and over the day that is, so the lower one counts.

Weak: an hour's returns overlap, so a week holds fewer than it seems; a beta is linear, a crash need not be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outrigger.hedge.moments import Fading, Window, beta_error, effectiveness, pair_moments
from outrigger.hedge.returns import Floats, Times, log_returns, on_one_clock
from outrigger.hedge.shrinkage import correlation_shrinkage, vasicek
from outrigger.hedge.state import HedgeState, States, hedge_states
from outrigger.market.timeframe import timeframe_ms
from outrigger.settings.hedge import HedgeSettings

CHART = "5m"
HOUR_CANDLES = 12
DAY_CANDLES = 288
# A reading is stale once the next candle but one should have closed: a feed that stopped says nothing.
_STALE_CANDLES = 2


@dataclass(frozen=True, slots=True)
class HedgeReading:
    """One candidate at one close.

    Parameters
    ----------
    beta, beta_error : float
        Notional of the candidate per notional of the primary, shrunk, and its standard error.
    correlation : float
        The lower of the hour's and the day's, shrunk.
    correlation_hour : float
        Of hourly returns over the window, shrunk.
    volatility_ratio : float
        The candidate's hourly standard deviation over the primary's.
    deviation : float
        Standard deviation of the primary's hourly returns.
    state : HedgeState
        With hysteresis.
    """

    beta: float
    beta_error: float
    correlation: float
    correlation_hour: float
    volatility_ratio: float
    deviation: float
    state: HedgeState


@dataclass(frozen=True, slots=True)
class HedgeTrack:
    """One candidate over time, one value a candle, known at its close; see `HedgeReading`.

    Parameters
    ----------
    closed_at_ms : ndarray of int64, shape (n_candles,)
        Close times, increasing.
    beta, beta_error, correlation, correlation_hour, volatility_ratio, deviation : ndarray (n_candles,)
        NaN where not known.
    state : ndarray of int8, shape (n_candles,)
        Values of `HedgeState`.
    length_ms : int
        Length of a candle.
    """

    closed_at_ms: Times
    beta: Floats
    beta_error: Floats
    correlation: Floats
    correlation_hour: Floats
    volatility_ratio: Floats
    deviation: Floats
    state: States
    length_ms: int

    def effectiveness(self, ratio: float) -> Floats:
        """Share of the primary's hourly variance that a leg of this share of beta should remove."""
        return effectiveness(ratio * self.beta, self.correlation_hour, self.volatility_ratio)

    def at(self, now_ms: int) -> HedgeReading | None:
        """Read the last candle that has closed.

        Parameters
        ----------
        now_ms : int
            Present time in ms since the epoch.

        Returns
        -------
        HedgeReading or None
            None before the first close and where the last one is two candles old or more.
        """
        row = int(self.closed_at_ms.searchsorted(now_ms, side="right")) - 1
        if row < 0 or now_ms - self.closed_at_ms.item(row) >= _STALE_CANDLES * self.length_ms:
            return None
        return HedgeReading(
            self.beta.item(row),
            self.beta_error.item(row),
            self.correlation.item(row),
            self.correlation_hour.item(row),
            self.volatility_ratio.item(row),
            self.deviation.item(row),
            HedgeState(self.state.item(row)),
        )


def measure_hedges(
    primary: str, frames: Mapping[str, pd.DataFrame], settings: HedgeSettings
) -> dict[str, HedgeTrack]:
    """Measure all candidates of a primary.

    Parameters
    ----------
    primary : str
        The pair to hedge.
    frames : mapping of str to DataFrame
        Closed 5m candles of the primary and of its candidates, with `date, close, volume`.
    settings : HedgeSettings
        Windows, shrinkage and floors.

    Returns
    -------
    dict of str to HedgeTrack
        By candidate, on the primary's clock.

    Raises
    ------
    DataError
        If the primary has no candles, or a pair's dates do not increase.
    """
    opened, closes = on_one_clock(primary, frames, CHART)
    short = {pair: log_returns(opened, close, 1, CHART) for pair, close in closes.items()}
    if len(short) < 2:
        return {}
    window = Window(round(settings.window_hours * HOUR_CANDLES))
    kept = 1 - correlation_shrinkage(list(short.values()), window, DAY_CANDLES)
    hour = log_returns(opened, closes[primary], HOUR_CANDLES, CHART)
    return {
        pair: _track(
            opened,
            (short[primary], short[pair]),
            (hour, log_returns(opened, closes[pair], HOUR_CANDLES, CHART)),
            kept,
            settings,
        )
        for pair in closes
        if pair != primary
    }


def _track(
    opened: Times,
    short: tuple[Floats, Floats],
    hourly: tuple[Floats, Floats],
    kept: Floats,
    settings: HedgeSettings,
) -> HedgeTrack:
    """Measure one candidate: the primary's returns and its own over five minutes and over an hour."""
    window = Window(round(settings.window_hours * HOUR_CANDLES))
    fading = Fading(settings.half_life_hours * HOUR_CANDLES)
    # A fading sum's weights add up to about 1.44 half-lives; half a half-life of them is a fair start.
    fast = pair_moments(*short, fading, fading.half_life / 2)
    slow = pair_moments(*short, window, DAY_CANDLES)
    week = pair_moments(*hourly, window, DAY_CANDLES)
    beta, error = vasicek(fast.beta, beta_error(*short, fading, fast), slow.beta, settings.beta_drift)
    correlation_hour = kept * week.correlation
    # fmin would believe the one that is known: a hedge needs both.
    correlation = np.minimum(correlation_hour, kept * fast.correlation)
    return HedgeTrack(
        opened + timeframe_ms(CHART),
        beta,
        error,
        correlation,
        correlation_hour,
        week.volatility_ratio,
        week.deviation,
        hedge_states(correlation, settings),
        timeframe_ms(CHART),
    )
