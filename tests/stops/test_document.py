import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import StateError
from outrigger.stops.document import TradeDocument, loads
from outrigger.stops.law import StopState
from tests.stops.trades import INF, NAN, min_steps, trades

STATE = StopState(1, 40_000.0, 38_800.0, 40_740.0, 42_000.0, True, 1_736_121_600_000)
DOCUMENT = TradeDocument(STATE, "volatility", {"risk": 0.005, "reasons": ["σ"], "tight": None})
WRONG = {
    "side": [0, 2, 1.0, 1.5, True, "1", None, [1], {}],
    "entry": [0, -1.0, "40000", None, True, [1.0], INF, NAN, 10**400],
    "protective": [0.0, -1, "1", None, INF, NAN, 40_741.0],
    "stop": [0.0, -1, "1", None, INF, NAN, 38_799.0],
    "best": [0.0, -1, "1", None, INF, NAN, 39_999.0],
    "armed": [0, 1, "false", None, []],
    "as_of_ms": [1.5, "1", None, True, INF, NAN],
}


def altered(section=None, **values):
    body = json.loads(DOCUMENT.dumps())
    (body[section] if section else body).update(values)
    return json.dumps(body)


def test_document_read_back_is_what_was_written():
    assert loads(DOCUMENT.dumps()) == DOCUMENT


@given(trades(), min_steps)
def test_document_of_any_state_is_read_back_to_the_last_bit(trade, min_step):
    for state in [trade.opened(), *trade.states(min_step)]:
        assert loads(TradeDocument(state, "fixed", {}).dumps()).stop == state


def test_document_prices_may_be_whole_numbers():
    assert loads(altered("stop", entry=40_000, best=42_000)).stop == STATE


def test_document_cut_short_anywhere_is_refused():
    text = DOCUMENT.dumps()
    for length in range(len(text)):
        with pytest.raises(StateError, match="cannot be read"):
            loads(text[:length])


@pytest.mark.parametrize(("key", "value"), [(key, value) for key in WRONG for value in WRONG[key]])
def test_document_with_a_value_out_of_place_is_refused(key, value):
    with pytest.raises(StateError, match="cannot be read"):
        loads(altered("stop", **{key: value}))


def test_document_of_a_short_is_held_to_its_own_direction():
    short = {"side": -1, "protective": 41_200.0, "stop": 39_140.0, "best": 38_000.0}
    assert loads(altered("stop", **short)).stop.side == -1
    for worse in ({"stop": 41_201.0}, {"best": 40_001.0}):
        with pytest.raises(StateError):
            loads(altered("stop", **short | worse))


@pytest.mark.parametrize("key", ["version", "policy", "stop", "size"])
def test_document_without_a_part_is_refused(key):
    body = json.loads(DOCUMENT.dumps())
    del body[key]
    with pytest.raises(StateError, match=key):
        loads(json.dumps(body))


@pytest.mark.parametrize("values", [{"policy": None}, {"size": [["a", 1]]}, {"size": None}, {"stop": []}])
def test_document_with_a_part_of_the_wrong_kind_is_refused(values):
    with pytest.raises(StateError):
        loads(altered(**values))


@pytest.mark.parametrize("version", [0, 2, "1", None, 1.5])
def test_document_of_another_version_says_which_and_what_to_do(version):
    with pytest.raises(StateError, match=r"version .*reads version 1: update Outrigger"):
        loads(altered(version=version))


@pytest.mark.parametrize("text", ["", "null", "1", "[]", '"text"', "[" * 100_000, None, {}, 7, b"\xff"])
def test_document_that_is_none_is_refused_and_never_a_crash(text):
    with pytest.raises(StateError):
        loads(text)


@given(st.text(max_size=60) | st.recursive(st.none() | st.floats(), st.lists).map(json.dumps))
def test_document_of_any_text_is_refused_and_never_a_crash(text):
    with pytest.raises(StateError):
        loads(text)


@pytest.mark.parametrize("size", [{"risk": NAN}, {"risk": INF}, {"when": object()}])
def test_document_with_what_json_lacks_is_not_written(size):
    with pytest.raises(StateError, match="cannot be written"):
        TradeDocument(STATE, "volatility", size).dumps()
