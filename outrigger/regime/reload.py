"""Holds the bundle a bot uses, and takes up a newer one without a restart.

Looking is cheap (names, sizes and times of a few files) and happens at most every so often; reading happens
only when something has changed. A bundle that cannot be used never replaces one that can, and is told of
once. There is no clock here: the caller says what time it is, so a backtest and a test run like a bot.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from outrigger.errors import StateError
from outrigger.market.moment import from_ms
from outrigger.regime.bundle.bundle import Bundle
from outrigger.regime.bundle.card import NAME
from outrigger.regime.bundle.files import read_bundle

Signature = tuple[tuple[str, int, int], ...]


class BundleHolder:
    """The newest good bundle of a directory.

    Parameters
    ----------
    directory : Path
        The bundle's directory; it need not hold one yet.
    warn : callable
        Told, once for each reason, why there is no bundle or why a new one is not used.
    every_ms : int
        Least time between two looks at the directory.
    """

    def __init__(self, directory: Path, warn: Callable[[str], None], *, every_ms: int = 60_000) -> None:
        self._directory, self._warn, self._every_ms = directory, warn, every_ms
        self._bundle: Bundle | None = None
        self._looked_ms: int | None = None
        self._seen: Signature | None = None
        self._told: str | None = None

    @property
    def bundle(self) -> Bundle | None:
        """What `at` returned last."""
        return self._bundle

    def at(self, now_ms: int) -> Bundle | None:
        """Give the bundle to use now.

        Parameters
        ----------
        now_ms : int
            The caller's time, in milliseconds since 1970.

        Returns
        -------
        Bundle or None
            None, which means regime `unknown`, until there has been a good one.
        """
        # A clock set back must not keep a new bundle waiting.
        if self._looked_ms is None or not 0 <= now_ms - self._looked_ms < self._every_ms:
            self._looked_ms = now_ms
            self._look()
        return self._bundle

    def _look(self) -> None:
        """Read the bundle if any of its files has changed."""
        signature = _signature(self._directory)
        if signature == self._seen:
            return
        self._seen = signature
        try:
            self._bundle = read_bundle(self._directory)
        except StateError as error:
            self._tell(str(error))
        else:
            self._told = None

    def _tell(self, reason: str) -> None:
        if reason == self._told:
            return
        self._told = reason
        if self._bundle is None:
            self._warn(f"REGIME UNKNOWN, every regime multiplier is neutral: {reason}")
        else:
            until = self._bundle.card.models[-1].trained_until_ms
            self._warn(
                f"the new regime bundle is not used, the one trained until {_day(until)} stays: {reason}"
            )


def _signature(directory: Path) -> Signature:
    """What can be seen of a bundle without reading it."""
    try:
        files = [directory / NAME, *sorted(directory.glob("*.skops"))]
        stats = [(path.name, path.stat()) for path in files]
    except OSError:
        # Gone, or being replaced this moment: whatever is there next will look different.
        return ()
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


def _day(moment_ms: int) -> str:
    return from_ms(moment_ms).strftime("%Y-%m-%d")
