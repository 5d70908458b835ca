"""Stylised facts: the measures by hand, real against synthetic, and the planted signal found again."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from outrigger.errors import DataError
from outrigger.replay.synth import write_market
from outrigger.replay.synth.compare import TOLERANCES, compare, main
from outrigger.replay.synth.parameters import MarketParameters
from outrigger.replay.synth.stylised_facts import (
    StylisedFacts,
    autocorrelation,
    hill_index,
    stylised_facts,
)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("month")
    write_market(out, 12, 4, warmup_days=68)
    return out


@pytest.mark.parametrize("index", [2.0, 3.0, 5.0])
def test_hill_index_of_a_pareto_sample_is_its_exponent(index: float):
    sample = np.random.default_rng(1).pareto(index, 400_000) + 1.0
    assert hill_index(sample) == pytest.approx(index, rel=0.04)


def test_hill_index_of_too_few_returns_is_missing():
    assert math.isnan(hill_index(np.ones(10)))


def test_autocorrelation_of_an_autoregression_is_its_coefficient_to_the_lag():
    noise = np.random.default_rng(2).standard_normal(200_000)
    series = pd.Series(noise).ewm(alpha=0.4, adjust=False).mean().to_numpy()
    assert autocorrelation(series, 1) == pytest.approx(0.6, abs=0.01)
    assert autocorrelation(series, 3) == pytest.approx(0.6**3, abs=0.01)
    assert math.isnan(autocorrelation(np.ones(50), 1))


def test_stylised_facts_of_a_directory_without_candles_are_refused(tmp_path: Path):
    with pytest.raises(DataError, match="5m-futures"):
        stylised_facts(tmp_path)


def test_compare_has_a_tolerance_for_every_fact():
    assert set(TOLERANCES) == {field.name for field in fields(StylisedFacts)}


def test_compare_main_of_a_directory_with_itself_agrees_in_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    write_market(tmp_path, 2, 1, ("BTC", "ETH"), warmup_days=10)
    arguments = ["--real", str(tmp_path), "--synthetic", str(tmp_path)]
    assert main([*arguments, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["fact"] for row in rows} == set(TOLERANCES)
    assert all(row["agrees"] for row in rows)
    assert main(arguments) == 0
    assert "hill_5m" in capsys.readouterr().out


def test_compare_main_of_a_missing_directory_says_what_to_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["--real", str(tmp_path), "--synthetic", str(tmp_path)]) == 2
    assert "pass a Freqtrade data directory" in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.real_data
def test_stylised_facts_of_real_and_synthetic_candles_agree(market: Path, month: Path):
    real = stylised_facts(market / "binance-1m-2025-05", market / "positioning")
    disagreeing = {row.fact: row for row in compare(real, stylised_facts(month)) if row.agrees is not True}
    assert disagreeing == {}


def _squeezes(candles: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features from candles alone, and the two reference squeeze labels over the next 48 candles."""
    close = candles["close"]
    move = np.log(close).diff()
    sigma = np.sqrt((move**2).ewm(halflife=288).mean() * 48)
    ahead_high = candles["high"][::-1].rolling(48).max()[::-1].shift(-1)
    ahead_low = candles["low"][::-1].rolling(48).min()[::-1].shift(-1)
    up, down = np.log(ahead_high / close) / sigma, np.log(ahead_low / close) / sigma
    labels = pd.DataFrame({"long": (down < -1.5) & (up < 0.7), "short": (up > 1.5) & (down > -0.7)})
    features = {f"vol{n}": np.log(move.rolling(n).std() / sigma) for n in (12, 48, 288)}
    features |= {f"ret{n}": np.log(close).diff(n) / sigma for n in (3, 12, 48, 288)}
    features["volume"] = np.log(candles["volume"].rolling(12).mean() / candles["volume"].rolling(2016).mean())
    features["level"] = np.log(sigma / sigma.rolling(2016).mean())
    frame = pd.DataFrame(features).assign(hour=candles.index.hour)
    known = up.notna() & down.notna()
    return frame[known], labels[known]


