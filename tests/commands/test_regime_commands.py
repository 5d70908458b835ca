"""`outrigger train` and `outrigger evaluate` from the command line, on a market small enough to wait for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from outrigger import regime_cli
from outrigger.cli import app
from outrigger.commands import evaluate_chart
from outrigger.commands.train import Trained, keep_training
from outrigger.errors import DataError, OutriggerError, SettingsError, StateError
from outrigger.regime import evaluation_parts, training
from outrigger.regime.bundle.files import read_bundle
from outrigger.regime.model.classifier import RegimeClassifier
from tests.regime.markets import DAY_MS, START_MS, walk, write_market, write_pair

RUNNER = CliRunner()
DAYS = 60
KEYS = {
    *("log_loss", "prior_log_loss", "volatility_log_loss", "persistence_log_loss", "auc", "macro_auc"),
    *("ece", "brier", "top5_precision", "rows", "from", "to"),
}


def ran(*arguments: object) -> str:
    result = RUNNER.invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module", autouse=True)
def small_classifier() -> Iterator[None]:
    """A few trees are as good as many where only the way to them is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "RegimeClassifier", partial(RegimeClassifier, iterations=6))
        yield


@pytest.fixture(scope="module")
def datadir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("market"), DAYS, ("BTC", "SOL"))


