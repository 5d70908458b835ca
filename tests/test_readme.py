"""The README: its generated parts are those of the code, its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from outrigger import cli
from outrigger.errors import SettingsError
from outrigger.settings import table
from outrigger.settings.read import Settings
from tests.conftest import REPOSITORY

README = REPOSITORY / "README.md"


def test_readme_table_of_parameters_is_that_of_the_settings() -> None:
    page = README.read_text(encoding="utf-8")
    assert table.rewritten(page) == page, "run `make docs`"


def test_readme_names_every_setting() -> None:
    page = README.read_text(encoding="utf-8")
    keys = [key for section in Settings().model_dump().values() for key in section]
    assert [key for key in keys if f"| `{key}` |" not in page] == []


def test_readme_commands_exist() -> None:
    page = README.read_text(encoding="utf-8")
    commands = set(re.findall(r"(?:`|\$ )outrigger ([a-z]+(?:-[a-z]+)?)", page))
    targets = set(re.findall(r"make ([a-z]+(?:-[a-z]+)?)", page))
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert commands
    known = {
        command.name or command.callback.__name__
        for command in cli.app.registered_commands
        if command.callback
    }
    known |= {group.name for group in cli.app.registered_groups}
    assert commands <= known
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, flags=re.MULTILINE)] == []


def test_readme_example_gives_what_it_says() -> None:
    page = README.read_text(encoding="utf-8")
    found = re.search(r"\$ outrigger (explain-stop .*)", page)
    assert found is not None
    told = CliRunner().invoke(cli.app, found[1].split())
    assert told.exit_code == 0
    for price in ("38,800", "40,740"):
        assert price in told.stdout


def test_readme_pictures_are_there() -> None:
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README.read_text(encoding="utf-8"))
    assert pictures
    assert [name for name in pictures if not (REPOSITORY / name).is_file()] == []


def test_page_without_markers_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here")
    with pytest.raises(SettingsError, match="add both markers"):
        table.main([str(page)])
    assert page.read_text() == "nothing here"


def test_main_rewrites_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{table.BEGIN}\na stale part\n{table.END}\nafter\n")
    table.main([str(page)])
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "a stale part" not in text
    assert "`trail_sigma`" in text
