"""Plain sentences on what deserves attention, each with the figure that it rests on.

A sentence is said only when a stated threshold is passed, so that a quiet week reads as one. `act` is for
what can cost money now, `look` for what deserves an hour, `note` for what the reader has to know in order to
read the rest. Weak: thresholds are judgement; they stand in one place so that they can be argued with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from outrigger.regime.drift_state import Drift
from outrigger.review.weekly.classifier import DriftTold
from outrigger.review.weekly.figures import Figures
from outrigger.review.weekly.parameters import Dated
from outrigger.review.weekly.volatility import VolatilityShift

ACT, LOOK, NOTE = "act", "look", "note"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a sentence is said.

    Parameters
    ----------
    few_trades : int
        Closed primaries below which nothing is concluded from rates.
    parameter_weeks, bundle_weeks : float
        Age at which parameters, and a regime bundle, are due for review.
    volatility_rank, volatility_weeks : float, int
        Share of the earlier weeks that were calmer (or wilder) at which a week counts as another market, and
        how many of them there have to be.
    hedge_effectiveness : float
        Share of the primaries' hourly variance that legs have to take away while paired.
    hedge_hours : float
        Paired hours below which that is not judged.
    premature_rate : float
        Upper end of what the same-entry study measured for the shipped stop by set, 24 h: .040 to .099.
    funding_share : float
        Funding paid over gains before costs.
    margin : float
        Smallest margin left to liquidation, as a fraction of its distance at entry.
    slippage : float
        Mean slippage of stop exits, fraction of price: what sizing assumes unless configured.
    """

    few_trades: int = 20
    parameter_weeks: float = 13.0
    bundle_weeks: float = 9.0
    volatility_rank: float = 0.95
    volatility_weeks: int = 8
    hedge_effectiveness: float = 0.1
    hedge_hours: float = 12.0
    premature_rate: float = 0.10
    funding_share: float = 0.2
    margin: float = 0.5
    slippage: float = 0.001


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing that deserves attention.

    Parameters
    ----------
    level : str
        `act`, `look` or `note`.
    key, text : str
        What it is about, for programs, and the sentence.
    """

    level: str
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that sentences are made of.

    Parameters
    ----------
    week, whole : Figures
        The week, and since the start.
    now_ms : int
        The present.
    parameters, bundles : sequence of Dated
        What was fitted, and when.
    shift : VolatilityShift or None
        Where the week's volatility stands.
    drift : DriftTold or None
        What the classifier's watch says.
    paired_hours : float
        Hours that legs stood beside their primaries, since the start.
    """

    week: Figures
    whole: Figures
    now_ms: int
    parameters: Sequence[Dated]
    bundles: Sequence[Dated]
    shift: VolatilityShift | None
    drift: DriftTold | None
    paired_hours: float


def attention(seen: Evidence, limits: Thresholds | None = None) -> tuple[Sentence, ...]:
    """Say what deserves attention.

    Parameters
    ----------
    seen : Evidence
        The figures.
    limits : Thresholds, optional
        When a sentence is said.

    Returns
    -------
    tuple of Sentence
        The urgent first; empty for a quiet week.
    """
    rules: tuple[Callable[[Evidence, Thresholds], Iterator[Sentence]], ...] = (
        _liquidation,
        _drift,
        _slippage,
        _premature,
        _geometry,
        _hedge,
        _funding,
        _volatility,
        _age,
        _few,
    )
    said = [sentence for rule in rules for sentence in rule(seen, limits or Thresholds())]
    return tuple(sorted(said, key=lambda one: (ACT, LOOK, NOTE).index(one.level)))


def _liquidation(seen: Evidence, limits: Thresholds) -> Iterator[Sentence]:
    stopping = seen.week.stopping
    if stopping.liquidations:
        count = stopping.liquidations
        yield Sentence(
            ACT,
            "liquidation",
            f"{count} position{'s were' if count > 1 else ' was'} liquidated this week: the stop has to lie "
            "inside liquidation. Lower risk.max_leverage and run `outrigger doctor`.",
        )
    elif stopping.margin < limits.margin:
        yield Sentence(
            ACT,
            "liquidation_margin",
            f"{stopping.margin_of} came so near liquidation that {max(stopping.margin, 0):.0%} of its "
            f"distance was left (below {limits.margin:.0%}): lower risk.liquidation_fraction or "
            "risk.max_leverage.",
        )


def _drift(seen: Evidence, _: Thresholds) -> Iterator[Sentence]:
    drift = seen.drift
    if drift is not None and drift.status != Drift.STEADY.value:
        level = LOOK if drift.status == Drift.WORSE_THAN_PRIOR.value else NOTE
        yield Sentence(level, "drift", f"Classifier: {drift.words}.")


