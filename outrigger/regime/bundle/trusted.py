"""What a model file may be made of, reviewed type by type.

skops stores no code, only names of types and their contents. Its own list of trusted types holds all of
scikit-learn, and some of that would crash, or read foreign memory, when asked with hostile contents. So the
list here is whole: nothing but plain values, arrays and these types is asked for a probability, whatever
skops would construct. Constructing one of them runs no code of the file's. Weak: a file by somebody who
wants a *bad* forecast loads like a good one, and a hash in a card tells of damage, not of malice; take
bundles only from people you would take code from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from outrigger.errors import StateError

_OWN: Final = "this package's own: numbers, names and arrays, and asking it runs only this package"
_STATELESS: Final = "holds no data that is used: compiled functions of the numbers they are given"
# Type by its full name, and why neither loading nor asking one can do harm.
TRUSTED: Final[Mapping[str, str]] = {
    "outrigger.regime.model.classifier.RegimeClassifier": _OWN,
    "outrigger.regime.model.logistic.MirroredLogistic": _OWN,
    "outrigger.regime.model.boosting.MirroredBoosting": _OWN,
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier": (
        "its trees are stored as one table, whose every index is checked before they are built"
    ),
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper": (
        "used for categories only, which no feature has and `packed_trees` refuses"
    ),
    "sklearn.preprocessing._label.LabelEncoder": "one array of classes, only indexed, which numpy checks",
    "sklearn._loss.loss.HalfMultinomialLoss": _STATELESS,
    "sklearn._loss.loss.HalfBinomialLoss": _STATELESS,
    "sklearn._loss._loss.CyHalfMultinomialLoss": _STATELESS,
    "sklearn._loss._loss.CyHalfBinomialLoss": _STATELESS,
    "sklearn._loss.link.MultinomialLogit": _STATELESS,
    "sklearn._loss.link.LogitLink": _STATELESS,
    "sklearn._loss.link.Interval": "four plain values",
}
_VALUES: Final = (str, bytes, int, float, np.generic, type(None))
_MAX_DEPTH: Final = 32


def parts_of(model: Any) -> Iterator[Any]:
    """Walk through everything a model is made of, itself first.

    Parameters
    ----------
    model : object
        What skops has loaded, or is to write.

    Yields
    ------
    object
        Each object that is no plain value, once.

    Raises
    ------
    StateError
        It is nested more deeply than any model.
    """
    yield from _walk(model, set(), 0)


def foreign_types(model: Any) -> list[str]:
    """Name the types inside a model that have not been reviewed, sorted.

    Parameters
    ----------
    model : object
        As for `parts_of`.

    Returns
    -------
    list of str
    """
    plain = (np.ndarray, dict, list, tuple, set)
    found = {_name(part) for part in parts_of(model) if type(part) not in plain}
    return sorted(found - set(TRUSTED))


def _walk(part: Any, seen: set[int], depth: int) -> Iterator[Any]:
    if isinstance(part, _VALUES) or id(part) in seen:
        return
    if depth > _MAX_DEPTH:
        raise StateError("a model file is nested too deeply to be one of Outrigger's: run `outrigger train`")
    seen.add(id(part))
    yield part
    if isinstance(part, np.ndarray):
        inside: Any = part.ravel().tolist() if part.dtype == object else ()
    elif isinstance(part, Mapping):
        inside = (*part.keys(), *part.values())
    elif isinstance(part, list | tuple | set):
        inside = part
    else:
        inside = getattr(part, "__dict__", {}).values()
    for item in inside:
        yield from _walk(item, seen, depth + 1)


def _name(part: Any) -> str:
    kind = type(part)
    return f"{kind.__module__}.{kind.__qualname__}"
