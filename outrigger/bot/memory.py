"""Resident memory of this process, as the system tells it."""

from __future__ import annotations

import re
from pathlib import Path

STATUS = Path("/proc/self/status")


def resident_mb(status: Path = STATUS) -> float | None:
    """Resident memory of this process.

    Parameters
    ----------
    status : Path
        Where Linux tells it.

    Returns
    -------
    float or None
        MB; None where the system does not tell.
    """
    try:
        found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text(encoding="ascii"))
    except OSError:
        return None
    return int(found[1]) / 1024 if found else None
