from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.volatility import compare as compare_module
from outrigger.volatility.candidates import REFERENCE, SHIPPED
from outrigger.volatility.candle_files import load_grid, pairs_in
from outrigger.volatility.compare import compare, fit_shipped, main
from outrigger.volatility.grid import BARS_PER_WEEK
from outrigger.volatility.har_json import read_model, shipped_model
from tests.volatility.walks import breathing_sigma, walk_frame

UNTIL = datetime(2025, 2, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def datadir(tmp_path_factory):
    directory = tmp_path_factory.mktemp("walks")
    (directory / "futures").mkdir()
    n = 5 * BARS_PER_WEEK
    for seed, pair in enumerate(("AAA", "BBB")):
        frame = walk_frame(n, seed=seed, bar_sigma=breathing_sigma(n))
        frame.to_feather(directory / "futures" / f"{pair}_USDT_USDT-5m-futures.feather")
    return directory


@pytest.fixture(scope="module")
def result(datadir):
    return compare(datadir, train_until=UNTIL)


def test_compare_ranks_by_loss_on_rows_after_the_training(result):
    losses = [score.qlike for score in result.scores]
    assert losses == sorted(losses)
    # First the candle that closes at the end of training, last the one with four hours left; two pairs.
    assert (result.test_from, result.test_until) == ("2025-02-02T23:55Z", "2025-02-09T19:55Z")
    assert result.rows == 2 * (BARS_PER_WEEK - 48 + 1)
    best = result.scores[0]
    assert best.qlike == pytest.approx(np.mean(list(best.by_pair.values())))
    assert result.score(REFERENCE).against_reference.p_value == 1.0


def test_compare_does_not_see_the_test_rows_when_fitting(datadir, result, tmp_path):
    (tmp_path / "futures").mkdir()
    for pair in pairs_in(datadir):
        frame = walk_frame(5 * BARS_PER_WEEK, seed=9, bar_sigma=0.01)
        kept = pd.read_feather(datadir / "futures" / f"{pair}-5m-futures.feather")
        frame[kept["date"] < UNTIL] = kept[kept["date"] < UNTIL]
        frame.to_feather(tmp_path / "futures" / f"{pair}-5m-futures.feather")
    again = compare(datadir, train_until=UNTIL, train_datadir=tmp_path)
    assert [(s.name, s.qlike) for s in again.scores] == [(s.name, s.qlike) for s in result.scores]


def test_comparison_as_json_and_as_table_agree(result):
    document = json.loads(result.to_json())
    assert document["scores"][0]["name"] == result.table_rows()[0][0]
    assert f"{document['scores'][0]['qlike']:.4f}" == result.table_rows()[0][1]
    assert {len(row) for row in result.table_rows()} == {7}


def test_compare_without_candles_is_refused(tmp_path, datadir):
    with pytest.raises(DataError, match="no 5m candles"):
        compare(tmp_path)
    with pytest.raises(DataError, match=r"CCC_USDT_USDT-5m-futures\.feather is missing"):
        compare(datadir, ["CCC/USDT:USDT"], UNTIL)
    with pytest.raises(DataError, match="too few candles after"):
        compare(datadir, train_until=datetime(2025, 2, 9, 23, tzinfo=UTC))


def test_pairs_are_found_and_read_under_either_name(datadir):
    assert pairs_in(datadir) == ["AAA_USDT_USDT", "BBB_USDT_USDT"]
    first, second = (load_grid(datadir, name) for name in ("AAA/USDT:USDT", "AAA_USDT_USDT"))
    np.testing.assert_array_equal(first.close, second.close)


@pytest.mark.parametrize(("options", "begins"), [(["--json"], "{"), ([], " ")])
def test_main_prints_the_result(datadir, capsys, options, begins):
    assert main(["--datadir", str(datadir), "--train-until", "2025-02-03", *options]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(begins)
    assert SHIPPED in printed


def test_main_writes_the_coefficients_it_fitted(datadir, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(compare_module, "SHIPPED", tmp_path / "har.json")
    command = ["--datadir", str(datadir), "--train-until", "2025-02-03", "--write-coefficients", "--json"]
    assert main(command) == 0
    model = read_model(tmp_path / "har.json")
    assert model == fit_shipped(datadir, pairs_in(datadir), UNTIL)
    assert model.provenance["pairs"]["AAA_USDT_USDT"][1].startswith("2025-02-02T23:55")
    assert json.loads(capsys.readouterr().out)["rows"] > 0


def test_main_without_data_says_so_and_fails(tmp_path, capsys):
    assert main(["--datadir", str(tmp_path)]) == 2
    assert "download" in capsys.readouterr().err


@pytest.mark.real_data
def test_shipped_coefficients_can_be_made_again(market):
    data = market / "binance-5m-2025h1"
    again = fit_shipped(data, pairs_in(data), compare_module.TRAIN_UNTIL)
    for bars, beta in shipped_model().coefficients.items():
        np.testing.assert_allclose(again.coefficients[bars], beta, atol=1e-6)


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["binance-5m-2025h1", "binance-1m-2025-05"])
def test_shipped_forecast_wins_out_of_sample(market, name):
    real = compare(market / name, train_datadir=market / "binance-5m-2025h1")
    assert real.scores[0].name == SHIPPED
    assert real.shipped_qlike == pytest.approx(real.scores[0].qlike, rel=1e-6)
    against = real.scores[0].against_reference
    assert against.statistic < 0
    assert against.p_value < 0.001
    assert real.scores[0].qlike < 0.7 * real.score(REFERENCE).qlike


@pytest.mark.real_data
def test_shape_shipped_wins_through_the_crash_of_february_when_fitted_before_it(market):
    real = compare(
        market / "binance-1m-2025-02",
        train_until=datetime(2025, 1, 27, tzinfo=UTC),
        train_datadir=market / "binance-5m-2025h1",
    )
    assert real.scores[0].name == SHIPPED
    assert real.scores[0].against_reference.p_value < 0.05
