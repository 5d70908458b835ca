"""What a check has found, in the form that a trader reads and a script can count.

A finding without a next step helps nobody: where something is wrong, `next_step` says what to do about it,
as the exact command wherever there is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check has looked at.

    Parameters
    ----------
    level : {"ok", "warning", "error"}
        `error`: trading or backtesting would fail, or give wrong results; `warning`: works, but perhaps
        not as meant.
    subject : str
        What was looked at, such as a pair's file or a key of the configuration.
    message : str
        What is the case.
    next_step : str
        What to do about it; empty where there is nothing to do.
    """

    level: Level
    subject: str
    message: str
    next_step: str = ""

    def to_dict(self) -> dict[str, str]:
        """As plain JSON types."""
        return asdict(self)


def ok(subject: str, message: str) -> Finding:
    """Report something that is as it should be."""
    return Finding("ok", subject, message)


def warning(subject: str, message: str, next_step: str) -> Finding:
    """Report something that works, but perhaps not as meant."""
    return Finding("warning", subject, message, next_step)


def error(subject: str, message: str, next_step: str) -> Finding:
    """Report something that would fail or give wrong results."""
    return Finding("error", subject, message, next_step)


def exit_code(findings: Iterable[Finding]) -> int:
    """Exit code of a command that prints these findings.

    Parameters
    ----------
    findings : iterable of Finding
        All of them.

    Returns
    -------
    int
        1 if any is an error, else 0.
    """
    return int(any(finding.level == "error" for finding in findings))
