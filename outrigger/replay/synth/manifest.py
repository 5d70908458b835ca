"""The label of a synthetic market: what it is, how it was made, and what was planted where.

Why: nobody may take invented data for a measurement, so the label is written before the first candle and
finished after the last. Assumes one label per data directory, in its root. Weak: it lists every planted
build-up, so it is an answer sheet; nothing that trades or trains may read more than `is_synthetic`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from outrigger.atomic import write_text
from outrigger.errors import DataError
from outrigger.replay.synth.parameters import MarketParameters

LABEL_FILE: Final = "SYNTHETIC.json"


@dataclass(frozen=True, slots=True)
class PlantedCascade:
    """One planted build-up, whether it fired or not.

    Parameters
    ----------
    pair : str
        Freqtrade's name of the pair.
    origin : str
        `"market"` where all pairs were hit, else the base currency.
    side : str
        `"long_squeeze"` (price falls) or `"short_squeeze"` (price rises).
    build_up_from, triggered_at, extreme_at : str
        ISO times (UTC): crowding starts to matter, first minute of the move, end of the move.
    fired : bool
        False where the build-up fizzled out and no cascade followed.
    size_pct : float
        Distance from trigger to extreme, a fraction of price in logs.
    recovery : float
        Share of the move that comes back.
    """

    pair: str
    origin: str
    side: str
    build_up_from: str
    triggered_at: str
    extreme_at: str
    fired: bool
    size_pct: float
    recovery: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything needed to recognise and to repeat a synthetic market.

    Parameters
    ----------
    version : str
        Version of the package that wrote it.
    seed : int
        Seed of all streams.
    pairs : tuple of str
        Freqtrade's names of the pairs.
    warmup_start, start, end : str
        ISO times (UTC): first coarse candle, first 1m candle, end (exclusive).
    depth_minutes : int
        Minutes between order book snapshots.
    parameters : MarketParameters
        How the market behaves.
    cascades : tuple of PlantedCascade
        What was planted.
    complete : bool
        False while files are being written.
    """

    version: str
    seed: int
    pairs: tuple[str, ...]
    warmup_start: str
    start: str
    end: str
    depth_minutes: int
    parameters: MarketParameters
    cascades: tuple[PlantedCascade, ...]
    complete: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values, with the word that matters first."""
        return {"label": "synthetic", **asdict(self)}

    def write(self, directory: Path) -> None:
        """Write the label into a data directory, atomically.

        Parameters
        ----------
        directory : Path
            Root of the data directory; must exist.
        """
        write_text(directory / LABEL_FILE, json.dumps(self.to_dict(), indent=1) + "\n")


def read_label(directory: Path) -> dict[str, Any] | None:
    """Read the label of a data directory.

    Parameters
    ----------
    directory : Path
        Root of a Freqtrade data directory.

    Returns
    -------
    dict or None
        The label's contents; None where there is none, which means real data.

    Raises
    ------
    DataError
        If there is a label that cannot be read.
    """
    path = directory / LABEL_FILE
    if not path.is_file():
        return None
    try:
        label = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path}: not readable as JSON ({error}); write the market again") from error
    if not isinstance(label, dict) or label.get("label") != "synthetic":
        raise DataError(f"{path}: not the label of a synthetic market; move the file away")
    return label


def is_synthetic(directory: Path) -> bool:
    """Whether a data directory holds a synthetic market.

    Parameters
    ----------
    directory : Path
        Root of a Freqtrade data directory.

    Returns
    -------
    bool
        True where the label is present, even an unfinished one.
    """
    return read_label(directory) is not None
