import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError
from outrigger.hedge.choice import Candidate, Primary, choose_leg
from outrigger.hedge.state import HedgeState
from tests.hedge.samples import BNB, BTC, ETH, SETTINGS, SOL, reading

FEE, NAN = 0.0005, float("nan")
PRIMARY = Primary(BTC, 1, 1000.0)


def choose(*candidates, primary=PRIMARY, settings=SETTINGS):
    return choose_leg(primary, candidates, FEE, settings)


def test_choose_leg_takes_the_candidate_with_the_best_effectiveness():
    worse = reading(correlation=0.65, correlation_hour=0.65)
    for order in ((ETH, BNB), (BNB, ETH)):
        readings = {ETH: reading(), BNB: worse}
        choice = choose(*(Candidate(pair, readings[pair]) for pair in order))
        assert choice.leg.pair == ETH
        assert choice.refusals == ()


def test_choose_leg_between_equals_takes_the_first():
    assert choose(Candidate(BNB, reading()), Candidate(ETH, reading())).leg.pair == BNB


def test_choose_leg_weighs_cost_against_what_is_taken_away():
    """A short ETH leg that would pay 50 bp every eight hours loses to a slightly worse BNB."""
    dear = Candidate(ETH, reading(), funding_rate=-0.005)
    choice = choose(dear, Candidate(BNB, reading(correlation=0.75, correlation_hour=0.75)))
    assert choice.leg.pair == BNB


def test_choose_leg_by_hand():
    """Half of beta .5 on 1000 is 250; reach .25 × 1.6 = .4 of the primary's deviation at correlation .8."""
    leg = choose(Candidate(ETH, reading())).leg
    assert (leg.side, leg.size.notional) == (-1, pytest.approx(250.0))
    assert leg.effectiveness == pytest.approx(0.4 * (1.6 - 0.4))
    assert leg.cost.total == pytest.approx(250 * (2 * FEE + 0.0002))
    noise = 0.005 * 24**0.5 * 1000
    assert leg.net == pytest.approx(noise * (1 - (1 - 0.48) ** 0.5) - 0.3)


@pytest.mark.parametrize("side", [1, -1])
def test_choose_leg_stands_on_the_other_side(side):
    assert choose(Candidate(ETH, reading()), primary=replace(PRIMARY, side=side)).leg.side == -side


def test_choose_leg_is_raised_by_a_probable_squeeze():
    calm, squeezed = (
        choose(Candidate(ETH, reading()), primary=replace(PRIMARY, squeeze_probability=p)).leg
        for p in (None, 0.4)
    )
    assert squeezed.size.ratio == pytest.approx(0.7)
    assert squeezed.size.notional == pytest.approx(1.4 * calm.size.notional)


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (Candidate(BTC, reading()), "is the primary itself"),
        (Candidate(ETH, reading(), taken_by="a primary of its own"), "is taken by a primary of its own"),
        (Candidate(ETH, None), "has too few candles"),
        (Candidate(ETH, reading(state=HedgeState.UNKNOWN, correlation=NAN)), "has too few candles"),
        (Candidate(ETH, reading(correlation=NAN)), "has no correlation at present"),
        (Candidate(ETH, reading(correlation=0.594)), "has a correlation of 0.59, below the floor of 0.60"),
        (Candidate(ETH, reading(correlation=-0.8)), "has a correlation of -0.80, below the floor"),
        (Candidate(ETH, reading(state=HedgeState.WEAK)), "is weak as a hedge"),
        (Candidate(ETH, reading(beta=NAN)), "has a beta of nan"),
        (Candidate(ETH, reading(beta=-0.1)), "has a beta of -0.10"),
        (
            Candidate(ETH, reading(), min_notional=300.0),
            "would take 250.00, below the exchange's minimum of 300",
        ),
        (Candidate(ETH, reading(), funding_rate=-0.05), "more than the deviation that it takes away"),
        (Candidate(ETH, reading(deviation=NAN)), "has no measured deviation"),
        (Candidate(ETH, reading(deviation=0.0)), "would cost 0.30, 0.30 more than"),
    ],
)
def test_choose_leg_refuses_in_words(candidate, reason):
    choice = choose(candidate)
    assert choice.leg is None
    assert choice.reason.startswith(f"no leg: {candidate.pair} ")
    assert reason in choice.reason


def test_choose_leg_at_the_floor_is_accepted():
    assert choose(Candidate(ETH, reading(correlation=0.6))).leg is not None


def test_choose_leg_names_every_candidate_it_passed_over():
    choice = choose(Candidate(ETH, None), Candidate(BNB, reading()), Candidate(SOL, reading(correlation=0.2)))
    assert choice.leg.pair == BNB
    assert [text.split()[0] for text in choice.refusals] == [ETH, SOL]
    assert choice.reason.startswith(f"leg on {BNB}: 250.00 at ratio 0.50 and beta 0.50 (±0.02)")


def test_choose_leg_without_candidates_says_so():
    assert choose().reason == "no leg: no candidate is configured"


@pytest.mark.parametrize("values", [{"side": 0}, {"notional": 0.0}, {"notional": NAN}, {"notional": -5.0}])
def test_choose_leg_for_what_is_no_position_is_refused(values):
    with pytest.raises(DataError, match="no position to hedge"):
        choose(Candidate(ETH, reading()), primary=replace(PRIMARY, **values))


@given(st.floats(1, 1e6), st.floats(0.05, 4), st.floats(0, 1) | st.none())
def test_choose_leg_is_never_larger_than_ratio_and_beta_allow(notional, beta, squeeze):
    candidate = Candidate(ETH, reading(beta=beta, volatility_ratio=0.8 / beta))
    leg = choose(candidate, primary=Primary(BTC, 1, notional, squeeze_probability=squeeze)).leg
    assert leg.size.notional <= SETTINGS.max_ratio * beta * notional * (1 + 1e-12)
    assert leg.size.notional <= SETTINGS.max_leg * notional * (1 + 1e-12)


def test_leg_to_dict_is_plain_json():
    body = choose(Candidate(ETH, reading())).leg.to_dict()
    assert json.loads(json.dumps(body, allow_nan=False)) == body
    assert body["cost"]["total"] == pytest.approx(0.3)
