"""Documents of any owner: what is written is read back, and all else is refused in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import StateError
from outrigger.versioned_json import VersionedJson, typed

KIND = VersionedJson("anchor", "anchorage", 3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(min_size=1).filter(lambda key: key != "version"), VALUES, max_size=4))
def test_read_gives_the_body_that_was_written_with_its_version(body: dict[str, Any]) -> None:
    assert KIND.read(KIND.write(body), dict) == {"version": 3, **body}


def test_read_of_another_version_names_both_and_what_to_do() -> None:
    text = VersionedJson("anchor", "anchorage", 4).write({})
    with pytest.raises(StateError, match=r"has version 4, .*reads version 3: .*close the anchorage by hand"):
        KIND.read(text, dict)


@pytest.mark.parametrize("error", [KeyError("depth"), TypeError("depth"), ValueError("depth")])
def test_read_turns_its_owners_doubts_into_a_refusal(error: Exception) -> None:
    def doubt(_: object) -> None:
        raise error

    with pytest.raises(StateError, match=r"anchor cannot be read .*depth"):
        KIND.read(KIND.write({}), doubt)


def test_write_refuses_what_json_lacks() -> None:
    with pytest.raises(StateError, match="anchor cannot be written"):
        KIND.write({"depth": float("nan")})


@pytest.mark.parametrize(
    ("value", "kind"), [(True, int), (1, bool), ("1", int), (1.0, int), (None, dict), (False, int | float)]
)
def test_typed_refuses_a_value_of_another_kind(value: object, kind: Any) -> None:
    body = json.loads(json.dumps({"depth": value}))
    with pytest.raises(TypeError, match="depth is"):
        typed(body, "depth", kind)
