"""A walk forward told in a terminal: out-of-sample results, parameters by fold, and how to read them."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from rich.table import Table

from outrigger.market.moment import from_ms
from outrigger.study.overfitting import expected_best
from outrigger.tuning.folds import DAY_MS
from outrigger.tuning.measures import Measures, measured
from outrigger.tuning.result import WalkForward, spread

# An interval from less resamples hardly more than a handful of independent days.
FEW_DAYS = 30


def tables(done: WalkForward) -> Iterator[Table]:
    """Lay out results and parameters.

    Parameters
    ----------
    done : WalkForward
        The walk.

    Yields
    ------
    Table
        Results by fold and in total; then the parameters found, by fold.
    """
    yield _results(done)
    yield _parameters(done)


def footnotes(done: WalkForward) -> Iterator[str]:
    """Say what the tables rest on, in whole sentences.

    Parameters
    ----------
    done : WalkForward
        The walk.

    Yields
    ------
    str
        One statement each.
    """
    if done.ignored is not None:
        yield f"{done.ignored} was left out: every fold began with the configuration's values."
    yield "Default: the configuration's values, traded in the same windows."
    if done.synthetic:
        yield "Synthetic market: this shows that it works, not that it earns."
    mean, low, high = done.difference()
    if isfinite(mean):
        days = sum(one.fold.test.end_ms - one.fold.test.start_ms for one in done.outcomes) / DAY_MS
        apart = "not told apart" if low <= 0.0 <= high else "better" if mean > 0.0 else "worse"
        if days < FEW_DAYS:
            apart = f"{days:g} days tested are too few to believe either way"
        yield (
            f"Tuned less default: {mean:+.2f} bp of the balance a day ({low:+.2f} to {high:+.2f}): {apart}."
        )
    yield (
        f"Trials: {done.trials} parameter sets. The best of so many worthless ones shows up to "
        f"{expected_best(done.trials):.2f} standard errors in its own training; nothing here is from one."
    )
    yield (
        f"Net of fees, funding and {done.slippage * 1e4:g} bp slippage on stop exits. Every window begins "
        "with the same balance and ends with what is open closed."
    )
    for one in done.failures:
        told = f"Fold {one.fold.number} ({one.fold.test}) has no result: {one.message}"
        yield f"{told}. Run the same command again to try it again."


def _results(done: WalkForward) -> Table:
    table = Table(title=f"Out of sample, {done.data}", min_width=76)
    for name in ("test", ""):
        table.add_column(name, no_wrap=True)
    for name in ("trades", "bp a trade", "95 %", "CVaR", "profit", "drawdown"):
        table.add_column(name, justify="right", no_wrap=name in ("profit", "drawdown"))
    for one in done.outcomes:
        start = f"{one.fold.number}: {from_ms(one.fold.test.start_ms):%d %b}"
        table.add_row(start, "tuned", *_cells(measured([one.tuned], done.slippage)))
        table.add_row("", "default", *_cells(measured([one.default], done.slippage)), end_section=True)
    table.add_row("all", "tuned", *_cells(done.tuned()), style="bold")
    table.add_row("", "default", *_cells(done.default()))
    return table


def _cells(one: Measures) -> tuple[str, ...]:
    return (
        str(one.trades),
        _shown(one.expectancy_bp, "{:+.0f}"),
        f"{one.low_bp:+.0f} to {one.high_bp:+.0f}" if isfinite(one.low_bp) else "–",
        _shown(one.cvar95_bp, "{:.0f}"),
        _shown(one.profit, "{:+.2%}"),
        _shown(one.max_drawdown, "{:.2%}"),
    )


def _parameters(done: WalkForward) -> Table:
    folds = len(done.outcomes)
    at_random = f"; at random {(folds - 1) / (folds + 1):.0%}" if folds > 1 else ""
    table = Table(title="Parameters found")
    table.add_column("parameter")
    for name in ("default", "searched", *(f"fold {one.fold.number}" for one in done.outcomes)):
        table.add_column(name, justify="right")
    table.add_column(f"spread{at_random}", justify="right")
    for one in done.searched:
        found = [_shown(fold.parameters.get(one.name, float("nan")), "{:g}") for fold in done.outcomes]
        apart = _shown(spread(done.chosen(one), one), "{:.0%}")
        table.add_row(one.name, f"{one.default:g}", f"{one.low:g} to {one.high:g}", *found, apart)
    return table


def _shown(value: float, form: str) -> str:
    return form.format(value) if isfinite(value) else "–"
