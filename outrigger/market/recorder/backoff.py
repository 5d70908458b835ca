"""How long to leave an exchange alone after it failed.

Doubling waits with jitter, so that pairs which failed together do not come back together. Source: "equal
jitter" in M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

import random


class Backoff:
    """Waits that double with every failure in a row.

    Parameters
    ----------
    first_s : float
        Longest wait after the first failure, seconds.
    most_s : float
        Longest wait ever, seconds.
    chance : random.Random
        Source of the jitter.
    """

    def __init__(self, first_s: float, most_s: float, chance: random.Random) -> None:
        self.first_s = first_s
        self.most_s = most_s
        self._chance = chance
        self.failures = 0

    def failed(self) -> float:
        """Count a failure and return the wait before the next attempt, seconds."""
        ceiling: float = self.first_s
        for _ in range(self.failures):
            ceiling *= 2
            if ceiling >= self.most_s:
                break
        self.failures += 1
        return min(ceiling, self.most_s) * self._chance.uniform(0.5, 1.0)

    def worked(self) -> None:
        """Forget the failures."""
        self.failures = 0
