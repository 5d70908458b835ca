"""`outrigger evaluate`: what a bundle is worth on data it has not seen, on labels that are always the same.

Either a bundle from disk is asked, each candle by a model trained a gap before it, or one model is trained
afresh up to a date and asked about what came after. Candles that may not be scored are left out and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table

from outrigger.json_values import plain
from outrigger.regime.bundle.bundle import Bundle
from outrigger.regime.bundle.files import read_bundle
from outrigger.regime.classes import REGIMES
from outrigger.regime.evaluation import Evaluation, evaluate
from outrigger.regime.evaluation_parts import comparison, groups_of, permutation_importance, without
from outrigger.regime.labels import REFERENCE_RULES
from outrigger.regime.training import Plan, Progress, train
from outrigger.regime.training_data import Market, RegimeRows, between, read_rows


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be evaluated, and on what.

    Parameters
    ----------
    market : Market
        The data.
    bundle : Path
        A bundle's directory; not looked at where a model is trained afresh.
    train_until_ms : int, optional
        Train a model on all before this moment, and ask it about what comes after.
    start_ms, end_ms : int, optional
        First and last close that count.
    every : int
        Of each pair every so many candles count.
    seed : int
        Of a fresh training and of shuffles.
    importance, ablation : bool
        Whether these are wanted too.
    """

    market: Market
    bundle: Path
    train_until_ms: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    every: int = 3
    seed: int = 7
    importance: bool = False
    ablation: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The measures.

    Parameters
    ----------
    evaluation : Evaluation
        Scored candles.
    bundle : Bundle
        What was asked.
    trained : str
        `bundle`, or `fresh`.
    importance : mapping of str to float
        Rise of the log loss when a column is shuffled.
    ablation : mapping of str to mapping
        What is lost without a group of inputs, and how it was left out.
    """

    evaluation: Evaluation
    bundle: Bundle
    trained: str
    importance: Mapping[str, float] = field(default_factory=dict)
    ablation: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        card = self.bundle.card
        told = {
            **self.evaluation.to_dict(),
            "asked": self.trained,
            "trained_until": [model.to_dict()["trained_until"] for model in card.models],
            "trained_pairs": list(card.pairs),
            "trained_on_reference_labels": card.label_rules == REFERENCE_RULES,
        }
        told |= {"importance": dict(self.importance)} if self.importance else {}
        told |= (
            {"ablation": {name: dict(found) for name, found in self.ablation.items()}}
            if self.ablation
            else {}
        )
        answer: dict[str, Any] = plain(told)
        return answer

    def tables(self) -> list[Table]:
        """Lay the measures out for the terminal."""
        told = self.to_dict()
        return [_losses(told), _classes(told), *_parts(told)]


def answer(question: Question, progress: Progress | None = None) -> Answer:
    """Evaluate.

    Parameters
    ----------
    question : Question
        What is asked.
    progress : callable, optional
        Called with (what, done, total).

    Returns
    -------
    Answer

    Raises
    ------
    DataError
        If the data does not do, or no candle of it may be scored.
    StateError
        If the bundle cannot be used.
    """
    # A bundle that is refused should be so before minutes of reading.
    stored = None if question.train_until_ms is not None else read_bundle(question.bundle)
    rows = read_rows(question.market, REFERENCE_RULES, progress)
    bundle = stored or _fresh(question, rows, progress)
    asked = between(rows, question.start_ms, question.end_ms)
    found = evaluate(bundle, asked, every=question.every)
    importance = (
        permutation_importance(bundle, asked, seed=question.seed, progress=progress)
        if question.importance
        else {}
    )
    ablation = _ablation(question, bundle, rows, found, progress) if question.ablation else {}
    return Answer(found, bundle, "bundle" if stored else "fresh", importance, ablation)


def _fresh(question: Question, rows: Sequence[RegimeRows], progress: Progress | None) -> Bundle:
    """Train one model on all before a moment."""
    until = question.train_until_ms
    plan = Plan(models="1", minimum_days=1, seed=question.seed, exchange=question.market.exchange)
    return train(between(rows, None, until), plan, last_ms=until, progress=progress).bundle


def _ablation(
    question: Question,
    bundle: Bundle,
    rows: Sequence[RegimeRows],
    whole: Evaluation,
    progress: Progress | None,
) -> dict[str, dict[str, Any]]:
    """What each group of inputs is worth; nothing for a group that the bundle does not use."""
    found: dict[str, dict[str, Any]] = {}
    for name, columns in groups_of(bundle.card.features).items():
        if not columns:
            found[name] = {"how": "not used by the bundle", "columns": []}
            continue
        less, other = without(rows, columns), bundle
        if question.train_until_ms is not None:
            other = _fresh(question, less, progress)
        part = evaluate(other, between(less, question.start_ms, question.end_ms), every=question.every)
        how = "withheld" if question.train_until_ms is None else "retrained"
        found[name] = {"how": how, "columns": list(columns), **comparison(whole, part)}
    return found


def _losses(told: Mapping[str, Any]) -> Table:
    """Log loss beside what it has to beat."""
    left_out = ", ".join(f"{count:,} {reason}" for reason, count in told["left_out"].items())
    table = Table(
        title=f"{told['rows']:,} candles, {told['from'][:16]} to {told['to'][:16]} UTC, reference labels",
        caption=f"left out: {left_out}",
    )
    table.add_column("log loss of")
    table.add_column("nats", justify="right")
    table.add_column("model below it by", justify="right")
    for name in ("prior", "volatility", "persistence"):
        loss = told[f"{name}_log_loss"]
        table.add_row(name, f"{loss:.4f}", f"{1 - told['log_loss'] / loss:.1%}")
    table.add_row("model", f"{told['log_loss']:.4f}", "")
    return table


def _classes(told: Mapping[str, Any]) -> Table:
    """Measures by regime."""
    table = Table(title=f"macro AUC {_figure(told['macro_auc'])}, Brier score {told['brier']:.4f}")
    for heading in ("regime", "share", "AUC", "calibration error", "Brier", "precision of top 5 %"):
        table.add_column(heading, justify="left" if heading == "regime" else "right")
    for name in REGIMES:
        table.add_row(
            name,
            f"{told['label_shares'][name]:.1%}",
            *(_figure(told[key][name]) for key in ("auc", "ece", "brier_by_class")),
            _figure(told["top5_precision"].get(name)),
        )
    return table


def _parts(told: Mapping[str, Any]) -> list[Table]:
    """Importance and ablation, where they were asked for."""
    tables = []
    if "importance" in told:
        table = Table("feature", "log loss rises by", title="Shuffled within each pair")
        for name, rise in told["importance"].items():
            table.add_row(name, f"{rise:+.5f}")
        tables.append(table)
    if "ablation" in told:
        table = Table("without", "how", "log loss rises by", "macro AUC lost", title="Ablation")
        for name, found in told["ablation"].items():
            lost = (found.get("log_loss_rise"), found.get("macro_auc_lost"))
            table.add_row(name, found["how"], *("—" if value is None else f"{value:+.4f}" for value in lost))
        tables.append(table)
    return tables


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:.3f}"
