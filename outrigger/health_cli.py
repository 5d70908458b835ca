"""The command that watches a bot from outside: exit code 0 while its loop runs, 1 when it has stopped."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from outrigger.market_cli import JsonOption, print_json

console = Console()


def health(
    config: Annotated[
        list[Path] | None,
        typer.Option(help="Configuration of the bot, repeatable; config.json where nothing is said."),
    ] = None,
    userdir: Annotated[
        Path | None,
        typer.Option("--userdir", help="Freqtrade's user data directory; without --config all its bots."),
    ] = None,
    max_age: Annotated[
        float, typer.Option("--max-age", min=30.0, help="Oldest loop that counts as recent, seconds.")
    ] = 180.0,
    as_json: JsonOption = False,
) -> None:
    """Say whether the bot's last loop is recent; exit code 1, with what to do, where it is not."""
    from outrigger.bot.heartbeat import paths_in, pulses
    from outrigger.market.moment import to_ms
    from outrigger.settings.configured import DEFAULT

    files = config or ([DEFAULT] if userdir is None and DEFAULT.is_file() else [])
    if files:
        paths = [_of_config(files, userdir)]
    else:
        folder = userdir or Path("user_data")
        # A directory without any heartbeat is told as one that is missing.
        paths = paths_in(folder) or [folder / "outrigger" / "health-*.json"]
    found = pulses(paths, to_ms(datetime.now(UTC)), max_age)
    if as_json:
        print_json([pulse.to_dict() for pulse in found])
    else:
        for pulse in found:
            mark, style = ("✓", "green") if pulse.alive else ("✗", "bold red")
            console.print(Text.assemble((mark, style), f" {pulse.words}"), soft_wrap=True)
    raise typer.Exit(int(not all(pulse.alive for pulse in found)))


def _of_config(files: list[Path], userdir: Path | None) -> Path:
    """Heartbeat file of the bot that these files configure, the environment on top, as Freqtrade does it."""
    from freqtrade.exceptions import FreqtradeException

    from outrigger.bot.heartbeat import path_in
    from outrigger.doctor.case import database_of, prepared, read_config
    from outrigger.errors import SettingsError

    try:
        read = read_config(files)
    except (FreqtradeException, OSError, ValueError, TypeError, AttributeError) as error:
        raise SettingsError(f"the configuration cannot be read: {error}") from error
    return path_in(userdir or prepared(read)["user_data_dir"], database_of(read))


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(health)
