"""Fragility: the ratio by hand, what makes it unknown, and what it says before planted cascades."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from math import nan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from outrigger.errors import DataError
from outrigger.market.candles import read_candles
from outrigger.market.features.fragility import COLUMNS, SPECS, fragility
from outrigger.market.features.level_columns import close_times, level_columns, within_name
from outrigger.market.store.schema import BOOK, METRICS
from outrigger.replay.synth import write_market

PAIR = "SOL/USDT:USDT"
CLOCK = np.array([1_000_000, 1_290_000], dtype=np.int64)


def _levels(quote: float) -> pd.DataFrame:
    return pd.DataFrame(
        {within_name(s, x): [quote] * 2 for s in ("long", "short") for x in (0.01, 0.02, 0.03, 0.05)}
    )


def _book(**columns: float) -> pd.DataFrame:
    row = dict.fromkeys(BOOK.columns, nan) | {"time_ms": 999_000, "known_ms": 999_500} | columns
    return pd.DataFrame([row]).astype({"time_ms": "int64", "known_ms": "int64"})


def test_fragility_is_forced_notional_over_the_depth_of_the_side_that_absorbs_it():
    told = fragility(_levels(600.0), CLOCK, _book(bid_quote_1=200.0, ask_quote_1=300.0))
    assert told["fragility_long_1"].tolist() == [3.0, 3.0]
    assert told["fragility_short_1"].tolist() == [2.0, 2.0]
    assert told["fragility_long_2"].isna().all()


@pytest.mark.parametrize("depth", [0.0, -5.0, nan])
def test_fragility_without_usable_depth_is_unknown(depth: float):
    assert fragility(_levels(600.0), CLOCK, _book(bid_quote_1=depth)).isna().all(axis=None)


def test_fragility_depth_too_old_or_not_yet_known_is_unknown():
    told = fragility(_levels(600.0), CLOCK, _book(bid_quote_1=200.0), depth_age_ms=100_000)
    assert told["fragility_long_1"].notna().tolist() == [True, False]
    later = _book(bid_quote_1=200.0, known_ms=1_200_000)
    assert fragility(_levels(600.0), CLOCK, later)["fragility_long_1"].notna().tolist() == [False, True]
    assert fragility(_levels(600.0), CLOCK, None).isna().all(axis=None)


def test_fragility_clock_of_another_length_is_refused():
    with pytest.raises(DataError, match="one a candle"):
        fragility(_levels(1.0), CLOCK[:1], None)


def test_fragility_columns_are_all_documented():
    assert tuple(spec.name for spec in SPECS) == COLUMNS
    assert len(COLUMNS) == 10


def _table(folder: Path, index: str, names: dict[str, str]) -> pd.DataFrame:
    frame = pd.concat([pd.read_csv(path) for path in sorted(folder.glob("SOLUSDT-*.csv"))])
    frame["time_ms"] = pd.to_datetime(frame[index]).to_numpy("datetime64[ms]").astype(np.int64)
    return frame.assign(known_ms=frame["time_ms"]).rename(columns=names)


def _auc(hits: np.ndarray, others: np.ndarray) -> float:
    ranks = rankdata(np.r_[hits, others])[: len(hits)].sum()
    return float((ranks - len(hits) * (len(hits) + 1) / 2) / (len(hits) * len(others)))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fragility along a synthetic market, by close, and what was planted in it."""
    out = tmp_path_factory.mktemp("cascades")
    planted = write_market(out, 1, 5, ("SOL",), date(2026, 3, 2), warmup_days=150).cascades
    frame = read_candles(out, PAIR, "5m")
    names = {"sum_open_interest": "open_interest_base", "sum_open_interest_value": "open_interest_quote"}
    metrics = _table(out / "metrics", "create_time", names | {"count_long_short_ratio": "account_ratio"})
    depth = _table(out / "orderbook", "timestamp", {})
    wide = depth.pivot_table(index="time_ms", columns="percentage", values="notional").reset_index()
    bands = {-x: f"bid_quote_{x:g}" for x in (1, 2, 3, 5)} | {x: f"ask_quote_{x:g}" for x in (1, 2, 3, 5)}
    book = wide.rename(columns=bands).assign(known_ms=wide["time_ms"])
    levels = level_columns(frame, "5m", metrics)
    closed = close_times(frame, "5m")
    rows = fragility(levels, closed, book).set_index(closed)
    return rows, pd.DataFrame([asdict(one) for one in planted])


def test_fragility_before_planted_cascades_is_high_on_the_crowded_side(
    told: tuple[pd.DataFrame, pd.DataFrame],
):
    rows, planted = told
    fired = planted[planted["fired"]]
    ranks = {}
    for side in ("long", "short"):
        at = pd.to_datetime(fired.loc[fired["side"] == f"{side}_squeeze", "triggered_at"])
        # The last candle that has closed before the first minute of the move.
        moments = (at.to_numpy("datetime64[ms]").astype(np.int64) // 300_000) * 300_000
        for column in (f"fragility_{side}_{x}" for x in (2, 3, 5)):
            before = rows[column].reindex(moments).dropna().to_numpy()
            random = rows[column].dropna().sample(4000, random_state=1).to_numpy()
            ranks[column] = _auc(before, random)
            assert len(before) >= 15
    assert min(ranks.values()) > 0.55, ranks
    assert min(ranks["fragility_long_5"], ranks["fragility_short_5"]) > 0.6, ranks


def test_metrics_columns_read_here_are_those_of_the_store():
    assert {"open_interest_base", "open_interest_quote", "account_ratio"} <= set(METRICS.columns)
