"""A leg held beside a primary for a long time: what it is worth at each close and what was traded.

Everything is per notional of the primary. Between changes the leg drifts with both prices; whether it is
changed is asked of `outrigger.hedge.size`, as the bot asks it, so a study measures what is traded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outrigger.hedge.measure import HedgeTrack
from outrigger.hedge.returns import Floats
from outrigger.hedge.size import leg_size, rebalance
from outrigger.hedge.state import HedgeState
from outrigger.settings.hedge import HedgeSettings


@dataclass(frozen=True, slots=True)
class LegPath:
    """A leg over time.

    Parameters
    ----------
    held : ndarray of shape (n_candles,)
        Leg's notional per notional of the primary, from each close until the next; 0 before the first beta.
    traded : ndarray of shape (n_candles,)
        Size of the change made at each close, per notional of the primary; the first entry is none.
    """

    held: Floats
    traded: Floats


def leg_path(
    track: HedgeTrack, primary: Floats, candidate: Floats, ratio: float, settings: HedgeSettings
) -> LegPath:
    """Hold a leg at a ratio and resize it as the bot would.

    Parameters
    ----------
    track : HedgeTrack
        Beta and state, shape (n_candles,).
    primary, candidate : ndarray of shape (n_candles,)
        Log returns ending at each close; NaN is no move.
    ratio : float
        Share of beta.
    settings : HedgeSettings
        Band, least time and largest leg.

    Returns
    -------
    LegPath
        What is held after each close knows nothing later than that close.
    """
    drift = np.exp(np.nan_to_num(candidate - primary)).tolist()
    betas, states, times = track.beta.tolist(), track.state.tolist(), track.closed_at_ms.tolist()
    held, traded = np.zeros(len(betas)), np.zeros(len(betas))
    leg, since = 0.0, 0
    for row, (beta, state, now) in enumerate(zip(betas, states, times, strict=True)):
        leg *= drift[row]
        if not beta > 0:
            held[row] = leg
            continue
        target = leg_size(beta, 1.0, ratio, settings).notional
        if leg == 0.0:
            leg, since = target, now
        else:
            change = rebalance(leg, target, HedgeState(state), since, now, settings)
            if change:
                leg, since, traded[row] = leg + change, now, abs(change)
        held[row] = leg
    return LegPath(held, traded)
