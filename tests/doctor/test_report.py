"""How findings are counted, judged and printed."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from outrigger.doctor.finding import Finding, error, exit_code, ok, warning
from outrigger.doctor.report import print_report, summary

FINDINGS = [
    ok("python", "3.11"),
    warning("dry_run", "false", "set it to true"),
    error("BTC/USDT:USDT funding_rate", "missing [brackets are not markup]", "freqtrade download-data"),
]


def test_exit_code_is_one_only_for_errors() -> None:
    assert exit_code(FINDINGS) == 1
    assert exit_code(FINDINGS[:2]) == 0
    assert exit_code([]) == 0


def test_summary_counts_by_level() -> None:
    assert summary(FINDINGS) == "1 error, 1 warning, 1 check passed"
    assert summary([]) == "0 errors, 0 warnings, 0 checks passed"


def test_report_shows_errors_first_and_every_next_step() -> None:
    printed = StringIO()
    print_report(FINDINGS, Console(file=printed, width=120))
    text = printed.getvalue()
    assert text.index("funding_rate") < text.index("dry_run") < text.index("python")
    assert "→ set it to true" in text
    assert "[brackets are not markup]" in text


def test_finding_to_dict_has_every_field() -> None:
    assert Finding("ok", "a", "b").to_dict() == {
        "level": "ok",
        "subject": "a",
        "message": "b",
        "next_step": "",
    }