def _slow_inputs(out: Path, base: str, closes: pd.DatetimeIndex) -> pd.DataFrame:
    """Funding, depth and open interest as known at each candle's close."""
    book = pd.concat([pd.read_csv(path) for path in sorted((out / "orderbook").glob(f"{base}USDT-*"))])
    depth = np.log(book[book["percentage"].abs() == 1.0].groupby("timestamp")["notional"].sum())
    depth.index = pd.to_datetime(depth.index, utc=True)
    depth -= depth.rolling("7D").median()
    rows = pd.concat([pd.read_csv(path) for path in sorted((out / "metrics").glob(f"{base}USDT-*"))])
    rows.index = pd.DatetimeIndex(pd.to_datetime(rows["create_time"], utc=True))
    interest, ratio = np.log(rows["sum_open_interest"]), np.log(rows["count_long_short_ratio"])
    funding = pd.read_feather(out / "futures" / f"{base}_USDT_USDT-1h-funding_rate.feather")
    rate = funding.set_index("date")["funding_rate"]
    inputs = {
        "funding": rate,
        "percentile": rate.rolling(42, min_periods=6).rank(pct=True),
        "depth": depth,
        "depth_4h": depth.rolling(48).mean(),
        "interest_4h": interest.diff(48),
        "interest_1d": interest.diff(288),
        "ratio": ratio,
    }
    return pd.DataFrame(
        {name: series.reindex(closes, method="ffill").to_numpy() for name, series in inputs.items()}
    )


def _gain_from_slow_inputs(out: Path) -> float:
    """Mean gain in out-of-sample AUC of the two squeezes once funding, book and open interest are added."""
    parts = []
    for base in ("BTC", "ETH", "SOL", "XRP"):
        path = out / "futures" / f"{base}_USDT_USDT-5m-futures.feather"
        features, labels = _squeezes(pd.read_feather(path).set_index("date"))
        slow = _slow_inputs(out, base, features.index + pd.Timedelta("5min")).set_axis(features.index)
        parts.append((features, slow, labels))
    dates = parts[0][0].index
    cut = dates[int(len(dates) * 0.6)]
    target = pd.concat([labels for _, _, labels in parts])
    gain = 0.0
    for sign, with_slow in ((-1, False), (1, True)):
        inputs = pd.concat([pd.concat([f, s], axis=1) if with_slow else f for f, s, _ in parts])
        train = (inputs.index > dates[2016]) & (inputs.index < cut - pd.Timedelta("4h"))
        test = inputs.index >= cut
        for side in ("long", "short"):
            model = HistGradientBoostingClassifier(
                max_iter=60, learning_rate=0.08, max_leaf_nodes=12, min_samples_leaf=300, l2_regularization=10
            )
            # One thread: boosting spins for ages when it shares its cores with other work.
            with threadpool_limits(1):
                model.fit(inputs[train].iloc[::3].to_numpy(), target[train][side].iloc[::3].to_numpy())
                chance = model.predict_proba(inputs[test].to_numpy())[:, 1]
            gain += sign * roc_auc_score(target[test][side], chance) / 2.0
    return gain


def test_planted_squeezes_are_found_better_with_funding_and_book_than_without(month: Path):
    assert _gain_from_slow_inputs(month) > 0.05


def test_squeezes_of_a_market_without_planting_gain_nothing_from_funding_and_book(tmp_path: Path):
    nothing_planted = MarketParameters(hazard_per_day=0.0)
    manifest = write_market(
        tmp_path, 1, 4, ("BTC", "ETH", "SOL", "XRP"), warmup_days=79, parameters=nothing_planted
    )
    assert manifest.cascades == ()
    assert _gain_from_slow_inputs(tmp_path) < 0.02
