"""What the market store holds of each configured pair: its reach, its holes, and what was faulty.

The stop reads the order book and open interest from there. Without them it runs on candles alone, which is
a choice and no fault; a history that has stopped, or has holes that the trader does not know of, is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from outrigger.bot.recording import store_in
from outrigger.doctor.case import Case, prepared
from outrigger.doctor.finding import Finding, error, ok, warning
from outrigger.errors import DataError, SettingsError, StateError
from outrigger.market.archives.defect import MEANINGS
from outrigger.market.moment import from_ms
from outrigger.market.store.coverage import Gap, gaps
from outrigger.market.store.defect_notes import DefectNote
from outrigger.market.store.schema import Kind
from outrigger.market.store.store import MarketStore

SUBJECT: Final = "market store"
# Forced orders come when they come: a pause between them says nothing.
STEP_MS: Final = {Kind.BOOK: 300_000, Kind.METRICS: 900_000}
# A recording that runs is never much older than its slowest reading.
STALE_MS: Final = 600_000
# A file that broke may come whole the next time; what was masked in a whole one is as good as it will be.
WORTH_FETCHING: Final = frozenset({"incomplete_snapshots", "unreadable_lines"})
MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Held:
    """Readings of one pair and kind.

    Parameters
    ----------
    subject : str
        What to call them.
    times_ms : ndarray of int64, shape (n,)
        Times of the readings, rising.
    """

    subject: str
    times_ms: NDArray[np.int64]

    @property
    def span(self) -> str:
        """First and last reading."""
        first, last = (f"{from_ms(int(at)):%Y-%m-%d %H:%M}" for at in self.times_ms[[0, -1]])
        return f"{len(self.times_ms):,} readings, {first} to {last} UTC"

    def gaps(self, step_ms: int) -> tuple[Gap, ...]:
        """Pauses of more than a step and of more than three times the usual pause."""
        usual = float(np.median(np.diff(self.times_ms))) if len(self.times_ms) > 1 else 0.0
        return gaps(self.times_ms, max(step_ms, round(3 * usual)))


def check(case: Case, now_ms: int) -> Iterator[Finding]:
    """Check the store beside the bot's other files.

    Parameters
    ----------
    case : Case
        Exchange, pairs and working directory.
    now_ms : int
        The present, milliseconds since the epoch.

    Yields
    ------
    Finding
        One or more for each pair and kind that the store holds, and one for each pair that it does not.
    """
    root = store_in(Path(prepared(case.config)["user_data_dir"]))
    try:
        store = MarketStore(root, case.exchange or "none")
    except StateError as problem:
        yield error(SUBJECT, str(problem), "until then the stop runs on candles alone")
        return
    except SettingsError:
        return  # an exchange that is none is told of elsewhere
    held = [pair for pair in case.pairs if any(store.days(pair, kind) for kind in Kind)]
    recording = case.settings is not None and case.settings.market.record
    if not held:
        told = "it will start one with its next dry or live run" if recording else _HOW
        yield ok(SUBJECT, f"no recordings in {root / case.exchange}: the stop runs on candles alone; {told}")
        return
    for pair in held:
        for kind in Kind:
            yield from _kind(store, pair, kind, now_ms if recording or case.live else None)
    if absent := [pair for pair in case.pairs if pair not in held]:
        yield ok(SUBJECT, f"nothing of {', '.join(absent)}: their stops run on candles alone; {_HOW}")


_HOW: Final = (
    '`outrigger record` or "market": {"record": true} starts a history, `outrigger download` fetches one'
)


def _kind(store: MarketStore, pair: str, kind: Kind, now_ms: int | None) -> Iterator[Finding]:
    subject = f"{pair} {kind} in the store"
    days = store.days(pair, kind)
    if not days:
        return
    try:
        times = np.sort(store.read(pair, kind, columns=())["time_ms"].to_numpy())
    except (DataError, StateError, OSError) as problem:
        yield error(subject, f"cannot be read: {problem}", _fetch(pair, days[0], days[-1]))
        return
    held = Held(subject, times)
    yield ok(subject, held.span)
    if now_ms is not None and kind in STEP_MS:
        yield from _age(held, now_ms)
    if kind in STEP_MS:
        yield from _holes(held, pair, STEP_MS[kind])
    try:
        yield from _defects(subject, pair, store.defect_notes(pair, kind))
    except (StateError, OSError) as problem:
        yield warning(subject, f"its defects cannot be read: {problem}", "do what the message says")


def _age(held: Held, now_ms: int) -> Iterator[Finding]:
    age = now_ms - int(held.times_ms[-1])
    told = f"the newest reading is {_length(age)} old"
    if age <= STALE_MS:
        yield ok(held.subject, told)
    else:
        yield warning(
            held.subject,
            f"{told}: the stop would run on candles alone",
            'start the bot with "market": {"record": true}, or `outrigger record` beside it',
        )


def _holes(held: Held, pair: str, step_ms: int) -> Iterator[Finding]:
    found = held.gaps(step_ms)
    if not found:
        return
    longest = sorted(found, key=lambda gap: -gap.length_ms)[:MOST_NAMED]
    named = ", ".join(
        f"{from_ms(gap.start_ms):%Y-%m-%d %H:%M} for {_length(gap.length_ms)}" for gap in longest
    )
    first, last = (from_ms(at).date() for at in (found[0].start_ms, found[-1].end_ms))
    total = _length(sum(gap.length_ms for gap in found))
    yield warning(
        held.subject,
        f"{len(found)} gap{'s' * (len(found) > 1)}, together {total}; the longest: {named}. Nothing is "
        "filled in: there the stop runs on candles alone",
        f"{_fetch(pair, first, last)} where Binance published those days; a recording's gap stays",
    )


def _defects(subject: str, pair: str, notes: dict[date, tuple[DefectNote, ...]]) -> Iterator[Finding]:
    counts: Counter[str] = Counter()
    masked: Counter[str] = Counter()
    days: dict[str, list[date]] = {}
    for day, found in notes.items():
        for note in found:
            counts[note.name] += note.count
            masked[note.name] += note.masked
            days.setdefault(note.name, []).append(day)
    for name, count in sorted(counts.items()):
        first, last = min(days[name]), max(days[name])
        on = f"on {first}" if first == last else f"on {len(set(days[name]))} days, {first} to {last}"
        told = f"{name}: {count:,} {on} ({MEANINGS.get(name, 'of another version')})"
        if name in WORTH_FETCHING:
            yield warning(subject, told, f"{_fetch(pair, first, last)}, once: it may have come broken")
        else:
            rest = "; the rest of each reading is used" if masked[name] else ""
            yield ok(subject, f"{told}{rest}; nothing to do")


def _fetch(pair: str, first: date, last: date) -> str:
    return f"`outrigger download --pairs {pair} --from {first} --to {last} --again`"


def _length(milliseconds: int) -> str:
    minutes = milliseconds / 60_000
    for size, unit in ((1440, "days"), (60, "h")):
        if minutes >= 2 * size:
            return f"{minutes / size:.1f} {unit}"
    return f"{minutes:.0f} min"
