"""What a module's command does with a refusal, and with everything else."""

from __future__ import annotations

import pytest

from outrigger.commands.refusing import refusing
from outrigger.errors import DataError


@refusing
def command(asked: str) -> int:
    """Refuse, break or answer."""
    if asked == "refuse":
        raise DataError("[red]no candles[/red]: download them")
    if asked == "break":
        raise ValueError(asked)
    return 1


def test_refusing_tells_a_refusal_as_it_is_written_and_gives_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("refuse") == 2
    told = capsys.readouterr()
    assert told.err == "error: [red]no candles[/red]: download them\n"
    assert told.out == ""


def test_refusing_lets_status_and_faults_through() -> None:
    assert command("answer") == 1
    with pytest.raises(ValueError, match="break"):
        command("break")
