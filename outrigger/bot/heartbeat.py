"""A small file that says when a bot's last loop began, for whoever watches it from outside the process.

Nobody inside a bot can tell that it has stopped, and a bot that has stopped watches no stops. So the bot
leaves a file, and `outrigger health` (Docker's HEALTHCHECK, a cron job) compares its time with the clock. It
is replaced in one step but not forced to the disk, which would cost more than the loop it tells of: what a
power cut leaves of it is too old anyhow.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outrigger.bot.breaker_file import bot_of
from outrigger.market.moment import from_ms

MAX_AGE_S = 180.0
# The clocks of a host and a container are one; this is for the rounding of a time and a slow reader.
AHEAD_MS = 5_000


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a heartbeat file says at a moment.

    Parameters
    ----------
    alive : bool
        Whether the bot's last loop is recent.
    words : str
        How it is, and what to do where it is not alive.
    path : Path
        The file.
    vitals : mapping
        What the bot told of itself; empty where the file cannot be read.
    """

    alive: bool
    words: str
    path: Path
    vitals: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        told = {"alive": self.alive, "words": self.words, "file": str(self.path)}
        return told | {"vitals": dict(self.vitals)}


def path_in(user_data: Path, database: str) -> Path:
    """Heartbeat file of a bot, by its user data directory and the address of its database."""
    return user_data / "outrigger" / f"health-{bot_of(database)}.json"


def paths_in(user_data: Path) -> list[Path]:
    """Heartbeat files of all bots of a user data directory."""
    return sorted((user_data / "outrigger").glob("health-*.json"))


def write(path: Path, bot: str, line: str, vitals: Mapping[str, Any]) -> None:
    """Replace a heartbeat file.

    Parameters
    ----------
    path : Path
        The file; its directory is made where missing.
    bot : str
        The bot's name.
    line : str
        How it is, in one line.
    vitals : mapping
        The same in numbers, with `at_ms`; plain JSON types.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    document = {"bot": bot, "line": line, "vitals": vitals}
    text = json.dumps(document, allow_nan=False)
    fresh = path.with_suffix(".new")
    try:
        fresh.write_text(text, encoding="utf-8")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def pulse(path: Path, now_ms: int, max_age_s: float = MAX_AGE_S) -> Pulse:
    """Judge a heartbeat file.

    Parameters
    ----------
    path : Path
        The file.
    now_ms : int
        Present time in ms.
    max_age_s : float
        Oldest loop that counts as recent, seconds.

    Returns
    -------
    Pulse
        Not alive where the file is missing or cannot be read.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        bot, line, vitals = str(document["bot"]), str(document["line"]), dict(document["vitals"])
        age_ms = now_ms - int(vitals["at_ms"])
    except (FileNotFoundError, NotADirectoryError):
        step = "start the bot (`freqtrade trade`), or name its directory with --userdir"
        return Pulse(False, f"no heartbeat at {path}: {step}", path, {})
    except (OSError, ValueError, KeyError, TypeError) as error:
        told = f"{path} cannot be read ({error!r}): a bot that runs replaces it within a minute"
        return Pulse(False, told, path, {})
    last = f"{from_ms(int(vitals['at_ms'])):%Y-%m-%d %H:%M:%S} UTC"
    if age_ms < -AHEAD_MS:
        told = f"{bot}: its last loop, {last}, lies ahead of this clock: set both clocks right"
        return Pulse(False, told, path, vitals)
    if age_ms > max_age_s * 1000:
        held = int(vitals.get("positions") or 0)
        danger = f" {held} open position{'s' * (held != 1)} may have no stop watched." if held else ""
        told = (
            f"{bot}: no loop since {last}, {age_ms / 1000:,.0f} s ago.{danger} See whether it runs and what "
            f"its log says last, /start it or start it again; delete {path} if this bot is retired"
        )
        return Pulse(False, told, path, vitals)
    return Pulse(True, f"{bot}: last loop {age_ms / 1000:.0f} s ago; {line}", path, vitals)


def pulses(paths: Sequence[Path], now_ms: int, max_age_s: float = MAX_AGE_S) -> list[Pulse]:
    """Judge several heartbeat files; see `pulse`."""
    return [pulse(path, now_ms, max_age_s) for path in paths]