@pytest.fixture(scope="module")
def trained(datadir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("models") / "small"
    told = ran(
        "train",
        "--datadir",
        datadir,
        "--out",
        out,
        "--models",
        "2",
        "--minimum-days",
        "45",
        "--jobs",
        "1",
        "--until",
        "2025-02-24",
        "--json",
    )
    return out, json.loads(told)


def test_train_writes_a_bundle_that_can_be_read(trained: tuple[Path, dict]) -> None:
    out, told = trained
    bundle = read_bundle(out)
    assert len(bundle.models) == len(told["models"]) == 2
    assert told["pairs"] == ["BTC/USDT:USDT", "SOL/USDT:USDT"]
    assert told["inputs"] == ["funding"]
    assert bundle.card.sources == (told_name(told, bundle.card.sources),)


def told_name(told: dict, sources: tuple[str, ...]) -> str:
    """Names of directories, not where they are on somebody's disk."""
    assert "/" not in sources[0]
    assert told["bundle"].endswith("small")
    return sources[0]


def test_train_until_a_day_learns_from_all_of_it_and_nothing_later(trained: tuple[Path, dict]) -> None:
    out, _ = trained
    card = read_bundle(out).card
    end = START_MS + 55 * DAY_MS
    assert card.data_until_ms == end
    assert end - 3_600_000 < card.models[-1].trained_until_ms <= end


def test_evaluate_bundle_on_later_days_gives_every_key(
    datadir: Path, trained: tuple[Path, dict], tmp_path: Path
) -> None:
    out, _ = trained
    page = tmp_path / "page.html"
    told = json.loads(
        ran(
            "evaluate",
            "--datadir",
            datadir,
            "--bundle",
            out,
            "--from",
            "2025-02-25",
            "--json",
            "--html",
            page,
        )
    )
    assert set(told) >= KEYS
    assert told["asked"] == "bundle"
    assert told["from"] == "2025-02-25T00:00:00+00:00"
    html = page.read_text()
    assert "Content-Security-Policy" in html
    assert "Said and came" in html
    assert "https://cdn" not in html.split("<script")[0]


def test_evaluate_pair_the_bundle_never_saw_is_scored(trained: tuple[Path, dict], tmp_path: Path) -> None:
    out, _ = trained
    write_pair(tmp_path, "WIF/USDT:USDT", walk(DAYS, 9))
    told = json.loads(ran("evaluate", "--datadir", tmp_path, "--bundle", out, "--json"))
    assert list(told["pairs"]) == ["WIF/USDT:USDT"]
    assert "WIF/USDT:USDT" not in told["trained_pairs"]


def test_evaluate_fresh_training_is_asked_about_what_comes_after(datadir: Path) -> None:
    told = json.loads(
        ran(
            "evaluate",
            "--datadir",
            datadir,
            "--train-until",
            "2025-02-19",
            "--pairs",
            "BTC/USDT:USDT",
            "--json",
        )
    )
    assert told["asked"] == "fresh"
    assert told["trained_until"][0] <= "2025-02-20T00:00:00+00:00"
    assert told["from"] >= "2025-02-20T03:00"
    assert list(told["pairs"]) == ["BTC/USDT:USDT"]


def test_evaluate_prints_tables_with_importance_and_ablation(
    datadir: Path, trained: tuple[Path, dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, _ = trained
    monkeypatch.setattr(evaluation_parts, "_SAMPLE_ROWS", 200)
    told = ran(
        "evaluate",
        "--datadir",
        datadir,
        "--bundle",
        out,
        "--pairs",
        "SOL/USDT:USDT",
        "--importance",
        "--ablation",
    )
    for word in (
        "persistence",
        "whipsaw",
        "calibration error",
        "TIME_OF_DAY",
        "order_book",
        "withheld",
        "left out",
    ):
        assert word in told


def test_evaluate_data_older_than_the_bundle_is_refused(datadir: Path, trained: tuple[Path, dict]) -> None:
    out, _ = trained
    with pytest.raises(DataError, match="no candle can be scored out of sample"):
        ran("evaluate", "--datadir", datadir, "--bundle", out, "--to", "2025-02-01")


def test_evaluate_without_a_bundle_says_what_to_run(datadir: Path, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="run `outrigger train`"):
        ran("evaluate", "--datadir", datadir, "--bundle", tmp_path / "none")


def test_train_refuses_its_target_before_it_reads_anything(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StateError, match="is a file"):
        ran("train", "--datadir", tmp_path / "nowhere", "--out", tmp_path / "file")


def test_train_directory_of_1m_candles_only_says_what_to_download(tmp_path: Path) -> None:
    (tmp_path / "futures").mkdir()
    (tmp_path / "futures" / "BTC_USDT_USDT-1m-futures.feather").write_bytes(b"")
    with pytest.raises(DataError, match=r"only 1m candles.*--timeframes 5m 15m 4h"):
        ran("train", "--datadir", tmp_path, "--out", tmp_path / "b")


def test_train_data_shorter_than_the_minimum_is_refused(datadir: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"spans 60\.0 days, a first model needs 90"):
        ran("train", "--datadir", datadir, "--out", tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_edge_of_a_date_is_its_end_and_of_a_time_is_that_time() -> None:
    assert regime_cli.edge("2025-01-01") == START_MS
    assert regime_cli.edge("2025-01-01", end=True) == START_MS + DAY_MS
    assert regime_cli.edge("2025-01-01 12:00", end=True) == START_MS + DAY_MS // 2
    assert regime_cli.edge(None) is None
    with pytest.raises(SettingsError, match="is not a time"):
        regime_cli.edge("soon")


class Clock:
    """Time that passes only by working and sleeping; stops the world when it is told to."""

    def __init__(self, naps: int) -> None:
        self.now, self.naps, self.slept = 0.0, naps, list[float]()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        if len(self.slept) > self.naps:
            raise KeyboardInterrupt


def test_keep_training_begins_again_every_so_often_whatever_a_training_takes() -> None:
    clock, told = Clock(naps=3), list[object]()

    def once() -> str:
        clock.now += 100.0
        return f"bundle at {clock.now}"

    with pytest.raises(KeyboardInterrupt):
        keep_training(once, 1000.0, clock=lambda: clock.now, sleep=clock.sleep, tell=told.append)  # type: ignore[arg-type]
    assert told == ["bundle at 100.0", "bundle at 1100.0", "bundle at 2100.0", "bundle at 3100.0"]
    assert clock.slept == [900.0] * 4


def test_keep_training_slower_than_its_interval_does_not_sleep_backwards() -> None:
    clock = Clock(naps=1)

    def once() -> str:
        clock.now += 5000.0
        return "bundle"

    with pytest.raises(KeyboardInterrupt):
        keep_training(once, 1000.0, clock=lambda: clock.now, sleep=clock.sleep, tell=lambda _: None)  # type: ignore[arg-type]
    assert clock.slept == [0.0, 0.0]


def test_keep_training_goes_on_after_a_failure_but_not_after_the_first() -> None:
    clock, told, runs = Clock(naps=2), list[Trained | OutriggerError](), list[int]()

    def once() -> Trained:
        runs.append(1)
        raise DataError("not yet downloaded")

    with pytest.raises(DataError, match="not yet"):
        keep_training(once, 10.0, clock=lambda: clock.now, sleep=clock.sleep, tell=told.append)

    def later() -> object:
        runs.append(1)
        if len(runs) == 3:
            raise DataError("not yet downloaded")
        return "bundle"

    with pytest.raises(KeyboardInterrupt):
        keep_training(later, 10.0, clock=lambda: clock.now, sleep=clock.sleep, tell=told.append)  # type: ignore[arg-type]
    assert [type(one).__name__ for one in told] == ["str", "DataError", "str"]


def test_reliability_of_honest_probabilities_lies_on_the_diagonal() -> None:
    rng = np.random.default_rng(2)
    said = rng.random(200_000)
    mean, came = evaluate_chart.reliability(said, rng.random(200_000) < said)
    np.testing.assert_allclose(mean, came, atol=0.01)
    np.testing.assert_allclose(mean, np.arange(0.05, 1, 0.1), atol=0.01)
