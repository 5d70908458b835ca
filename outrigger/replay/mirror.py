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
        A Freqtrade data directory; one that does not exist reads as empty.
    target : Path
        Where to make it; must not exist.

    Returns
    -------
    Path
        `target`: links to files and folders, and a `futures` folder of its own.
    """
    (target / "futures").mkdir(parents=True)
    whole = source.resolve()
    for folder in ("", "futures"):
        for path in (whole / folder).iterdir() if (whole / folder).is_dir() else ():
            if path != whole / "futures" and not path.match(KEPT_TIERS):
                (target / folder / path.name).symlink_to(path)
    return target
