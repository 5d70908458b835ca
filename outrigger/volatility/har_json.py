"""The fitted forecast as a JSON document, readable, diffable and free of code.

`har.json` beside this module is the model that ships. It says in `provenance` which candles it was
fitted on and with which command it can be made again. A document that does not hold together is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from outrigger.atomic import write_text
from outrigger.errors import DataError
from outrigger.volatility.har import HarModel, HarShape
from outrigger.volatility.seasonality import WeekProfile

SHIPPED = Path(__file__).with_name("har.json")
_FORMAT = 1


def to_document(model: HarModel) -> dict[str, object]:
    """Turn a model into plain JSON values.

    Parameters
    ----------
    model : HarModel
        Fitted model.

    Returns
    -------
    dict
    """
    season = model.profile
    return {
        "format": _FORMAT,
        "provenance": dict(model.provenance),
        "source": model.shape.source,
        "power": model.shape.power,
        "windows_bars": list(model.shape.windows),
        "coefficients_by_horizon_bars": {str(h): list(b) for h, b in sorted(model.coefficients.items())},
        "season": None
        if season is None
        else {"harmonics_per_week": list(season.harmonics), "coefficients": list(season.coefficients)},
    }


def from_document(document: Mapping[str, Any], where: str = "HAR model") -> HarModel:
    """Turn JSON values back into a model.

    Parameters
    ----------
    document : mapping
        What `to_document` gave.
    where : str
        Name of the source, for messages.

    Returns
    -------
    HarModel

    Raises
    ------
    DataError
        The document is of another format, incomplete, or its parts do not fit together.
    """
    if document.get("format") != _FORMAT:
        raise DataError(f"{where}: format {document.get('format')!r} is not {_FORMAT}; fit the model again")
    try:
        season = document["season"]
        shape = HarShape(
            document["source"], float(document["power"]), tuple(int(w) for w in document["windows_bars"])
        )
        profile = None
        if season is not None:
            profile = WeekProfile(
                tuple(int(k) for k in season["harmonics_per_week"]),
                tuple(float(c) for c in season["coefficients"]),
            )
        by_horizon = document["coefficients_by_horizon_bars"].items()
        coefficients = {int(h): tuple(float(b) for b in beta) for h, beta in by_horizon}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{where}: {error!r} while reading it; fit the model again") from error
    return HarModel(shape, profile, coefficients, dict(document.get("provenance", {})))


def read_model(path: Path) -> HarModel:
    """Read a model from a file.

    Parameters
    ----------
    path : Path
        JSON file.

    Returns
    -------
    HarModel

    Raises
    ------
    DataError
        The file cannot be read or does not hold a model.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: {error}; fit the model again or reinstall the package") from error
    if not isinstance(document, dict):
        raise DataError(f"{path}: not a JSON object; fit the model again")
    return from_document(document, str(path))


def write_model(model: HarModel, path: Path) -> None:
    """Write a model so that a reader sees the old file or the new one, never half of it.

    Parameters
    ----------
    model : HarModel
        Fitted model.
    path : Path
        JSON file, replaced if it exists.
    """
    write_text(path, json.dumps(to_document(model), indent=1) + "\n")


@lru_cache(maxsize=1)
def shipped_model() -> HarModel:
    """Give the model that ships with the package, read once.

    Returns
    -------
    HarModel

    Raises
    ------
    DataError
        The installed file is damaged.
    """
    return read_model(SHIPPED)
