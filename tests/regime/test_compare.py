"""Candidates judged on what none of them has seen, and the command that prints it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.regime.candidates import Candidate
from outrigger.regime.classes import REGIMES
from outrigger.regime.compare import SCORED_BARS, compare, main, read_pool, shares_until
from outrigger.regime.features import CANDLE_FEATURES
from outrigger.regime.training_data import Market
from outrigger.regime.training_pool import Pool
from outrigger.regime.validation import WalkForward
from tests.regime.markets import BAR_MS, START, START_MS, walk, write_market, write_pair

HORIZON_MS, DAY_MS = 48 * BAR_MS, 288 * BAR_MS
BTC = "BTC/USDT:USDT"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("market"), 24)


def rows(count: int = 1200, seed: int = 0) -> Pool:
    """Rows of noise half an hour apart, labelled at random."""
    rng = np.random.default_rng(seed)
    features = pd.DataFrame(rng.standard_normal((count, 1)), columns=["range_1h"])
    labels = rng.choice(5, count, p=[0.3, 0.4, 0.1, 0.1, 0.1]).astype(np.int8)
    closed = START_MS + SCORED_BARS * BAR_MS * np.arange(1, count + 1, dtype=np.int64)
    pairs, last = np.zeros(count, dtype=np.intp), labels
    return Pool(features, labels, closed, pairs, np.zeros((count, 2)), last)


def shares_of(labels: np.ndarray) -> np.ndarray:
    counts = np.bincount(labels, minlength=5) + 1.0
    return counts / counts.sum()


def prior(spacing_bars: int = SCORED_BARS) -> Candidate:
    """Tells the shares of what it was taught."""

    def fit(_, labels, __):
        return lambda asked: np.tile(shares_of(labels), (len(asked), 1))

    return Candidate(fit, ("range_1h",), spacing_bars)


def test_compare_of_the_shares_themselves_is_exactly_as_good_as_the_prior() -> None:
    (told,) = compare(rows(), {"shares": prior()}, WalkForward(3))
    assert told["below_prior"] == pytest.approx(0, abs=1e-12)
    assert told["below_prior_by_fold"] == pytest.approx([0, 0, 0], abs=1e-12)
    assert told["auc"] == pytest.approx(dict.fromkeys(REGIMES, 0.5))
    assert told["macro_auc"] == pytest.approx(0.5)


def test_compare_puts_who_knows_before_who_guesses() -> None:
    pooled = rows()

    def knowing(_, __, ___):
        def told(asked):
            hot = np.full((len(asked), 5), 0.02)
            hot[np.arange(len(asked)), pooled.labels[asked.index]] = 0.92
            return hot

        return told

    found = compare(pooled, {"shares": prior(), "oracle": Candidate(knowing, ("range_1h",))}, WalkForward(2))
    assert [one["name"] for one in found] == ["oracle", "shares"]
    assert found[0]["log_loss"] == pytest.approx(-np.log(0.92))
    assert found[0]["auc"] == dict.fromkeys(REGIMES, 1.0)
    # It tells .92 of what always comes, and .02 of what never does.
    assert found[0]["ece"]["calm"] == pytest.approx(0.02 + 0.06 * np.mean(pooled.labels[600:] == 0), abs=0.01)


def test_compare_teaches_on_rows_of_its_spacing_and_an_embargo_before_the_test() -> None:
    pooled, taught = rows(), []

    def fit(features, labels, closed_ms):
        assert len(features) == len(labels) == len(closed_ms)
        taught.append(closed_ms)
        return lambda asked: np.full((len(asked), 5), 0.2)

    compare(pooled, {"one": Candidate(fit, ("range_1h",), 48)}, WalkForward(2, first_share=0.5))
    middle = START_MS + 600 * SCORED_BARS * BAR_MS
    assert all((closed // BAR_MS % 48 == 0).all() for closed in taught)
    assert taught[0].max() <= middle - DAY_MS + SCORED_BARS * BAR_MS
    assert taught[1].max() > middle


def test_compare_regime_that_a_fold_never_tests_is_judged_by_the_others() -> None:
    pooled = rows()
    late = pooled.closed_ms > START_MS + 900 * SCORED_BARS * BAR_MS
    pooled.labels[late & (pooled.labels == 2)] = 1
    (told,) = compare(pooled, {"shares": prior()}, WalkForward(2))
    assert told["auc"]["whipsaw"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("pooled", "match"),
    [(rows(40), "folds have rows on both sides"), (rows().at(rows().labels == 1), "one regime")],
)
def test_compare_of_too_little_is_refused(pooled: Pool, match: str) -> None:
    with pytest.raises(DataError, match=match):
        compare(pooled, {"shares": prior()}, WalkForward(3))


def test_read_pool_until_a_moment_equals_that_of_data_that_end_there(directory: Path, tmp_path: Path) -> None:
    until = START.to_pydatetime() + timedelta(days=15, hours=4)
    whole = read_pool(Market((directory,)), until)
    for seed, base in enumerate(("BTC", "ETH")):
        write_pair(tmp_path, f"{base}/USDT:USDT", walk(24, seed).iloc[: 15 * 288 + 48])
    short = read_pool(Market((tmp_path,)), until)
    assert whole.closed_ms.max() + HORIZON_MS <= until.timestamp() * 1000
    np.testing.assert_array_equal(whole.closed_ms, short.closed_ms)
    np.testing.assert_array_equal(whole.labels, short.labels)
    candles = list(CANDLE_FEATURES)
    pd.testing.assert_frame_equal(whole.features[candles], short.features[candles], check_exact=True)
    pd.testing.assert_frame_equal(
        shares_until(Market((directory,)), until), shares_until(Market((tmp_path,)), until)
    )


def asked(directory: Path, *more: str) -> list[str]:
    return ["--datadir", str(directory), "--train-until", "2025-01-25", "--folds", "2", *more]


def test_command_prints_json_of_the_candidates_asked_for(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["gradient boosting", "its logistic half"]
    assert main(asked(directory, "--json", "--candidates", *names)) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["data"] == directory.name
    assert told["train_until_ms"] == datetime(2025, 1, 25, tzinfo=UTC).timestamp() * 1000
    assert {one["name"] for one in told["candidates"]} == set(names)
    losses = [one["log_loss"] for one in told["candidates"]]
    assert losses == sorted(losses)
    assert all(len(one["below_prior_by_fold"]) == told["folds"] == 2 for one in told["candidates"])
    everything = [line for line in told["shares"] if line["year"] == "all"]
    assert [line["pair"] for line in everything] == [BTC, "ETH/USDT:USDT"]
    for line in everything:
        assert sum(line[name] for name in REGIMES) == pytest.approx(1)
    # The rows of each pair that are labelled, known and on the half hour.
    assert told["rows"] == pytest.approx(sum(line["rows"] for line in everything) / SCORED_BARS, abs=4)


def test_command_prints_tables_of_pairs_and_candidates(
    directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "150")
    assert main(asked(directory, "--pairs", BTC, "--candidates", "its logistic half")) == 0
    printed = capsys.readouterr().out
    assert BTC in printed
    assert "ETH" not in printed
    assert "logistic" in printed


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--candidates", "oracle", "gradient boosting"], "no candidate oracle: choose from shipped blend"),
        (["--datadir", "nowhere"], "nowhere is not a directory"),
        (["--pairs", "SOL/USDT:USDT"], "candles are missing for SOL/USDT:USDT"),
        (["--train-until", "2025-01-01T12:00"], "no candle has both features"),
    ],
)
def test_command_that_cannot_compare_says_why_and_what_to_do(
    directory: Path, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    assert main(asked(directory, *more)) == 2
    said = capsys.readouterr()
    assert words in " ".join(said.err.split())
    assert not said.out
