"""The command that reviews an account: a summary for the terminal, a page, JSON, a message."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from outrigger.market_cli import JsonOption, print_json
from outrigger.regime_cli import edge, shown

console = Console()


def now_ms() -> int:
    """The present in ms since the epoch."""
    return round(time.time() * 1000)


def review(
    db: Annotated[
        str | None, typer.Option("--db", help="Freqtrade database: a path or an SQLAlchemy URL.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="A backtest's .zip or results directory instead of a database.")
    ] = None,
    trades: Annotated[
        Path | None,
        typer.Option(help="A CSV list of trades instead of a database."),
    ] = None,
    config: Annotated[
        list[Path] | None, typer.Option(help="Freqtrade configuration, repeatable; config.json unless said.")
    ] = None,
    datadir: Annotated[Path | None, typer.Option("--datadir", help="Candles.")] = None,
    user_data: Annotated[
        Path | None, typer.Option("--user-data", help="Freqtrade's working directory.")
    ] = None,
    strategy: Annotated[str | None, typer.Option(help="Class whose trades are reviewed.")] = None,
    week: Annotated[str | None, typer.Option(help="An ISO week, such as 2025-W23 (UTC).")] = None,
    until: Annotated[
        str | None, typer.Option(help="End of the seven days instead of now; a date or a time (UTC).")
    ] = None,
    since: Annotated[str | None, typer.Option(help="First day of `since start`.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Regime bundle to ask what it had said at the entries.")
    ] = None,
    balance: Annotated[
        float | None, typer.Option(min=0.0, help="Account value at the start, where it is not known.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write the page to this file; under the user data unless said.")
    ] = None,
    send: Annotated[
        bool, typer.Option("--send", help="Let the running bot send a short text (Telegram, webhooks).")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Review an account, live or backtested: its last week, since the start, and what deserves attention."""
    from outrigger.bot.outbox import put
    from outrigger.errors import SettingsError
    from outrigger.review.weekly import asked as command
    from outrigger.review.weekly.message import message
    from outrigger.review.weekly.page import write_page
    from outrigger.review.weekly.period import iso_week, last_week
    from outrigger.review.weekly.review import review as run_review
    from outrigger.review.weekly.table import print_review
    from outrigger.settings.read import read_settings

    if week is not None and until is not None:
        raise SettingsError("--week and --until name two weeks: use one")
    asked = command.Asked(
        tuple(config or ()), db, export, trades, strategy, datadir, user_data, bundle, balance
    )
    configured = asked.configuration()
    settings = read_settings(configured)
    account = command.account_of(asked, configured, now_ms())
    end = edge(until, end=True)
    period = iso_week(week) if week is not None else None if end is None else last_week(end)
    place, home = command.place_of(asked, configured, settings), command.user_data_of(asked, configured)
    with shown("review") as progress:
        classifier = None
        if place.bundle is not None or command.watched(account, home):
            # Only here, because scikit-learn takes longer to load than a review to make.
            from outrigger.review.weekly.regimes import classifier_of

            watched = home if command.watched(account, home) else None
            classifier = classifier_of(place.bundle, place.datadir, watched, settings, place.store)
        told = run_review(account, period, edge(since), place, settings, classifier, progress)
    page = html or command.page_path(home, told.week.period.name, told.account.as_of_ms)
    if html is not None or not as_json:
        write_page(page, told)
    if send:
        put(home, message(told))
    if as_json:
        print_json(told.to_dict())
    else:
        print_review(told, console)
        console.print(f"Page: {page}", markup=False)


def add_to(app: typer.Typer) -> None:
    """Register the command.

    Parameters
    ----------
    app : Typer
        The command line it becomes part of.
    """
    app.command()(review)
