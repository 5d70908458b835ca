"""How old the parameters are that an account trades with: hyperopt's file, and the regime bundle.

Read from the files, not from the running bot. Weak: a configuration that was edited by hand has only the
date of its file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from outrigger.market.moment import from_ms, to_ms

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Dated:
    """Something that was fitted once.

    Parameters
    ----------
    what, remedy : str
        Its name, and how to make a newer one.
    made_ms : int
        When, or until when it has seen data; ms since the epoch.
    """

    what: str
    remedy: str
    made_ms: int

    def weeks(self, now_ms: int) -> float:
        """Age in weeks."""
        return (now_ms - self.made_ms) / (7 * DAY_MS)

    def words(self, now_ms: int) -> str:
        """Say how old it is."""
        return f"{self.what} ({from_ms(self.made_ms):%Y-%m-%d}, {self.weeks(now_ms):.0f} weeks old)"


def hyperopt_files(strategy_path: Path, strategy: str) -> list[Dated]:
    """Find the parameter files that hyperopt left for a strategy.

    Parameters
    ----------
    strategy_path : Path
        Where Freqtrade looks for strategies.
    strategy : str
        Name of the class.

    Returns
    -------
    list of Dated
        By the time of export where the file tells it, else by the file's own; files that cannot be read or
        are of another strategy are passed over.
    """
    found = []
    for path in sorted(strategy_path.glob("*.json")):
        try:
            body = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(body, dict) and body.get("strategy_name") == strategy:
            made = _exported(body.get("export_time"))
            made_ms = round(path.stat().st_mtime * 1000) if made is None else made
            found.append(Dated(str(path), "run `freqtrade hyperopt` on recent data", made_ms))
    return found


def _exported(text: object) -> int | None:
    try:
        read = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return to_ms(read if read.tzinfo else read.replace(tzinfo=UTC))
