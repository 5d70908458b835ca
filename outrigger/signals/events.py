"""The candles on which an agreement begins.

A persisting agreement is a state, an entry is an event: entering on every candle of the state would
re-enter right after each stop, into the market that has just proved the idea wrong. An event is
either the start of an agreement of any two or three charts, or the fast chart turning into an
agreement of the two slow ones. Both must have been absent for a quiet time, so that a vote that
flickers around its threshold counts once. Stateless and of finite memory: the answer depends on the
last quiet time only, the same live and in a backtest.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def entry_events(
    votes: npt.NDArray[np.int8], side: npt.NDArray[np.int8], known: npt.NDArray[np.bool_], quiet_bars: int
) -> npt.NDArray[np.int8]:
    """Side to enter at the close of each candle.

    Parameters
    ----------
    votes : ndarray of int8, shape (n_candles, 3)
        Votes of the three charts, fastest first.
    side : ndarray of int8, shape (n_candles,)
        Side of the confluence.
    known : ndarray of bool, shape (n_candles, 3)
        Whether each chart had measures at all.
    quiet_bars : int
        Candles before this one in which the same side's agreement (or fast vote) must be absent.

    Returns
    -------
    ndarray of int8, shape (n_candles,)
        1 enter long, -1 enter short, 0 nothing. Never within `quiet_bars` after the data begins or a
        chart appears or disappears: an agreement that shows up then may be an old one.
    """
    back = max(1, quiet_bars)
    changed = np.zeros(side.size, dtype=np.bool_)
    changed[:1] = True
    changed[1:] = (known[1:] != known[:-1]).any(axis=1)
    settled = ~changed & ~_seen(changed, back - 1)
    out = np.zeros(side.size, dtype=np.int8)
    for sign in (1, -1):
        agreed = side == sign
        begins = agreed & ~_seen(agreed, back)
        fast = votes[:, 0] == sign
        turns = fast & ~_seen(fast, back) & (votes[:, 1:] == sign).all(axis=1)
        out[(begins | turns) & settled] = sign
    return out


def _seen(state: npt.NDArray[np.bool_], back: int) -> npt.NDArray[np.bool_]:
    """Whether a state held in any of the `back` candles before each one."""
    count = np.concatenate(([0], np.cumsum(state)))
    now = np.arange(state.size)
    seen: npt.NDArray[np.bool_] = count[now] > count[np.maximum(now - back, 0)]
    return seen
