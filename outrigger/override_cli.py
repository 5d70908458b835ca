"""Commands about the trader's own word: say it, look at what stands, take it back."""

from __future__ import annotations

import re
from pathlib import Path
from time import time
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from outrigger.errors import SettingsError
from outrigger.market.moment import from_ms, to_ms
from outrigger.market_cli import JsonOption, moment, print_json
from outrigger.override import file
from outrigger.override.word import DEFAULT_MS, Kind, Word, clock

_LENGTH = re.compile(r"(?:\d+(?:\.\d+)?[dhm])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([dhm])")
_UNIT_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000}
console = Console()
override = typer.Typer(
    help="Your word against the bot's: no entries, a regime, a nearer stop, wider trails, no legs, close.",
    no_args_is_help=True,
)

UserDataOption = Annotated[Path, typer.Option("--userdir", help="Freqtrade's user data directory.")]
PairOption = Annotated[str | None, typer.Option("--pair", help="Such as BTC/USDT:USDT; all unless said.")]


@override.command("set")
def set_word(
    kind: Annotated[Kind, typer.Argument(help="What you ask for.")],
    value: Annotated[
        str | None, typer.Argument(help="stop: price; widen: multiplier; regime: its name.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; it goes into the trades' records.")] = "",
    pair: PairOption = None,
    length: Annotated[
        str | None, typer.Option("--for", help="How long: 30m, 4h, 1d12h. A day unless said; close: an hour.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="When it ends (UTC), instead.")] = None,
    legs: Annotated[bool, typer.Option("--close-legs", help="no-hedge: close open legs too.")] = False,
    userdir: UserDataOption = Path("user_data"),
    as_json: JsonOption = False,
) -> None:
    """Say something; the bot hears it in its next loop, without a restart."""
    now_ms = round(time() * 1000)
    end_ms = ending(kind, length, until, now_ms)
    word = Word(0, kind, pair, now_ms, end_ms, reason, legs=legs, **valued(kind, value))
    said = file.update(file.path_in(userdir), lambda words: words.said(word)).words[-1]
    if as_json:
        print_json(told(said, now_ms))
    else:
        console.print(said.describe(), markup=False, soft_wrap=True)
        console.print(f"Take it back: outrigger override clear {said.number}", markup=False)


@override.command("list")
def list_words(
    ended: Annotated[bool, typer.Option("--all", help="Also what ended in the last week.")] = False,
    userdir: UserDataOption = Path("user_data"),
    as_json: JsonOption = False,
) -> None:
    """Show what stands."""
    now_ms = round(time() * 1000)
    words = file.read(file.path_in(userdir))
    shown = words.words if ended else words.in_force(now_ms)
    if as_json:
        print_json([told(word, now_ms) for word in shown])
    elif not shown:
        console.print("The bot has a free hand: no override stands.")
    else:
        console.print(_table(shown, now_ms))


@override.command("clear")
def clear_words(
    numbers: Annotated[list[int] | None, typer.Argument(help="Numbers from `override list`.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that stand.")] = False,
    pair: PairOption = None,
    userdir: UserDataOption = Path("user_data"),
    as_json: JsonOption = False,
) -> None:
    """Take words back before their time; a stop that was drawn nearer stays where it is."""
    if sum((bool(numbers), everything, pair is not None)) != 1:
        raise SettingsError("say which: numbers from `outrigger override list`, --pair, or --all")
    now_ms = round(time() * 1000)
    path = file.path_in(userdir)
    standing = file.read(path).in_force(now_ms)
    wanted = {
        word.number
        for word in standing
        if everything or word.number in (numbers or ()) or (pair is not None and word.pair == pair)
    }
    absent = sorted(set(numbers or ()) - wanted)
    if absent:
        raise SettingsError(
            f"no override {', '.join(map(str, absent))} stands: see `outrigger override list`"
        )
    file.update(path, lambda words: words.cleared(wanted, now_ms))
    taken = [word for word in standing if word.number in wanted]
    if as_json:
        print_json([told(word, now_ms) for word in taken])
        return
    for word in taken:
        console.print(f"cleared {word.describe()}", markup=False, soft_wrap=True)
    if not taken:
        console.print("Nothing stood that could be cleared.")


def ending(kind: Kind, length: str | None, until: str | None, now_ms: int) -> int:
    """Moment at which a new word ends.

    Parameters
    ----------
    kind : Kind
        Decides where neither is given.
    length : str or None
        Such as `4h` or `1d12h`.
    until : str or None
        A time; UTC unless it has a zone.
    now_ms : int
        Present time in ms.

    Returns
    -------
    int
        In ms since the epoch, after now.

    Raises
    ------
    SettingsError
        If both are given, one cannot be read, or it is over already.
    """
    if length is not None and until is not None:
        raise SettingsError("--for and --until both say when it ends: give one of them")
    if until is not None:
        end_ms = to_ms(moment(until))
        if end_ms <= now_ms:
            raise SettingsError(f"--until {until} is over: it is {clock(now_ms)} now")
        return end_ms
    if length is None:
        return now_ms + DEFAULT_MS[kind]
    if not _LENGTH.fullmatch(length):
        raise SettingsError(f"--for {length} is no length: write it like 30m, 4h or 1d12h")
    span = round(sum(float(number) * _UNIT_MS[unit] for number, unit in _PART.findall(length)))
    if span <= 0:
        raise SettingsError(f"--for {length} is over before it begins")
    return now_ms + span


def valued(kind: Kind, value: str | None) -> dict[str, Any]:
    """The field of a word that its kind's value belongs in.

    Raises
    ------
    SettingsError
        If a number is needed and cannot be read, or a value is given where none is taken.
    """
    if value is None:
        return {}
    if kind is Kind.REGIME:
        return {"regime": value}
    if kind not in (Kind.STOP, Kind.WIDEN):
        raise SettingsError(f"`{kind}` takes no value, but got {value!r}")
    try:
        return {"price" if kind is Kind.STOP else "factor": float(value)}
    except ValueError as error:
        raise SettingsError(f"`{kind}` needs a number, not {value!r}") from error


def told(word: Word, now_ms: int) -> dict[str, Any]:
    """A word as plain JSON types, with times that people can read."""
    return {
        "number": word.number,
        "kind": str(word.kind),
        "pair": word.pair,
        "asks": word.asks(),
        "price": word.price,
        "factor": word.factor,
        "regime": word.regime,
        "close_legs": word.legs,
        "since": from_ms(word.since_ms).isoformat(),
        "until": from_ms(word.until_ms).isoformat(),
        "reason": word.reason,
        "state": _state(word, now_ms),
    }


def _state(word: Word, now_ms: int) -> str:
    if word.in_force(now_ms):
        return "in force"
    return word.ended or ("expired" if word.until_ms <= now_ms else "not yet")


def _table(words: tuple[Word, ...], now_ms: int) -> Table:
    table = Table(title="Overrides, times in UTC", box=box.SIMPLE_HEAD)
    for name in ("#", "asks", "since", "until", "state", "reason"):
        table.add_column(name, overflow="fold")
    for word in words:
        times = (f"{from_ms(at_ms):%d %b %H:%M}" for at_ms in (word.since_ms, word.until_ms))
        table.add_row(str(word.number), word.asks(), *times, _state(word, now_ms), Text(word.reason))
    return table


def add_to(app: typer.Typer) -> None:
    """Register the commands.

    Parameters
    ----------
    app : Typer
        The command line they become part of.
    """
    app.add_typer(override, name="override")
