"""What is read out of trades' documents, and that an odd one says nothing."""

from __future__ import annotations

import json

import pytest

from outrigger.hedge.document import LegDocument
from outrigger.hedge.life import LegLife, Phase
from outrigger.review.weekly.documents import Remark, activation, protective_distance, remarks
from outrigger.settings.stop import StopSettings
from tests.review.freqtrade_database import DOCUMENT
from tests.review.ledger import PAIR, START_MS
from tests.review.weekly.books import small


def with_document(**changed: object) -> str:
    return json.dumps({**json.loads(DOCUMENT), **changed})


def test_protective_distance_is_that_of_the_first_stop() -> None:
    assert protective_distance(small(1, 2)) == pytest.approx(0.03)  # 38,800 under 40,000
    assert protective_distance(small(1, 2, documents={})) is None


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"version": 99}', with_document(stop={})])
def test_documents_that_cannot_be_read_say_nothing(text: str) -> None:
    odd = small(1, 2, documents={"outrigger": text, "outrigger_hedge": text})
    assert protective_distance(odd) is None
    assert activation(odd, StopSettings()) is None
    assert remarks(odd) == ()


def test_activation_is_the_larger_of_the_settings_and_the_forecasts() -> None:
    settings = StopSettings(activation=0.02, activation_sigma=1.75)
    assert activation(small(1, 2), settings) == pytest.approx(0.021)  # sigma .012
    calm = with_document(size={"sigma": 0.004})
    assert activation(small(1, 2, documents={"outrigger": calm}), settings) == pytest.approx(0.02)


@pytest.mark.parametrize("changed", [{"policy": "fixed"}, {"size": {}}])
def test_activation_of_another_stop_or_without_a_forecast_is_unknown(changed: dict[str, object]) -> None:
    documents = {"outrigger": with_document(**changed)}
    assert activation(small(1, 2, documents=documents), StopSettings()) is None


def test_remarks_are_texts_and_what_was_overridden() -> None:
    assert remarks(small(1, 2, number=4)) == (
        Remark(PAIR, 4, "hedge", "no candidate"),
        Remark(PAIR, 4, "override", "stop 39,600 by hand: drawn nearer"),
    )


def test_remarks_of_a_leg_are_what_was_overridden() -> None:
    decision = {"pair": "ETH/USDT:USDT", "override": {"hedge": "no hedge until Friday"}}
    text = LegDocument(LegLife(3, -1, Phase.PAIRED, START_MS), START_MS, decision).dumps()
    leg = small(1, 2, enter_tag="hedge:BTC#3", documents={"outrigger_hedge": text})
    assert remarks(leg) == (Remark(PAIR, None, "override", "no hedge until Friday"),)
