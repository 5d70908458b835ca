"""`outrigger train`: reads a market, trains a bundle, writes it where a running bot picks it up.

Training happens outside the trading process, on data that Freqtrade downloads; `--every` repeats it on
whatever the directories hold by then. A training that fails leaves the bundle that is there alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.table import Table

from outrigger.errors import OutriggerError
from outrigger.market.moment import from_ms
from outrigger.regime.bundle.bundle import Bundle
from outrigger.regime.bundle.files import check_target, write_bundle
from outrigger.regime.training import Plan, Progress, Training, train
from outrigger.regime.training_data import Market, between, read_rows
from outrigger.regime.training_inputs import sources_of


@dataclass(frozen=True, slots=True)
class Trained:
    """What was trained and written.

    Parameters
    ----------
    out : Path
        The bundle's directory.
    training : Training
        The bundle and its files.
    """

    out: Path
    training: Training

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form: what the card says that is not long lists of numbers."""
        bundle = self.training.bundle
        return {
            "bundle": str(self.out),
            "size_bytes": sum(len(content) for content in self.training.contents),
            "pairs": list(bundle.card.pairs),
            "features": list(bundle.card.features),
            "left_out": dict(self.training.left_out),
            "inputs": list(bundle.card.inputs),
            "models": [
                {
                    name: value
                    for name, value in model.to_dict().items()
                    if name not in ("baselines", "checked")
                }
                for model in bundle.card.models
            ],
            "scores": dict(bundle.card.scores),
        }

    def table(self) -> Table:
        """Lay the models out for the terminal."""
        return bundle_table(self.training.bundle, f"Regime bundle in {self.out}")


def bundle_table(bundle: Bundle, title: str) -> Table:
    """Models of a bundle and how each did on the candles after it.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    title : str
        Heading.

    Returns
    -------
    Table
    """
    table = Table(title=title, caption="scores: candles after each model that no later one may score")
    for heading in ("trained until", "candles", "scored after", "log loss", "prior", "gain", "macro AUC"):
        table.add_column(heading, justify="left" if heading == "trained until" else "right")
    rows = [
        (f"{from_ms(model.trained_until_ms):%Y-%m-%d %H:%M}", f"{model.rows:,}", model.scores)
        for model in bundle.card.models
    ]
    for until, rows_of, scores in [*rows, ("all of them", "", bundle.card.scores)]:
        if not scores:
            table.add_row(until, rows_of, "—", "—", "—", "—", "—")
            continue
        gain = 1 - scores["log_loss"] / scores["prior_log_loss"]
        told = [f"{scores[name]:.4f}" for name in ("log_loss", "prior_log_loss")]
        area = "—" if scores["macro_auc"] is None else f"{scores['macro_auc']:.3f}"
        table.add_row(until, rows_of, f"{scores['rows']:,}", *told, f"{gain:.1%}", area)
    return table


def train_bundle(
    market: Market,
    plan: Plan,
    out: Path,
    *,
    start_ms: int | None = None,
    end_ms: int | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train a bundle and write it.

    Parameters
    ----------
    market : Market
        Where the data is.
    plan : Plan
        How to train; its exchange, sources and inputs are taken from the market.
    out : Path
        The bundle's directory.
    start_ms, end_ms : int, optional
        First close to learn from, and the last moment that any label may see.
    progress : callable, optional
        Called with (what, done, total).

    Returns
    -------
    Trained

    Raises
    ------
    DataError
        If the data does not do.
    StateError
        If the bundle cannot go there.
    """
    check_target(out)
    training = train(
        between(read_rows(market, plan.rules, progress), start_ms, end_ms),
        _told(plan, market),
        last_ms=end_ms,
        progress=progress,
    )
    write_bundle(out, training.bundle.card, training.contents)
    return Trained(out, training)


def keep_training(
    once: Callable[[], Trained],
    every_s: float,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    tell: Callable[[Trained | OutriggerError], None],
) -> None:
    """Train now and again after every so many seconds, until interrupted.

    Parameters
    ----------
    once : callable
        Trains and writes a bundle.
    every_s : float
        Seconds from one beginning to the next.
    clock, sleep : callable
        Seconds since any moment, and a wait of so many.
    tell : callable
        Given each result; an error from the second training on, which the next one may not meet again.

    Raises
    ------
    OutriggerError
        If the first training fails: its arguments or data will not mend themselves.
    """
    begun = clock()
    tell(once())
    while True:
        sleep(max(0.0, begun + every_s - clock()))
        begun = clock()
        try:
            tell(once())
        except OutriggerError as error:
            tell(error)


def _told(plan: Plan, market: Market) -> Plan:
    """The plan with what the card is to say of the data."""
    inputs = sources_of(market.datadirs, market.wanted(), market.open_store())
    names = tuple(one.resolve().name for one in market.datadirs)
    return replace(plan, exchange=market.exchange, sources=names, inputs=inputs)