def _slippage(seen: Evidence, limits: Thresholds) -> Iterator[Sentence]:
    stopping = seen.week.stopping
    if stopping.slippage > limits.slippage:
        yield Sentence(
            LOOK,
            "slippage",
            f"Stop exits filled {stopping.slippage * 1e4:.1f} bp worse than their stops on average (worst "
            f"{stopping.slippage_worst * 1e4:.0f}), more than the {limits.slippage * 1e4:.0f} bp that sizing "
            "assumes: raise risk.slippage, or put stops on the exchange.",
        )


def _premature(seen: Evidence, limits: Thresholds) -> Iterator[Sentence]:
    found = seen.whole.stopping.premature[0]
    if found.judged and found.interval[0] > limits.premature_rate:
        low, high = found.interval
        yield Sentence(
            LOOK,
            "premature",
            f"{found.rate:.0%} of trades since the start were stopped out too early ({found.count} of "
            f"{found.judged}, 95 % interval {low:.0%} to {high:.0%}), above the {limits.premature_rate:.0%} "
            "that the study found at most: stops are too tight for this market, or its pairs are too noisy.",
        )


def _geometry(seen: Evidence, limits: Thresholds) -> Iterator[Sentence]:
    trading = seen.whole.trading
    if trading.null_trades < limits.few_trades:
        return
    # A binomial standard error of the null's own rate: what chance alone would scatter.
    null = trading.null_win_rate
    spread = (null * (1 - null) / trading.null_trades) ** 0.5
    rate = trading.null_wins / trading.null_trades
    if rate < null - 2 * spread:
        yield Sentence(
            LOOK,
            "geometry",
            f"Win rate {rate:.0%} lies below the {null:.0%} that these stops and activations would win on a "
            "driftless market: the entries work against the trades, beyond chance.",
        )


def _hedge(seen: Evidence, limits: Thresholds) -> Iterator[Sentence]:
    booked = seen.whole.hedge
    if booked is None or seen.paired_hours < limits.hedge_hours:
        return
    found = booked.pooled["1h"]["effectiveness"]
    if isfinite(found) and found < limits.hedge_effectiveness:
        yield Sentence(
            LOOK,
            "hedge",
            f"The hedge is no longer effective: legs took away {found:.0%} of the primaries' hourly variance "
            f"over {seen.paired_hours:.0f} paired hours (below {limits.hedge_effectiveness:.0%}) at "
            f"{booked.cost_bp_day:.1f} bp of notional a day. Look for other candidates, or trade smaller "
            "without.",
        )


def _funding(seen: Evidence, limits: Thresholds) -> Iterator[Sentence]:
    share = seen.whole.costs.funding_share
    if share > limits.funding_share:
        yield Sentence(
            LOOK,
            "funding",
            f"Funding ate {share:.0%} of all gains before costs since the start (above "
            f"{limits.funding_share:.0%}): avoid entries with the crowd before a funding event.",
        )


def _volatility(seen: Evidence, limits: Thresholds) -> Iterator[Sentence]:
    shift = seen.shift
    if shift is None or shift.weeks < limits.volatility_weeks:
        return
    wild, calm = shift.rank >= limits.volatility_rank, shift.rank <= 1 - limits.volatility_rank
    if wild or calm:
        others = shift.rank if wild else 1 - shift.rank
        yield Sentence(
            LOOK,
            "volatility",
            f"The volatility regime has shifted: {shift.now:.1%} a day last week against {shift.usual:.1%}, "
            f"{'wilder' if wild else 'calmer'} than {others:.0%} of the {shift.weeks} weeks before. Widths "
            "follow by themselves; limits such as stop.protect_max and stop.trail_min do not.",
        )


def _age(seen: Evidence, limits: Thresholds) -> Iterator[Sentence]:
    for dated, weeks in (
        *((one, limits.parameter_weeks) for one in seen.parameters),
        *((one, limits.bundle_weeks) for one in seen.bundles),
    ):
        if dated.weeks(seen.now_ms) > weeks:
            text = f"Due for review: {dated.words(seen.now_ms)}, more than {weeks:.0f}: {dated.remedy}."
            yield Sentence(LOOK, "parameters", text)


def _few(seen: Evidence, limits: Thresholds) -> Iterator[Sentence]:
    trades = seen.whole.trading.trades
    if trades < limits.few_trades:
        some = f"{trades} closed trade{'' if trades == 1 else 's'} since the start"
        said = f"{some if trades else 'No closed trade yet'}: too few to conclude anything from rates"
        yield Sentence(NOTE, "few_trades", f"{said} (below {limits.few_trades}).")
