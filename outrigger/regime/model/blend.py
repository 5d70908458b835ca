"""How the halves of the classifier are joined: a weighted geometric mean of probabilities, around base rates.

log p = log prior + a·(log p₁ − log prior) + b·(log p₂ − log prior), renormalised. With a + b = 1 the prior
cancels; below one both are toned down towards the base rates. Weights are set, not learned: a month of
overlapping labels, all there was to learn them on, gave others each time and a worse forecast of the next.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import log_softmax

from outrigger.volatility.windows import Array


def blend(log_prior: Array, parts: Sequence[Array], weights: Array) -> Array:
    """Combine log-probabilities.

    Parameters
    ----------
    log_prior : ndarray of shape (5,)
        Base rates of the training window.
    parts : sequence of ndarray of shape (n_rows, 5)
        Log-probabilities of each half.
    weights : ndarray of shape (n_parts,)
        How far each is believed.

    Returns
    -------
    ndarray of shape (n_rows, 5)
        Log-probabilities.
    """
    scores = log_prior + sum(weight * (part - log_prior) for weight, part in zip(weights, parts, strict=True))
    return np.asarray(log_softmax(scores, axis=1))
