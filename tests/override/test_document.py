"""Saying, replacing, clearing, and a file that is not what it should be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import StateError
from outrigger.override.document import CLEARED, REPLACED, Words, loads
from outrigger.override.word import Kind
from tests.bot.trading import ms
from tests.override.words import ETH, word

DAY = 24 * 60


def test_said_word_gets_the_next_number() -> None:
    words = Words().said(word(Kind.PAUSE, number=0)).said(word(Kind.CLOSE, said=4, number=0))
    assert [(one.number, one.kind) for one in words.words] == [(1, Kind.PAUSE), (2, Kind.CLOSE)]


def test_later_word_of_the_same_kind_and_pair_replaces_the_earlier() -> None:
    words = Words().said(word(Kind.WIDEN)).said(word(Kind.WIDEN, pair=ETH, said=4))
    words = words.said(word(Kind.WIDEN, said=5, factor=3.0))
    first, other, second = words.words
    assert (first.until_ms, first.ended) == (ms(5), REPLACED)
    assert [one.number for one in words.in_force(ms(5))] == [other.number, second.number]


def test_cleared_word_ends_now_and_is_remembered_for_a_week() -> None:
    words = Words().said(word(Kind.PAUSE)).cleared({1}, ms(10))
    assert words.in_force(ms(10)) == ()
    assert words.words[0].ended == CLEARED
    assert words.cleared((), ms(10 + 7 * DAY - 1)).words
    forgotten = words.cleared((), ms(10 + 7 * DAY))
    assert (forgotten.words, forgotten.last) == ((), 1)


def test_expired_word_is_not_called_cleared() -> None:
    words = Words().said(word(Kind.PAUSE, until=20)).cleared({1}, ms(30))
    assert (words.words[0].until_ms, words.words[0].ended) == (ms(20), "")


@given(st.lists(st.tuples(st.sampled_from(Kind), st.booleans(), st.integers(3, 60)), max_size=8))
def test_document_survives_being_written_and_read(said: list[tuple[Kind, bool, int]]) -> None:
    words = Words()
    for kind, everywhere, minute in sorted(said, key=lambda one: one[2]):
        pair = None if everywhere and kind is not Kind.STOP else ETH
        words = words.said(word(kind, said=minute, pair=pair))
    assert loads(words.dumps()) == words
    # At most one of a kind and pair stands at a time.
    standing = [(one.kind, one.pair) for one in words.in_force(ms(61))]
    assert len(standing) == len(set(standing))


def damaged(**changed: Any) -> str:
    body = json.loads(Words().said(word(Kind.STOP)).dumps())
    body["words"][0] |= changed
    return json.dumps(body)


BROKEN = {
    "empty": "",
    "cut": damaged()[:-20],
    "a list": "[]",
    "newer": json.dumps({"version": 2, "last": 0, "words": []}),
    "a typing error": damaged(reasons="x"),
    "price in words": damaged(price="39500"),
    "price is true": damaged(price=True),
    "kind": damaged(kind="stpo"),
    "number twice": json.dumps({**json.loads(damaged()), "words": json.loads(damaged())["words"] * 2}),
    "number too high": damaged(number=9),
    "no price": damaged(price=None),
    "infinite": damaged(price=float("inf")),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_document_that_is_none_is_refused_in_words(text: str) -> None:
    with pytest.raises(StateError, match="overrides"):
        loads(text)
