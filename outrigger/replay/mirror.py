"""A data directory that Freqtrade may write into, without a copy and without touching the original.

On Bybit Freqtrade keeps the leverage tiers that the exchange states beside the candles, for a day. A replay's
tiers must never get there: the trader's next backtest would take them for the exchange's. So the command is
given a directory of links, and what it writes goes with that directory.
"""

from __future__ import annotations

from pathlib import Path

KEPT_TIERS = "leverage_tiers_*.json"


def mirror(source: Path, target: Path) -> Path:
    """Make a directory that reads as another, except for kept leverage tiers.

    Parameters
    ----------
    source : Path
        A Freqtrade data directory.
    target : Path
        Where to make it; must not exist.

    Returns
    -------
    Path
        `target`: links to files and folders, and a `futures` folder of its own.
    """
    (target / "futures").mkdir(parents=True)
    for path in source.resolve().iterdir():
        if path.name != "futures":
            (target / path.name).symlink_to(path)
    folder = source.resolve() / "futures"
    for path in folder.iterdir() if folder.is_dir() else ():
        if not path.match(KEPT_TIERS):
            (target / "futures" / path.name).symlink_to(path)
    return target
