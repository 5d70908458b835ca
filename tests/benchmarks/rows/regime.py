"""What the classifier costs: training, a year's scores, a live candle, loading, and a backtest with it on."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from outrigger.regime.bundle.files import read_bundle
from outrigger.regime.features import CHARTS, LaidOut, regime_features
from outrigger.regime.scoring import score
from outrigger.regime.training_data import read_charts
from tests.benchmarks.backtests import BacktestBench
from tests.benchmarks.bench import Bench
from tests.benchmarks.pairing import percentiles, seconds
from tests.benchmarks.result import Result

TRAINING_S, TRAINING_MB = 60.0, 1500.0
YEAR_S, CANDLE_MS, LOADING_S, BACKTEST = 3.0, 60.0, 0.5, 1.2
A_YEAR = 365 * 288
STARTUP = 2016
BARS = {"5m": 1, "15m": 3, "4h": 48}
PAIRS = ("BTC", "ETH", "SOL", "BNB", "XRP", "DOGE")
ALWAYS_MS = 4_102_444_800_000  # later than any training


def regime_training(bench: Bench) -> Result:
    """Whole process: reading, features, purged validation of what inputs earn, one model, scores."""
    used = bench.regime_training
    details = {"market": bench.regime_market.name, "cpu_seconds": round(used.cpu, 1)}
    return Result(
        "regime-training", "one model on nine months × six pairs", used.wall, "s", TRAINING_S, details
    )


def regime_training_memory(bench: Bench) -> Result:
    """Peak resident size of that process."""
    details = {"market": bench.regime_market.name}
    used = bench.regime_training
    return Result(
        "regime-training-memory", "its peak resident memory", used.peak_mb, "MB", TRAINING_MB, details
    )


def _charts(bench: Bench, base: str) -> dict[str, pd.DataFrame]:
    return read_charts((bench.regime_market,), f"{base}/USDT:USDT")


def _long(charts: dict[str, pd.DataFrame], rows: int) -> dict[str, pd.DataFrame]:
    """Charts repeated end to end until there are enough five-minute candles, with dates that go on."""
    times = -(-rows // len(charts["5m"]))
    made = {}
    for name, frame in charts.items():
        step = pd.Timedelta(name.replace("m", "min"))
        dates = pd.date_range(frame["date"].iloc[0], periods=len(frame) * times, freq=step, unit="ms")
        made[name] = pd.concat([frame] * times, ignore_index=True).assign(date=dates)
    return made


def regime_scoring(bench: Bench) -> Result:
    """Features and probabilities of a year of one pair, its leader beside it, on one core."""
    bundle, rows = read_bundle(bench.regime_bundle), bench.size(A_YEAR, 3000)
    own, leader = (_long(_charts(bench, base), rows) for base in ("ETH", "BTC"))
    features = regime_features(own, {"BTC/USDT:USDT": leader}, pair="ETH/USDT:USDT")
    closed = np.full(len(features), ALWAYS_MS)
    makes = [
        seconds(lambda: regime_features(own, {"BTC/USDT:USDT": leader}, pair="ETH/USDT:USDT"))
        for _ in range(bench.size(3, 1))
    ]
    scores = [seconds(lambda: score(bundle, features, closed)) for _ in range(bench.size(3, 1))]
    value = (median(makes) + median(scores)) * rows / len(features)
    details = {
        "features_s": round(median(makes), 2),
        "scores_s": round(median(scores), 2),
        "rows": len(features),
    }
    return Result("regime-scoring", "a year of one pair, features and scores", value, "s", YEAR_S, details)


def regime_candle(bench: Bench) -> Result:
    """One new candle of six pairs: newest row of features from a live chart each, and its probabilities."""
    bundle, count = read_bundle(bench.regime_bundle), bench.size(60, 3)
    bases = PAIRS if not bench.quick else PAIRS[:2]
    charts = {f"{base}/USDT:USDT": _charts(bench, base) for base in bases}
    closed, laid_out = np.array([ALWAYS_MS]), LaidOut()

    def one(ago: int) -> None:
        """What a bot does when a candle has closed that it has not seen."""
        live = {
            pair: {
                name: frame.iloc[: len(frame) - ago // BARS[name]].tail(STARTUP)
                for name, frame in own.items()
            }
            for pair, own in charts.items()
        }
        for pair, own in live.items():
            score(bundle, regime_features(own, live, pair=pair, last=1, laid_out=laid_out), closed)

    one(count)
    taken = [seconds(partial(one, ago)) * 1000 for ago in reversed(range(count))]
    p50, p95 = percentiles(taken, 0.5, 0.95)
    details = {"pairs": len(charts), "charts": list(CHARTS), "candles": STARTUP, "p95_ms": round(p95, 1)}
    return Result("regime-candle", "one new candle of six pairs, median", p50, "ms", CANDLE_MS, details)


def regime_loading(bench: Bench) -> Result:
    """Reading a bundle: hashes, types, models and the check that they give their card's probabilities."""
    directory: Path = bench.regime_bundle
    value = median(seconds(lambda: read_bundle(directory)) for _ in range(bench.size(7, 1)))
    size = sum(path.stat().st_size for path in directory.iterdir())
    return Result("regime-loading", "loading a bundle", value, "s", LOADING_S, {"bytes": size, "models": 1})


def regime_backtest(bench: Bench) -> Result:
    """Whole backtests with the classifier on and off."""
    home = bench.home / "regime-backtest"
    home.mkdir()
    block = {"regime": {"enabled": True, "bundle": str(bench.regime_bundle)}}
    found = BacktestBench(bench.market, home).switched(block, turns=bench.size(3, 1))
    details = {"market": bench.market.label, "wall_seconds": found.summary(lambda run: run.wall)}
    ratio = found.ratio(lambda run: run.wall)
    return Result(
        "regime-backtest", "a backtest with the classifier over one without", ratio, "×", BACKTEST, details
    )
