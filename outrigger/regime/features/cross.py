"""What the market's leader does while the pair does what it does.

Bitcoin leads most pairs and ether stands in for it when the pair is Bitcoin itself. The leader's own
volatility columns, the correlation with it and the pair's livelier or quieter life beside it are symmetric;
the leader's moves and what the pair did beyond its beta change sign in a mirror. Without a leader's candles
all of it is missing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from outrigger.regime.features.activity import volumes
from outrigger.regime.features.bars import Bars
from outrigger.regime.features.described import LENGTHS, described, named
from outrigger.regime.features.direction import bounded, flows, moves, places, sides
from outrigger.regime.features.volatility import forecasts, log_ratio, noises, ranges, widths
from outrigger.volatility.windows import Array

# Candles of the leader's columns, by the measure's name.
_STATE_BARS = {
    "range": (3, 12, 48, 288),
    "noise": (12,),
    "forecast": (12, 48),
    "volume": (12, 48),
    "width": (48, 288),
}
_MOVE_BARS = {"move": (1, 3, 12, 48, 288, 1999), "place": (48, 288, 1999), "side": (288,), "flow": (48,)}
LEADER_STATE = tuple(named(stem, n) for stem, bars in _STATE_BARS.items() for n in bars)
LEADER_MOVES = tuple(named(stem, n) for stem, bars in _MOVE_BARS.items() for n in bars)
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
    return _laid(values, own.grid.first - other.grid.first, len(own))


def _laid(values: Array, at: int, rows: int) -> Array:
    """Values from a position on, which may lie outside them; NaN there, shape (rows,)."""
    first, end = min(max(-at, 0), rows), min(max(len(values) - at, 0), rows)
    laid = np.full(rows, np.nan)
    if first < end:
        laid[first:end] = values[at + first : at + end]
    return laid


def leader_columns(leader: Bars) -> dict[str, Array]:
    """Of the leader's own columns those that stand beside a pair's, at the leader's wanted periods."""
    of, to = _STATE_BARS, _MOVE_BARS
    return {
        **ranges(leader, of["range"]),
        **noises(leader, of["noise"]),
        **forecasts(leader, of["forecast"]),
        **volumes(leader, of["volume"]),
        **widths(leader, of["width"]),
        **moves(leader, to["move"]),
        **places(leader, to["place"]),
        **sides(leader, to["side"]),
        **flows(leader, to["flow"]),
    }


def cross_features(own: Bars, leader: Bars, state: Mapping[str, Array]) -> dict[str, Array]:
    """Compute the columns of `STATE_SPECS` and `MOVE_SPECS`.

    Parameters
    ----------
    own, leader : Bars
        Candles of the pair and of its leader.
    state : mapping of str to ndarray
        The leader's own columns from the pair's first wanted period on; see `leader_columns`.

    Returns
    -------
    dict of str to ndarray of shape (n_wanted of own,)
        Each element is known at the close of the pair's candle.
    """
    period, rows = own.grid.first + own.wanted, len(own) - own.wanted
    at = period - leader.grid.first - leader.since(period).wanted
    columns = {f"leader_{name}": _laid(state[name], at, rows) for name in (*LEADER_STATE, *LEADER_MOVES)}
    theirs = on_clock_of(own, leader, leader.returns)
    ours = np.where(np.isfinite(theirs), own.returns, np.nan)
    theirs = np.where(np.isfinite(ours), theirs, np.nan)
    products = own.means(ours * theirs, TOGETHER_BARS)
    our_squares, their_squares = own.means(ours**2, TOGETHER_BARS), own.means(theirs**2, TOGETHER_BARS)
    for n, xy, xx, yy in zip(TOGETHER_BARS, products, our_squares, their_squares, strict=True):
        columns[named("together", n)] = xy / np.where(xx * yy > 0, np.sqrt(xx * yy), np.nan)
    week = np.where(their_squares[-1] > 0, their_squares[-1], np.nan)
    their_unit = own.ago(on_clock_of(own, leader, leader.unit), 0)
    columns["livelier_than_leader"] = log_ratio(own.unit_then / their_unit, np.sqrt(our_squares[-1] / week))
    beta = products[-1] / week
    log_leader = on_clock_of(own, leader, leader.log_close)
    for n in ALONE_BARS:
        residual = own.moved(n) - beta * (own.ago(log_leader, 0) - own.ago(log_leader, n))
        columns[named("alone", n)] = bounded(residual / (own.unit_then * np.sqrt(n)))
    return columns
