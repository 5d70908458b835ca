"""What the market's leader does while the pair does what it does.

Bitcoin leads most pairs and ether stands in for it when the pair is Bitcoin itself. The leader's own
volatility columns, the correlation with it and the pair's livelier or quieter life beside it are symmetric;
the leader's moves and what the pair did beyond its beta change sign in a mirror. Without a leader's candles
all of it is missing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from outrigger.regime.features.bars import Bars
from outrigger.regime.features.described import LENGTHS, described, named
from outrigger.regime.features.direction import bounded
from outrigger.regime.features.rolling import delayed
from outrigger.regime.features.volatility import log_ratio
from outrigger.volatility.windows import Array, trailing_means

LEADER_STATE = (
    *("range_15m", "range_1h", "range_4h", "range_1d", "noise_1h", "forecast_1h", "forecast_4h"),
    *("volume_1h", "volume_4h", "width_4h", "width_1d"),
    *("yesterday_ahead", "days_ahead", "livelier_than_usual", "busier_than_usual"),
)
LEADER_MOVES = (
    *("move_5m", "move_15m", "move_1h", "move_4h", "move_1d", "move_1w"),
    *("place_4h", "place_1d", "place_1w", "side_1d", "flow_4h"),
)
TOGETHER_BARS = (48, 288, 1999)
ALONE_BARS = (3, 12, 48, 288)
_SOURCE = "5m candles of the pair and its leader"

STATE_SPECS = (
    *(described(f"leader_{name}", "log ratio", "1w", f"leader's {name}", _SOURCE) for name in LEADER_STATE),
    *(
        described(named("together", n), "-1 to 1", LENGTHS[n], "moves with its leader", _SOURCE)
        for n in TOGETHER_BARS
    ),
    described("livelier_than_leader", "log ratio", "1w", "the day was wild beside the leader's", _SOURCE),
)
MOVE_SPECS = (
    *(
        described(f"leader_{name}", "as the leader's", "1w", f"leader's {name}", _SOURCE)
        for name in LEADER_MOVES
    ),
    *(
        described(
            named("alone", n), "deviations", LENGTHS[n], "rose more than the leader's move explains", _SOURCE
        )
        for n in ALONE_BARS
    ),
)


def on_clock_of(own: Bars, other: Bars, values: Array) -> Array:
    """Lay another pair's values on the own clock, shape (n_periods of own,); NaN where it has none."""
    at = own.grid.first - other.grid.first + np.arange(len(own))
    there = (at >= 0) & (at < len(other))
    laid = np.full(len(own), np.nan)
    laid[there] = values[at[there]]
    return laid


def cross_features(
    own: Bars, leader: Bars, state: Mapping[str, Array], moves: Mapping[str, Array]
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Compute the columns of `STATE_SPECS` and `MOVE_SPECS`.

    Parameters
    ----------
    own, leader : Bars
        Candles of the pair and of its leader.
    state, moves : mapping of str to ndarray of shape (n_periods of the leader,)
        The leader's own columns: what `LEADER_STATE` and `LEADER_MOVES` name.

    Returns
    -------
    states, moves : dict of str to ndarray of shape (n_periods of own,)
        Element i is known at the close of the pair's candle i.
    """
    states = {f"leader_{name}": on_clock_of(own, leader, state[name]) for name in LEADER_STATE}
    directed = {f"leader_{name}": on_clock_of(own, leader, moves[name]) for name in LEADER_MOVES}
    theirs = on_clock_of(own, leader, leader.returns)
    ours = np.where(np.isfinite(theirs), own.returns, np.nan)
    theirs = np.where(np.isfinite(ours), theirs, np.nan)
    products, _ = trailing_means(ours * theirs, TOGETHER_BARS)
    our_squares, _ = trailing_means(ours**2, TOGETHER_BARS)
    their_squares, _ = trailing_means(theirs**2, TOGETHER_BARS)
    for n, xy, xx, yy in zip(TOGETHER_BARS, products, our_squares, their_squares, strict=True):
        states[named("together", n)] = xy / np.where(xx * yy > 0, np.sqrt(xx * yy), np.nan)
    week = np.where(their_squares[-1] > 0, their_squares[-1], np.nan)
    their_unit = on_clock_of(own, leader, leader.unit)
    states["livelier_than_leader"] = log_ratio(own.unit / their_unit, np.sqrt(our_squares[-1] / week))
    beta = products[-1] / week
    log_own = np.log(own.grid.close)
    log_leader = on_clock_of(own, leader, np.log(leader.grid.close))
    for n in ALONE_BARS:
        residual = (log_own - delayed(log_own, n)) - beta * (log_leader - delayed(log_leader, n))
        directed[named("alone", n)] = bounded(residual / (own.unit * np.sqrt(n)))
    return states, directed
