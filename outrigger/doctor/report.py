"""Findings as a trader sees them: what is wrong first, each with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from outrigger.doctor.finding import Finding, Level

MARKS: dict[Level, tuple[str, str]] = {
    "error": ("✗", "bold red"),
    "warning": ("!", "yellow"),
    "ok": ("✓", "green"),
}


def report(findings: Sequence[Finding]) -> RenderableType:
    """Lay out findings for a terminal.

    Parameters
    ----------
    findings : sequence of Finding
        In any order; errors are shown first, then warnings.

    Returns
    -------
    RenderableType
        For `rich.console.Console.print`.
    """
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(max_width=34, overflow="fold")
    table.add_column(overflow="fold")
    for level, (mark, style) in MARKS.items():
        for finding in findings:
            if finding.level == level:
                told = Text(finding.message)
                if finding.next_step:
                    told.append(f"\n→ {finding.next_step}", style="bold")
                table.add_row(Text(mark, style=style), Text(finding.subject, style=style), told)
    return Group(table, Text(), Text(summary(findings)))


def summary(findings: Sequence[Finding]) -> str:
    """Count the findings in one line.

    Parameters
    ----------
    findings : sequence of Finding
        All of them.

    Returns
    -------
    str
        `2 errors, 1 warning, 20 checks passed`.
    """
    errors, warnings, fine = (sum(f.level == level for f in findings) for level in MARKS)
    return (
        f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}, "
        f"{fine} check{'s' * (fine != 1)} passed"
    )


def print_report(findings: Sequence[Finding], console: Console | None = None) -> None:
    """Print findings.

    Parameters
    ----------
    findings : sequence of Finding
        What to print.
    console : Console, optional
        Standard output when None.
    """
    (console or Console()).print(report(findings))
