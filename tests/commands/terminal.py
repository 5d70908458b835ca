"""Calls the `outrigger` command as a trader does: an answer, or a message and exit code 1."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from outrigger import cli

COMMAND = str(Path(sys.executable).with_name("outrigger"))
ACCEPTANCE = ["--entry", "40000", "--policy", "trailing", "--width", "0.03"]
LONG = ["explain-stop", *ACCEPTANCE, "--path", "40000,42000,41000"]
SHORT = ["explain-stop", *ACCEPTANCE, "--side", "short", "--path", "40000,38000,39000"]


def run(*arguments: object) -> str:
    """Answer of a command that succeeds."""
    done = CliRunner().invoke(cli.app, [str(one) for one in arguments])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Message of a command that ends with exit code 1, through the installed entry point."""
    monkeypatch.setattr(sys, "argv", ["outrigger", *(str(one) for one in arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    found = capsys.readouterr()
    assert ended.value.code == 1
    assert found.out == ""
    told = found.err.lstrip()  # a progress bar leaves an empty line
    assert told.startswith("error: ")
    assert "Traceback" not in told
    return told
