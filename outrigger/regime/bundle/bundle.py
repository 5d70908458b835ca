"""A bundle in memory: a card and its models, oldest first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from outrigger.regime.bundle.card import Card
from outrigger.regime.bundle.stored_model import Classifier
from outrigger.regime.classes import REGIMES

# Probabilities that a model has to give again; libraries may differ in the last digits.
_CHECK_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """Models in the order of their training.

    Parameters
    ----------
    card : Card
        What they are.
    models : tuple of Classifier
        One for each of the card's models.
    sha256 : str
        Of the card's file, which names the models' hashes: two bundles with the same are the same.
    """

    card: Card
    models: tuple[Classifier, ...]
    sha256: str


def probabilities(model: Classifier, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Ask a model; shape (n_rows, 5), each row adding up to one."""
    told = np.asarray(model.predict_proba(rows), dtype=np.float64)
    if told.shape != (len(rows), len(REGIMES)):
        raise ValueError(f"{told.shape} probabilities for {len(rows)} rows of {len(REGIMES)} regimes")
    return told


def gives_its_card(bundle: Bundle, position: int) -> bool:
    """Whether a model gives the probabilities that its card says it gave when it was trained.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    position : int
        Which of its models.

    Returns
    -------
    bool
    """
    card = bundle.card
    rows = pd.DataFrame(card.check_rows, columns=list(card.features), dtype=np.float64)
    expected = np.asarray(card.models[position].checked, dtype=np.float64).reshape(-1, len(REGIMES))
    told = probabilities(bundle.models[position], rows)
    return bool(np.allclose(told, expected, rtol=0.0, atol=_CHECK_TOLERANCE))
