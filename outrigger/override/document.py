"""All words of one user data directory as one JSON document, and what saying and clearing make of it.

A word that no longer stands is kept for a week: trails were wider while it stood, and a bot that was down
has yet to tell that it ended. Unknown keys are refused, because a file mended by hand may hold a typing
error that would otherwise be an override that is not there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import Any

from outrigger.errors import SettingsError
from outrigger.override.word import HOUR_MS, Kind, Word
from outrigger.versioned_json import VersionedJson, typed

VERSION = 1
KEPT_MS = 7 * 24 * HOUR_MS
CLEARED, REPLACED = "cleared", "replaced"
_JSON = VersionedJson("the list of overrides", "trades", VERSION)
_TYPES: dict[str, Any] = {
    "number": int,
    "kind": str,
    "pair": str | None,
    "since_ms": int,
    "until_ms": int,
    "reason": str,
    "price": int | float | None,
    "factor": int | float | None,
    "regime": str | None,
    "legs": bool,
    "ended": str,
}


@dataclass(frozen=True, slots=True)
class Words:
    """What has been said.

    Parameters
    ----------
    last : int
        Number given last; numbers are never given twice.
    words : tuple of Word
        In the order in which they were said.
    """

    last: int = 0
    words: tuple[Word, ...] = ()

    def in_force(self, now_ms: int) -> tuple[Word, ...]:
        """Words that stand at a moment."""
        return tuple(word for word in self.words if word.in_force(now_ms))

    def said(self, word: Word) -> Words:
        """Take a new word in.

        Parameters
        ----------
        word : Word
            Its number is given here; `since_ms` is the present time.

        Returns
        -------
        Words
            With the new word as the last one. An older one of the same kind and pair has ended.
        """
        now = word.since_ms
        known = tuple(
            _ended(old, now, REPLACED) if (old.kind, old.pair) == (word.kind, word.pair) else old
            for old in self.words
        )
        return Words(self.last + 1, (*_recent(known, now), replace(word, number=self.last + 1)))

    def cleared(self, numbers: Collection[int], now_ms: int) -> Words:
        """End words before their time.

        Parameters
        ----------
        numbers : collection of int
            Which; those that no longer stand stay as they are.
        now_ms : int
            Present time in ms.

        Returns
        -------
        Words
            Without those that ended more than a week ago.
        """
        known = tuple(_ended(old, now_ms, CLEARED) if old.number in numbers else old for old in self.words)
        return Words(self.last, _recent(known, now_ms))

    def dumps(self) -> str:
        """Write the document as JSON text."""
        return _JSON.write({"last": self.last, "words": [asdict(word) for word in self.words]})


def _ended(word: Word, now_ms: int, why: str) -> Word:
    if word.until_ms <= now_ms:
        return word
    return replace(word, until_ms=max(now_ms, word.since_ms), ended=why)


def _recent(words: tuple[Word, ...], now_ms: int) -> tuple[Word, ...]:
    return tuple(word for word in words if word.until_ms + KEPT_MS > now_ms)


def loads(text: str) -> Words:
    """Read a document that `Words.dumps` wrote.

    Parameters
    ----------
    text : str
        JSON text.

    Returns
    -------
    Words
        What has been said.

    Raises
    ------
    StateError
        If it is no such document, a word in it cannot be used, or a newer version wrote it.
    """
    return _JSON.read(
        text, lambda body: _numbered(typed(body, "last", int), [_word(one) for one in body["words"]])
    )


def _numbered(last: int, words: list[Word]) -> Words:
    numbers = [word.number for word in words]
    if len(set(numbers)) < len(numbers) or max(numbers, default=0) > last:
        raise ValueError(f"numbers {numbers} of the words do not fit the last one given, {last}")
    return Words(last, tuple(words))


def _word(body: dict[str, Any]) -> Word:
    if body.keys() != _TYPES.keys():
        raise ValueError(f"a word has the keys {sorted(body)}, not {sorted(_TYPES)}")
    known = {key: typed(body, key, kind) for key, kind in _TYPES.items()}
    try:
        return Word(**{**known, "kind": Kind(known["kind"])})
    except SettingsError as error:
        raise ValueError(str(error)) from error
