"""A small made-up market on disk, and studies of it that take a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from outrigger.review.lab_trade import ReplayTerms
from outrigger.study.conduct import conduct
from outrigger.study.plan import StudyTerms
from outrigger.study.request import Request
from outrigger.study.result import StudyResult
from outrigger.study.run import local_workers
from tests.review.walks import walk

DAYS = 12
SIZE = DAYS * 288
PAIRS = ("BTC/USDT:USDT", "ETH/USDT:USDT")


def write_market(home: Path) -> Path:
    """Two pairs in Freqtrade's layout."""
    (home / "futures").mkdir(parents=True)
    sums = {"date": "first", "open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    for seed, pair in enumerate(PAIRS):
        candles = walk(seed, SIZE)
        stem = home / "futures" / f"{pair.partition('/')[0]}_USDT_USDT"
        candles.to_feather(f"{stem}-5m-futures.feather")
        candles.groupby(np.arange(SIZE) // 12).agg(sums).to_feather(f"{stem}-1h-futures.feather")
    return home


def request(datadir: Path, out: Path, **changed: object) -> Request:
    """Two policies on two windows, ten entries a pair and window."""
    terms = StudyTerms(
        ReplayTerms(0), leverage=5.0, per_pair=10, seed=1, bundle="no-such-bundle", pool_per_side=15
    )
    values: dict[str, object] = {
        "policies": ("fixed", "trail-3"),
        "windows": 2,
        "terms": terms,
        "tune": False,
    }
    return Request((datadir,), out, **(values | changed))  # type: ignore[arg-type]


def studied(asked: Request, workers: int = 1) -> StudyResult:
    with local_workers(workers) as hands:
        return conduct(asked, hands)
