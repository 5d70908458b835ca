"""Each sentence is said beyond its threshold and not short of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from outrigger.hedge.booked import Account as Booked
from outrigger.hedge.booked import HedgeBooked
from outrigger.review.weekly.classifier import DriftTold
from outrigger.review.weekly.figures import Costs, Figures, Result, Stopping, Trading
from outrigger.review.weekly.parameters import Dated
from outrigger.review.weekly.period import Period
from outrigger.review.weekly.sentences import ACT, LOOK, NOTE, Evidence, Thresholds, attention
from outrigger.review.weekly.stops import Premature
from outrigger.review.weekly.volatility import VolatilityShift
from tests.review.ledger import START_MS

WEEK_MS = 7 * 86_400_000
NAN = float("nan")


def period_figures(**parts: dict[str, Any]) -> Figures:
    """A quiet period: a hundred trades and nothing to say about them."""
    result = Result(10.0, 0.001, 0.0, 0.01, 0.02, (), NAN, NAN, NAN, -0.01, NAN, 0.5)
    trading = Trading(
        100, 60, 0.6, (0.5, 0.69), 1e-3, (-1e-3, 2e-3), 0.02, {0: 1e-3}, 10.0, 1.2, 1.0, 0.6, 100, 60
    )
    early = Premature(24.0, 8, 100, 0, 0)
    stopping = Stopping(90, 0, 0, (early, early, early), 0.5, 0.0005, 0.002, 0.8, "BTC long #1", 0)
    costs = Costs(20.0, 1.0, -10.0, -1.0, 200.0)
    return Figures(
        Period("p", START_MS, START_MS + WEEK_MS),
        replace(result, **parts.get("result", {})),
        replace(trading, **parts.get("trading", {})),
        replace(stopping, **parts.get("stopping", {})),
        parts.get("hedge", {}).get("booked"),
        replace(costs, **parts.get("costs", {})),
    )


def hedge(effectiveness: float) -> dict[str, Any]:
    shares = {"effectiveness": effectiveness, "rho_squared": 0.5, "beta_one": 0.1}
    alone = Booked(1.0, 0.01, 0.01, 0.01)
    return {"booked": HedgeBooked((), {"5m": shares, "1h": shares}, alone, alone, 3.0, 1.0, 1.0, 0.0, 1.0)}


def seen(week: Figures | None = None, whole: Figures | None = None, **changed: Any) -> Evidence:
    values: dict[str, Any] = {
        "now_ms": START_MS + WEEK_MS,
        "parameters": (),
        "bundles": (),
        "shift": VolatilityShift(0.03, 0.03, 0.5, 26),
        "drift": DriftTold("steady", "holds", START_MS, -0.02),
        "paired_hours": 100.0,
    }
    return Evidence(week or period_figures(), whole or period_figures(), **{**values, **changed})


def keys(evidence: Evidence, limits: Thresholds | None = None) -> list[tuple[str, str]]:
    return [(one.level, one.key) for one in attention(evidence, limits)]


def test_a_quiet_week_says_nothing() -> None:
    assert attention(seen()) == ()


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (seen(week=period_figures(stopping={"liquidations": 1})), (ACT, "liquidation")),
        (seen(week=period_figures(stopping={"margin": 0.49})), (ACT, "liquidation_margin")),
        (seen(drift=DriftTold("worse_than_prior", "worse", None, 0.1)), (LOOK, "drift")),
        (seen(drift=DriftTold("drifting", "moved", None, None)), (NOTE, "drift")),
        (seen(week=period_figures(stopping={"slippage": 0.0011})), (LOOK, "slippage")),
        (seen(whole=period_figures(trading={"null_wins": 50})), (LOOK, "geometry")),
        (seen(whole=period_figures(hedge=hedge(0.09))), (LOOK, "hedge")),
        (seen(whole=period_figures(costs={"funding_primaries": -41.0})), (LOOK, "funding")),
        (seen(shift=VolatilityShift(0.06, 0.03, 0.96, 26)), (LOOK, "volatility")),
        (seen(shift=VolatilityShift(0.01, 0.03, 0.04, 26)), (LOOK, "volatility")),
        (seen(parameters=(Dated("f", "r", START_MS - 13 * WEEK_MS),)), (LOOK, "parameters")),
        (seen(bundles=(Dated("b", "r", START_MS - 9 * WEEK_MS),)), (LOOK, "parameters")),
        (seen(whole=period_figures(trading={"trades": 19})), (NOTE, "few_trades")),
    ],
)
def test_beyond_a_threshold_its_sentence_is_said(evidence: Evidence, expected: tuple[str, str]) -> None:
    assert keys(evidence) == [expected]


@pytest.mark.parametrize(
    "evidence",
    [
        seen(week=period_figures(stopping={"margin": 0.5})),
        seen(week=period_figures(stopping={"margin": NAN, "slippage": NAN})),
        seen(week=period_figures(stopping={"slippage": 0.001})),
        # Two standard errors of a rate of .6 over 100 trades are 9.8 points.
        seen(whole=period_figures(trading={"null_wins": 51})),
        seen(whole=period_figures(trading={"null_wins": 0, "null_trades": 19})),
        seen(whole=period_figures(hedge=hedge(0.1))),
        seen(whole=period_figures(hedge=hedge(NAN))),
        seen(whole=period_figures(hedge=hedge(-0.5)), paired_hours=11.0),
        seen(whole=period_figures(costs={"funding_primaries": -39.0})),
        seen(whole=period_figures(costs={"gains": 0.0})),
        seen(shift=VolatilityShift(0.06, 0.03, 1.0, 7)),
        seen(shift=None, drift=None),
        seen(parameters=(Dated("f", "r", START_MS - 12 * WEEK_MS),)),
    ],
)
def test_short_of_a_threshold_nothing_is_said(evidence: Evidence) -> None:
    assert keys(evidence) == []


def test_premature_is_said_once_its_interval_lies_above_the_studys() -> None:
    # Wilson of 16 and of 18 of 100: from 10.1 % and from 11.7 %; of 15: from 9.3 %.
    def told(count: int) -> list[tuple[str, str]]:
        early = Premature(24.0, count, 100, 0, 0)
        return keys(seen(whole=period_figures(stopping={"premature": (early, early, early)})))

    assert told(15) == []
    assert told(18) == [(LOOK, "premature")]


def test_sentences_name_figure_and_threshold_and_come_in_order_of_urgency() -> None:
    evidence = seen(
        week=period_figures(stopping={"liquidations": 2}),
        whole=period_figures(trading={"trades": 1, "null_trades": 0}),
        shift=VolatilityShift(0.06, 0.03, 1.0, 26),
    )
    told = attention(evidence)
    assert [one.level for one in told] == [ACT, LOOK, NOTE]
    assert told[0].text.startswith("2 positions were liquidated this week")
    assert "6.0% a day last week against 3.0%, wilder than 100% of the 26 weeks before" in told[1].text
    assert told[2].text.startswith("1 closed trade since the start: too few")


def test_thresholds_can_be_argued_with() -> None:
    assert keys(seen(), Thresholds(few_trades=101, margin=0.9)) == [
        (ACT, "liquidation_margin"),
        (NOTE, "few_trades"),
    ]
