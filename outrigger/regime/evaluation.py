"""How good a bundle is on candles it has not seen, beside what it has to beat.

Every candle is scored as it would have been at the time: by the newest model trained a gap before it. Candles
that no model may score, that say nothing or whose regime is not known yet are left out and counted. The three
baselines are those of the model that scored the candle, fitted on the same rows. Labels overlap, so the
figures are more certain-looking than they are: neighbouring candles share most of their future.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from outrigger.errors import DataError
from outrigger.market.moment import from_ms
from outrigger.regime.bundle.bundle import Bundle
from outrigger.regime.classes import LONG_SQUEEZE, REGIMES, SHORT_SQUEEZE, UNLABELLED
from outrigger.regime.measures import (
    auc_by_class,
    brier_by_class,
    calibration_error_by_class,
    log_loss,
    top_precision,
)
from outrigger.regime.scoring import model_at, score
from outrigger.regime.training_data import RegimeRows
from outrigger.volatility.windows import Array

TOP_SHARE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Scored candles of known regime.

    Parameters
    ----------
    labels : ndarray of int8, shape (n_rows,)
        What came.
    told : ndarray of shape (n_rows, 5)
        What the models said.
    prior, volatility, persistence : ndarray of shape (n_rows, 5)
        What the baselines said.
    closed_ms : ndarray of int64, shape (n_rows,)
        Closes, pair after pair.
    pairs : mapping of str to int
        Rows of each pair.
    left_out : mapping of str to int
        Candles in the range that do not count, by reason: `no_model`, `no_features`, `no_label`.
    """

    labels: npt.NDArray[np.int8]
    told: Array
    prior: Array
    volatility: Array
    persistence: Array
    closed_ms: npt.NDArray[np.int64]
    pairs: dict[str, int]
    left_out: dict[str, int]

    def at(self, rows: npt.NDArray[np.bool_]) -> Evaluation:
        """Choose candles by a mask; what was left out is not theirs to tell."""
        ends = np.cumsum(list(self.pairs.values()))
        counts = (int(part.sum()) for part in np.split(rows, ends[:-1]))
        return Evaluation(
            self.labels[rows],
            self.told[rows],
            self.prior[rows],
            self.volatility[rows],
            self.persistence[rows],
            self.closed_ms[rows],
            dict(zip(self.pairs, counts, strict=True)),
            {},
        )

    def to_dict(self) -> dict[str, Any]:
        """Every measure, JSON-able; None where a class did not come."""
        auc = _named(auc_by_class(self.labels, self.told))
        brier = brier_by_class(self.labels, self.told)
        known = [value for value in auc.values() if value is not None]
        shares = np.bincount(self.labels, minlength=len(REGIMES)) / len(self.labels)
        squeezes = (LONG_SQUEEZE, SHORT_SQUEEZE)
        return {
            "log_loss": log_loss(self.labels, self.told),
            "prior_log_loss": log_loss(self.labels, self.prior),
            "volatility_log_loss": log_loss(self.labels, self.volatility),
            "persistence_log_loss": log_loss(self.labels, self.persistence),
            "auc": auc,
            "macro_auc": float(np.mean(known)) if known else None,
            "ece": _named(calibration_error_by_class(self.labels, self.told)),
            "brier": float(np.sum(brier)),
            "brier_by_class": _named(brier),
            "top5_precision": {
                REGIMES[one]: top_precision(self.labels, self.told, one, TOP_SHARE) for one in squeezes
            },
            "label_shares": _named(shares),
            "rows": len(self.labels),
            "from": from_ms(int(self.closed_ms.min())).isoformat(),
            "to": from_ms(int(self.closed_ms.max())).isoformat(),
            "pairs": self.pairs,
            "left_out": self.left_out,
        }


def evaluate(bundle: Bundle, rows: Sequence[RegimeRows], *, every: int = 3) -> Evaluation:
    """Score candles and keep those whose regime is known.

    Parameters
    ----------
    bundle : Bundle
        Models.
    rows : sequence of RegimeRows
        One for each pair, with the labels to judge by.
    every : int
        Of each pair every so many candles count, from its first.

    Returns
    -------
    Evaluation

    Raises
    ------
    DataError
        If no candle is left.
    """
    parts = [_one(bundle, one, every) for one in rows]
    left_out = (
        {reason: sum(part.left_out[reason] for part in parts) for reason in parts[0].left_out}
        if parts
        else {}
    )
    if not any(len(part.labels) for part in parts):
        raise DataError(_nothing(bundle, left_out))
    return Evaluation(
        labels=np.concatenate([part.labels for part in parts]),
        told=np.concatenate([part.told for part in parts]),
        prior=np.concatenate([part.prior for part in parts]),
        volatility=np.concatenate([part.volatility for part in parts]),
        persistence=np.concatenate([part.persistence for part in parts]),
        closed_ms=np.concatenate([part.closed_ms for part in parts]),
        pairs={name: n for part in parts for name, n in part.pairs.items()},
        left_out=left_out,
    )


def _one(bundle: Bundle, one: RegimeRows, every: int) -> Evaluation:
    taken = one.at(np.arange(0, len(one), every))
    told = score(bundle, taken.features, taken.closed_ms)
    which = model_at(bundle.card, taken.closed_ms)
    scored = np.isfinite(told).all(axis=1)
    labelled = taken.labels != UNLABELLED
    kept = scored & labelled
    mine = taken.at(kept)
    baselines = [model.baselines for model in bundle.card.models]
    prior, volatility, persistence = (np.empty((len(mine), len(REGIMES))) for _ in range(3))
    for position in np.unique(which[kept]):
        at = which[kept] == position
        fitted = baselines[position]
        prior[at] = fitted.by_prior(int(at.sum()))
        volatility[at] = fitted.by_volatility(mine.volatility[at])
        persistence[at] = fitted.by_persistence(mine.last[at])
    return Evaluation(
        mine.labels,
        told[kept],
        prior,
        volatility,
        persistence,
        mine.closed_ms,
        {one.pair: len(mine)},
        {
            "no_model": int((which < 0).sum()),
            "no_features": int(((which >= 0) & ~scored).sum()),
            "no_label": int((scored & ~labelled).sum()),
        },
    )


def _nothing(bundle: Bundle, left_out: dict[str, int]) -> str:
    """Why no candle could be scored, and what to do."""
    first = from_ms(bundle.card.models[0].trained_until_ms + bundle.card.gap_ms)
    if not sum(left_out.values()):
        return "no candle lies in this range: widen --from and --to, or download it"
    if left_out["no_model"]:
        return (
            "no candle can be scored out of sample: the bundle's first model scores from "
            f"{first:%Y-%m-%d %H:%M} on, the data ends before; name later data, or train up to an earlier "
            "date with --train-until"
        )
    return (
        "no candle can be scored: features need days of candles before, and labels the hours after; download "
        "a longer period"
    )


def _named(values: Array | Sequence[float | None]) -> dict[str, float | None]:
    """By class; None for what could not be measured."""
    return {
        name: None if value is None or not np.isfinite(value) else float(value)
        for name, value in zip(REGIMES, values, strict=True)
    }
