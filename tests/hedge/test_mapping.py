import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from outrigger.errors import SettingsError
from outrigger.hedge.mapping import require_tradable
from outrigger.settings.hedge import HedgeSettings, find_circle
from outrigger.settings.section import tune_of, unit_of
from tests.hedge.samples import BNB, BTC, ETH, SOL

ALL = [BTC, ETH, BNB, SOL]


def mapped(**values):
    return HedgeSettings(candidates={BTC: [ETH, BNB], SOL: [ETH]}, **values)


def test_hedge_settings_all_have_a_unit_and_an_effect_and_ranges_inside_their_limits():
    for name, field in HedgeSettings.model_fields.items():
        assert unit_of(field), name
        assert field.description, name
        tune = tune_of(field)
        if tune is not None:
            HedgeSettings(**{name: tune.low, "max_ratio": 1.5})
            HedgeSettings(**{name: tune.high, "max_ratio": 1.5})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"candidates": {BTC: [BTC]}}, "is its own candidate"),
        ({"candidates": {BTC: [ETH, ETH]}}, "names a candidate twice"),
        ({"candidates": {"BTC": [ETH]}}, "'BTC' is no futures pair"),
        ({"candidates": {BTC: ["ETH/USDT"]}}, "'ETH/USDT' is no futures pair"),
        (
            {"candidates": {BTC: [ETH], ETH: [BTC]}},
            "BTC/USDT:USDT → ETH/USDT:USDT → BTC/USDT:USDT is a circle",
        ),
        (
            {"candidates": {BTC: [ETH], ETH: [BNB], BNB: [BTC]}},
            "remove BTC/USDT:USDT from the candidates of BNB",
        ),
        ({"ratio": 0.9, "max_ratio": 0.8}, "raise max_ratio or lower ratio"),
        ({"correlation_floor": 0.5, "correlation_broken": 0.45}, "nearer than twice the hysteresis"),
        ({"ratio": float("nan")}, "finite"),
        ({"candidats": {}}, "Extra inputs"),
    ],
)
def test_hedge_settings_that_contradict_are_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        HedgeSettings(**values)


def test_hedge_settings_allow_a_chain_and_an_empty_list():
    HedgeSettings(candidates={BTC: [ETH, BNB], SOL: [BTC, ETH], ETH: [BNB], BNB: []})


@given(st.dictionaries(st.sampled_from("ABCDEF"), st.lists(st.sampled_from("ABCDEFG"), max_size=3)))
def test_find_circle_agrees_with_walking_everywhere(mapping):
    reach = {a: set(b) for a, b in mapping.items()}
    for _ in range(7):
        reach = {a: b | {d for c in b for d in reach.get(c, ())} for a, b in reach.items()}
    circle = find_circle(mapping)
    assert bool(circle) == any(pair in far for pair, far in reach.items())
    if circle:
        assert circle[0] == circle[-1]
        assert all(after in mapping[before] for before, after in itertools.pairwise(circle))


def test_require_tradable_accepts_what_is_there():
    require_tradable(mapped(), ALL, ALL, 6)
    require_tradable(mapped(), ALL, ALL, -1)
    require_tradable(mapped(), ALL, ALL, float("inf"))
    require_tradable(HedgeSettings(candidates={BTC: []}), [], [], 1)


@pytest.mark.parametrize(
    ("whitelist", "data", "slots", "message"),
    [
        ([BTC, ETH, SOL], ALL, 6, f"{BNB} is a candidate for {BTC} but not on the whitelist"),
        ([ETH, BNB, SOL], ALL, 6, f"{BTC} is hedged but not on the whitelist: add it to pair_whitelist"),
        (ALL, [BTC, ETH, SOL], 6, f"{BNB} has no 5m candles: run `freqtrade download-data"),
        (ALL, [ETH, BNB, SOL], 6, f"{BTC} has no 5m candles"),
        (ALL, ALL, 1, "max_open_trades is 1, and a primary with its leg are two"),
    ],
)
def test_require_tradable_refuses_what_is_not(whitelist, data, slots, message):
    with pytest.raises(SettingsError, match="cannot be traded as configured") as caught:
        require_tradable(mapped(), whitelist, data, slots)
    assert message in str(caught.value)
    require_tradable(mapped(enabled=False), whitelist, data, slots)


def test_require_tradable_tells_everything_at_once_and_each_thing_once():
    with pytest.raises(SettingsError) as caught:
        require_tradable(mapped(), [BTC, SOL, BNB], [BTC], 1)
    assert len(str(caught.value).splitlines()) == 1 + 2 + 2 + 1
