"""A versioned JSON document in a trade's custom data: written whole, and read whole or refused in words.

Freqtrade freezes the type of a custom value at its first write, so a document is one string. What it holds
is its owner's business; here is what all of them need: strict JSON, a version, and values of the right kind.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from outrigger.errors import StateError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class VersionedJson:
    """One kind of document.

    Parameters
    ----------
    what : str
        Its name in messages, such as "stop state".
    subject : str
        What a trader may close by hand instead, such as "trade".
    version : int
        That is written, and the only one that is read.
    """

    what: str
    subject: str
    version: int

    def write(self, body: Mapping[str, Any]) -> str:
        """Write a document as JSON text; raises StateError where a value has no place in JSON."""
        try:
            return json.dumps({"version": self.version, **body}, separators=(",", ":"), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise StateError(
                f"{self.what} cannot be written ({error}): {body!r} has to hold finite numbers and text only"
            ) from error

    def read(self, text: str, made: Callable[[dict[str, Any]], T]) -> T:
        """Read a document.

        Parameters
        ----------
        text : str
            JSON text that `write` wrote.
        made : callable
            Makes the owner's object of the body; a KeyError, TypeError or ValueError of it is a refusal.

        Returns
        -------
        object
            What `made` returned.

        Raises
        ------
        StateError
            If the text is not such a document, or another version wrote it.
        """
        try:
            body = json.loads(text)
            version = body["version"]
            if version != self.version:
                raise StateError(
                    f"{self.what} has version {version}, this Outrigger reads version {self.version}: "
                    f"update Outrigger, or close the {self.subject} by hand"
                )
            return made(body)
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
            raise StateError(f"{self.what} cannot be read ({error!r}): {str(text)[:120]!r}") from error


def typed(body: Mapping[str, Any], key: str, kind: Any) -> Any:
    """Value of a key; raises KeyError without it and TypeError where it is of another kind."""
    value = body[key]
    # JSON's true and false are integers to Python, but no numbers to a trader.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{key} is {value!r}")
    return value
