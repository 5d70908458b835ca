"""What is wrong with values of an archive, by name: counted, dated, and masked where they stand.

A defect never costs more than the values it touches: the rest of a reading stays usable. Names are
shared by the readers, the reports and the doctor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from outrigger.market.store.rows import DAY_MS

MEANINGS: Final = {
    "unreadable_lines": "lines or values that are no numbers; left out",
    "foreign_lines": "lines of another symbol; left out",
    "unknown_bands": "lines of a band that is not kept; left out",
    "duplicated_timestamps": "readings given more than once; the last one stands",
    "backward_timestamps": "readings older than the one before them; sorted",
    "gaps": "pauses of more than three times the usual one between readings; nothing is filled in",
    "incomplete_snapshots": "snapshots without some of the file's bands; those are missing values",
    "negative_depth": "a depth that is negative or infinite; the band is masked",
    "frozen_bids": "bid bands that did not change for too long while other bands moved; masked",
    "frozen_asks": "ask bands that did not change for too long while other bands moved; masked",
    "frozen_book": "snapshots in which nothing changed for too long; masked",
    "non_monotone_bids": "cumulative bid depth that shrinks away from the mid; those bands are masked",
    "non_monotone_asks": "cumulative ask depth that shrinks away from the mid; those bands are masked",
    "misaligned_bids": "bids whose implied price does not fit the mid; masked",
    "misaligned_asks": "asks whose implied price does not fit the mid; masked",
    "crossed_sides": "bids that imply a higher price than the asks, as if exchanged; both sides are masked",
    "shifted_book": "snapshots whose whole price lies far off the ones before; masked",
    "blank_values": "values that the archive leaves blank; missing values",
    "impossible_values": "ratios or open interest of zero or less, or infinite; masked",
    "stale_rows": "rows that repeat the one before to the last digit; masked",
    "off_market": "depth whose implied mid is off the market's price; masked",
}


@dataclass(frozen=True, slots=True)
class Defect:
    """One kind of defect of one archive file.

    Parameters
    ----------
    name : str
        A key of `MEANINGS`.
    count : int
        Readings (or lines) concerned.
    masked : int
        Values that were made missing because of it.
    first_ms : int or None
        Time of the first reading concerned, milliseconds since the epoch.
    days : tuple of Defect
        The same for each UTC day by itself; empty where it cannot be dated.
    """

    name: str
    count: int
    masked: int
    first_ms: int | None
    days: tuple[Defect, ...] = ()

    @property
    def meaning(self) -> str:
        """What the name means."""
        return MEANINGS[self.name]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        first = (
            None if self.first_ms is None else datetime.fromtimestamp(self.first_ms / 1000, UTC).isoformat()
        )
        return {
            "name": self.name,
            "count": self.count,
            "masked": self.masked,
            "first": first,
            "meaning": self.meaning,
        }


def counted(
    name: str, times_ms: NDArray[np.int64], touched: NDArray[np.bool_], values: int = 0
) -> tuple[Defect, ...]:
    """Describe a defect, if there is any.

    Parameters
    ----------
    name : str
        A key of `MEANINGS`.
    times_ms : ndarray of int64, shape (n,)
        Times of the readings.
    touched : ndarray of bool, shape (n,) or (n, …)
        Which readings, or which of their parts, it touches.
    values : int, optional
        Values masked for each part touched.

    Returns
    -------
    tuple of Defect
        One, or none where nothing is touched.
    """
    parts = touched.reshape(len(times_ms), -1).sum(axis=1)
    hit = np.flatnonzero(parts)
    if not len(hit):
        return ()
    times, masked = times_ms[hit], values * parts[hit]
    dates = times // DAY_MS
    days = tuple(
        Defect(name, int(of.sum()), int(masked[of].sum()), int(times[of].min()))
        for of in (dates == day for day in np.unique(dates))
    )
    return (Defect(name, len(hit), int(masked.sum()), int(times.min()), days),)


def pauses(times_ms: NDArray[np.int64]) -> tuple[Defect, ...]:
    """Describe the gaps between readings, dated by the last reading before the first gap.

    Parameters
    ----------
    times_ms : ndarray of int64, shape (n,)
        Sorted times without repetitions.

    Returns
    -------
    tuple of Defect
        One, or none.
    """
    if len(times_ms) < 3:
        return ()
    steps = np.diff(times_ms)
    return counted("gaps", times_ms[:-1], steps > 3 * np.median(steps))
