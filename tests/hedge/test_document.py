import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import StateError
from outrigger.hedge.document import LegDocument, loads
from outrigger.hedge.life import LegExit, LegLife, Phase
from outrigger.stops.law import StopState

STOP = StopState(-1, 3000.0, 3060.0, 2958.0, 2900.0, True, 1_738_540_860_000)
PAIRED = LegLife(12, -1, Phase.PAIRED, 1_738_540_800_000)
RUNNER = replace(PAIRED, phase=Phase.RUNNER, stop=STOP)
CLOSED = replace(RUNNER, phase=Phase.CLOSED, exit=LegExit.RUNNER_TIME)
DECISION = {"pair": "ETH/USDT:USDT", "notional": 250.0, "cost": {"total": 0.3}}
INF, NAN = float("inf"), float("nan")


def document(life):
    return LegDocument(life, 1_738_540_830_000, DECISION)


def altered(leg=RUNNER, section="life", **values):
    body = json.loads(document(leg).dumps())
    (body[section] if section else body).update(values)
    return json.dumps(body)


@pytest.mark.parametrize("life", [PAIRED, RUNNER, CLOSED, replace(CLOSED, stop=None)])
def test_document_read_back_is_what_was_written(life):
    assert loads(document(life).dumps()) == document(life)


def test_document_cut_short_anywhere_is_refused():
    text = document(RUNNER).dumps()
    for length in range(len(text)):
        with pytest.raises(StateError, match="cannot be read"):
            loads(text[:length])


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("primary_id", [0, -1, 1.0, True, "1", None]),
        ("side", [0, 2, True, "-1", None, 1]),
        ("phase", ["", "open", None, 1, "paired", "closed"]),
        ("since_ms", [1.5, "1", None, True]),
        ("exit", ["", "stop", 3, "hedge_runner_time"]),
        ("stop", [{}, [], "none", 3, None]),
    ],
)
def test_document_with_a_value_out_of_place_is_refused(key, values):
    for value in values:
        with pytest.raises(StateError, match="cannot be read"):
            loads(altered(**{key: value}))


def test_document_of_a_closed_leg_without_a_reason_is_refused():
    with pytest.raises(StateError, match="phase closed with exit None"):
        loads(altered(CLOSED, exit=None))


@pytest.mark.parametrize("key", ["version", "life", "resized_ms", "decision"])
def test_document_without_a_part_is_refused(key):
    body = json.loads(document(PAIRED).dumps())
    del body[key]
    with pytest.raises(StateError, match=key):
        loads(json.dumps(body))


@pytest.mark.parametrize(
    "values", [{"life": []}, {"resized_ms": None}, {"resized_ms": 1.5}, {"decision": []}]
)
def test_document_with_a_part_of_the_wrong_kind_is_refused(values):
    with pytest.raises(StateError, match="cannot be read"):
        loads(altered(section=None, **values))


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_document_of_another_version_says_which_and_what_to_do(version):
    with pytest.raises(StateError, match=r"version .*reads version 1: update Outrigger, or close the leg"):
        loads(altered(section=None, version=version))


@pytest.mark.parametrize("text", ["", "null", "1", "[]", '"text"', "[" * 100_000, None, {}, 7, b"\xff"])
def test_document_that_is_none_is_refused_and_never_a_crash(text):
    with pytest.raises(StateError):
        loads(text)


@given(st.text(max_size=60) | st.recursive(st.none() | st.floats(), st.lists).map(json.dumps))
def test_document_of_any_text_is_refused_and_never_a_crash(text):
    with pytest.raises(StateError):
        loads(text)


@pytest.mark.parametrize("decision", [{"net": NAN}, {"net": INF}, {"when": object()}])
def test_document_with_what_json_lacks_is_not_written(decision):
    with pytest.raises(StateError, match="cannot be written"):
        replace(document(PAIRED), decision=decision).dumps()
