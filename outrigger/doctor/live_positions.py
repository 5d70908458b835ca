"""Whether bot and exchange agree on what is held: a position that the bot does not know has no stop.

The bot's side are the open trades of its database, read without writing. A dry run's trades are not on the
exchange, so there everything that is held is told as unmanaged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url

from outrigger.doctor.case import Case, database_of
from outrigger.doctor.finding import Finding, error, ok, warning
from outrigger.doctor.live_facts import Held
from outrigger.review.database_connection import reading

SUBJECT = "open positions"
SAME = 0.01


def check(case: Case, held: Sequence[Held]) -> Iterator[Finding]:
    """Compare what the exchange holds with what the bot believes.

    Parameters
    ----------
    case : Case
        For the database.
    held : sequence of Held
        Positions on the exchange.

    Yields
    ------
    Finding
        One a position that only one side knows, or knows otherwise; one where they agree.

    Raises
    ------
    DataError
        If the database is there and cannot be read.
    """
    known = believed(case) if case.live else {}
    there = {one.pair: one.amount for one in held}
    problems = [*_unmanaged(case, there, known), *_otherwise(there, known)]
    yield from problems
    if not problems:
        names = ", ".join(there) or "none"
        yield ok(SUBJECT, f"{names}; the bot's database and {case.exchange} agree")


def believed(case: Case) -> dict[str, float]:
    """Signed amount of each pair that the bot holds by its database; nothing where there is none yet."""
    address = kept_at(case)
    if address is None:
        return {}
    query = text("SELECT pair, amount, is_short FROM trades WHERE is_open")
    found: dict[str, float] = {}
    with reading(address) as (connection, _):
        for pair, amount, short in connection.execute(query):
            found[pair] = found.get(pair, 0.0) + float(amount or 0.0) * (-1 if short else 1)
    return {pair: amount for pair, amount in found.items() if amount}


def kept_at(case: Case) -> str | None:
    """Address of the bot's database; None where there is none yet."""
    address = database_of(case.config)
    url = make_url(address)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).is_file():
        return None
    return address


def _unmanaged(case: Case, there: Mapping[str, float], known: Mapping[str, float]) -> Iterator[Finding]:
    for pair, amount in there.items():
        if pair not in known:
            whose = "the bot's database does not know it" if case.live else "a dry run does not know it"
            told = f"{pair}: {amount:+.10g} is held at the exchange, {whose}: nothing watches a stop for it"
            step = "close it, or keep the bot off: orders of a bot on the same pair would change it"
            yield warning(SUBJECT, told, step)


def _otherwise(there: Mapping[str, float], known: Mapping[str, float]) -> Iterator[Finding]:
    for pair, amount in known.items():
        real = there.get(pair, 0.0)
        if abs(real - amount) > SAME * abs(amount):
            told = f"{pair}: the bot believes in {amount:+.10g}, the exchange holds {real:+.10g}"
            step = "/reload_trade reads its orders again; else close it, or end the trade with /forceexit"
            yield error(SUBJECT, told, step)
