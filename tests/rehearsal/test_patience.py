"""A bot waits briefly only in minutes in which nobody answers."""

from __future__ import annotations

import gc
import weakref
from datetime import UTC, datetime
from types import SimpleNamespace

import time_machine

from outrigger.market.moment import to_ms
from outrigger.rehearsal.met import CLIENT_TIMEOUT_MS
from outrigger.rehearsal.patience import SILENT_MS, Patience
from outrigger.replay.faults import NO_ANSWER, FaultPlan, catalogue

AT = {minute: datetime(2025, 2, 3, 1, minute, tzinfo=UTC) for minute in range(60)}


def patience(name: str) -> Patience:
    return Patience([FaultPlan(catalogue()[name], to_ms(AT[10]), to_ms(AT[20]))])


class Bot:
    """What patience reads of a bot."""

    def __init__(self) -> None:
        client, other = SimpleNamespace(timeout=0), SimpleNamespace(timeout=0)
        self.exchange = SimpleNamespace(_api=client, _api_async=other)


def waits(of: Patience, minute: int) -> set[int]:
    """What both clients wait in the loop of a minute."""
    seen = Bot()
    with time_machine.travel(AT[minute], tick=False):
        assert of.watching(lambda *_: True)(seen, AT[minute])
        of()
    return {seen.exchange._api.timeout, seen.exchange._api_async.timeout}


def test_patience_is_short_while_nothing_is_answered_and_long_around_it() -> None:
    silent = patience(NO_ANSWER)
    assert waits(silent, 9) == waits(silent, 20) == {CLIENT_TIMEOUT_MS}
    assert waits(silent, 10) == waits(silent, 19) == {SILENT_MS}


def test_patience_is_long_where_answers_come_whatever_they_are() -> None:
    assert waits(patience("slow answers"), 15) == {CLIENT_TIMEOUT_MS}


def test_patience_holds_no_bot_that_has_ended() -> None:
    silent, seen = patience(NO_ANSWER), Bot()
    silent.watching(lambda *_: True)(seen, AT[15])
    ended = weakref.ref(seen)
    del seen
    gc.collect()
    assert ended() is None
    silent()


def test_patience_before_a_bot_was_seen_is_nobodys() -> None:
    patience(NO_ANSWER)()
