"""A command in a process of its own, and what it took."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from tests.conftest import REPOSITORY

# Linux counts the largest resident size in KiB, macOS in bytes.
_MB = 1024 if sys.platform != "darwin" else 1024 * 1024


class MeasuredProcessError(Exception):
    """A process that was to be measured has failed."""


@dataclass(frozen=True)
class Usage:
    """Wall and processor seconds, and the peak resident size in MB, start-up of Python included."""

    wall: float
    cpu: float
    peak_mb: float


def measured(command: Sequence[str], log: Path) -> Usage:
    """Run a Python command and wait for its end.

    Parameters
    ----------
    command : sequence of str
        Arguments of the Python interpreter.
    log : Path
        Where its output goes.

    Returns
    -------
    Usage
        What it took.

    Raises
    ------
    MeasuredProcessError
        If it ends with another code than 0.
    """
    begun = perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command], stdout=output, stderr=subprocess.STDOUT, cwd=REPOSITORY
        )
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise MeasuredProcessError(
            f"{' '.join(command)} ended with {process.returncode}:\n{log.read_text()[-2000:]}"
        )
    wall = perf_counter() - begun
    return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / _MB)
