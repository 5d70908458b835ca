import json
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError
from outrigger.risk.size import Account, Market, open_risk, position_size
from outrigger.settings.risk import RiskSettings

SETTINGS = RiskSettings()
CALM = Market(protective_distance=0.023, sigma=0.01)


def test_position_size_by_hand():
    # 0.5 % of 10,000 = 50 at risk; 2.3 % + 2 × 0.05 % + 0.1 % = 2.5 % lost per notional: 2,000.
    decision = position_size(Account(10_000.0), CALM, 1.0, 5, SETTINGS)
    assert decision.notional == pytest.approx(2_000.0)
    assert decision.risk_quote == pytest.approx(50.0)
    assert decision.reasons == ()


def test_position_size_at_half_confidence_is_half():
    assert position_size(Account(10_000.0), CALM, 0.5, 5, SETTINGS).notional == pytest.approx(1_000.0)


@pytest.mark.parametrize(
    ("account", "market", "settings", "notional", "reason"),
    [
        (Account(10_000.0), CALM, RiskSettings(max_pair_notional=0.1), 1_000.0, "max_pair_notional"),
        (Account(10_000.0, open_risk=275.0), CALM, SETTINGS, 1_000.0, "max_open_risk"),
        (Account(10_000.0, available_margin=100.0), CALM, SETTINGS, 500.0, "available margin"),
        (Account(10_000.0), Market(0.023, 0.01, max_notional=700.0), SETTINGS, 700.0, "exchange takes"),
    ],
)
def test_position_size_at_a_limit_is_cut_and_says_which(account, market, settings, notional, reason):
    decision = position_size(account, market, 1.0, 5, settings)
    assert decision.notional == pytest.approx(notional)
    assert decision.risk_quote == pytest.approx(notional * 0.025)
    assert len(decision.reasons) == 1
    assert reason in decision.reasons[0]


@pytest.mark.parametrize(
    ("account", "market", "confidence", "reason"),
    [
        (Account(nan), CALM, 1.0, "equity"),
        (Account(0.0), CALM, 1.0, "equity"),
        (Account(10_000.0, open_risk=nan), CALM, 1.0, "open risk"),
        (Account(10_000.0, open_risk=inf), CALM, 1.0, "max_open_risk"),
        (Account(10_000.0, open_risk=300.0), CALM, 1.0, "max_open_risk"),
        (Account(10_000.0, available_margin=0.0), CALM, 1.0, "available margin"),
        (Account(10_000.0, available_margin=nan), CALM, 1.0, "available margin"),
        (Account(10_000.0), Market(nan, 0.01), 1.0, "stop"),
        (Account(10_000.0), Market(0.023, nan), 1.0, "forecast"),
        (Account(10_000.0), Market(0.023, 0.081), 1.0, "max_sigma"),
        (Account(10_000.0), Market(0.023, 0.01, max_notional=nan), 1.0, "exchange limits"),
        (Account(10_000.0), CALM, 0.0, "confidence"),
        (Account(10.0), Market(0.023, 0.01, min_notional=5.0), 1.0, "minimum"),
    ],
)
def test_position_size_that_may_not_be_opened_is_refused_with_the_cause(account, market, confidence, reason):
    decision = position_size(account, market, confidence, 5, SETTINGS)
    assert decision.notional is None
    assert decision.risk_quote == 0.0
    assert reason in decision.reasons[-1]


def test_position_size_exactly_at_the_minimum_is_taken():
    assert position_size(
        Account(10_000.0), Market(0.023, 0.01, max_notional=5.0, min_notional=5.0), 1.0, 5, SETTINGS
    )


def test_position_size_as_json_keeps_every_reason():
    decision = position_size(Account(10.0, 0.29), Market(0.023, 0.01, min_notional=5.0), 1.0, 5, SETTINGS)
    assert [("max_open_risk" in text, "minimum" in text) for text in decision.reasons] == [
        (True, False),
        (False, True),
    ]
    stored = json.loads(json.dumps(decision.to_dict()))
    assert stored == {"notional": None, "risk_quote": 0.0, "reasons": list(decision.reasons)}


@pytest.mark.parametrize(("confidence", "leverage"), [(1.1, 5), (-0.1, 5), (nan, 5), (1.0, 0.5), (1.0, inf)])
def test_position_size_with_arguments_out_of_range_raises(confidence, leverage):
    with pytest.raises(DataError):
        position_size(Account(10_000.0), CALM, confidence, leverage, SETTINGS)


accounts = st.builds(
    Account, equity=st.floats(1.0, 1e7), open_risk=st.floats(0.0, 1e5), available_margin=st.floats(0.0, 1e7)
)
markets = st.builds(
    Market,
    protective_distance=st.floats(0.002, 0.5),
    sigma=st.floats(0.001, 0.1),
    min_notional=st.floats(0.0, 100.0),
    max_notional=st.floats(1.0, 1e7),
)
risks = st.builds(
    RiskSettings, risk_per_trade=st.floats(0.0001, 0.02), max_pair_notional=st.floats(0.01, 5.0)
)


@given(accounts, markets, st.floats(0.0, 1.0), st.integers(1, 10), risks)
def test_position_size_respects_every_limit(account, market, confidence, leverage, settings):
    decision = position_size(account, market, confidence, leverage, settings)
    if decision.notional is None:
        assert decision.reasons
        return
    slack = 1 + 1e-9
    assert market.min_notional <= decision.notional <= market.max_notional
    assert decision.notional <= account.available_margin * leverage * slack
    assert decision.notional <= account.equity * settings.max_pair_notional * slack
    assert decision.risk_quote <= account.equity * settings.risk_per_trade * confidence * slack
    assert decision.risk_quote + account.open_risk <= account.equity * settings.max_open_risk * slack
    assert market.sigma <= settings.max_sigma


@given(accounts, markets, st.floats(0.0, 1.0), st.integers(1, 9), risks)
def test_position_size_never_shrinks_with_leverage_or_confidence(
    account, market, confidence, leverage, settings
):
    here = position_size(account, market, confidence, leverage, settings).notional or 0.0
    assert (position_size(account, market, confidence, leverage + 1, settings).notional or 0.0) >= here
    assert (position_size(account, market, 1.0, leverage, settings).notional or 0.0) >= here


@given(st.sampled_from([1, -1]), st.floats(0.002, 0.5), st.floats(1.0, 1e6))
def test_open_risk_of_a_fresh_position_is_the_risk_it_was_sized_for(side, distance, equity):
    decision = position_size(Account(equity), Market(distance, 0.01), 1.0, 5, SETTINGS)
    assert decision.notional is not None
    risk = open_risk(side, 100.0, 100.0 * (1 - side * distance), decision.notional, SETTINGS)
    assert risk == pytest.approx(decision.risk_quote)


@pytest.mark.parametrize(
    ("side", "stop", "risk"), [(1, 97.0, 32.0), (-1, 103.0, 32.0), (1, 100.0, 2.0), (1, 101.0, 0.0)]
)
def test_open_risk_by_hand(side, stop, risk):
    assert open_risk(side, 100.0, stop, 1_000.0, SETTINGS) == pytest.approx(risk)


@pytest.mark.parametrize(
    "arguments", [(0, 100.0, 97.0, 1.0), (1, nan, 97.0, 1.0), (1, 100.0, nan, 1.0), (1, 1.0, 1.0, 0.0)]
)
def test_open_risk_that_is_not_known_raises(arguments):
    with pytest.raises(DataError):
        open_risk(*arguments, SETTINGS)
