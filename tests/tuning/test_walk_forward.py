"""A walk forward with a Freqtrade that does nothing, and one small walk with the real one."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from outrigger_strategy import Outrigger
from rich.console import Console

from outrigger import cli
from outrigger.errors import DataError, SettingsError
from outrigger.replay.synth import write_market
from outrigger.tuning.chart import figure, write_chart
from outrigger.tuning.folds import Steps
from outrigger.tuning.result import WalkForward
from outrigger.tuning.walk_forward import STARTUP_CANDLES, Asked, walk_forward
from outrigger.tuning.words import footnotes, tables
from tests.commands.terminal import refused
from tests.conftest import REPOSITORY
from tests.tuning.desk import CONFIG, FakeFreqtrade, set_up, value


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """13 days of five-minute candles after the start-up ones: three folds of 6 + 1 + 2 days."""
    data = set_up(tmp_path / "desk")
    monkeypatch.chdir(tmp_path / "desk")
    return Asked(data, Path("config.json"), tmp_path / "out", Steps(6, 2), epochs=12)


def quiet(doing: str, done: int, total: int) -> None:
    assert 0 <= done < total
    assert doing.startswith(f"fold {done + 1} of {total}: ")


def told(done: WalkForward) -> str:
    console = Console(width=150, record=True, file=StringIO())
    for table in tables(done):
        console.print(table)
    return " ".join([*console.export_text().replace("│", " ").split(), *footnotes(done)])


def test_walk_forward_trains_before_it_tests_and_reports_tests_only(asked: Asked) -> None:
    freqtrade = FakeFreqtrade()
    done = walk_forward(asked, quiet, freqtrade)
    assert [one[0] for one in freqtrade.asked] == ["hyperopt", "backtesting", "backtesting"] * 3
    for search, tuned, default in zip(*[iter(freqtrade.asked)] * 3, strict=True):
        trained_to = int(value(search, "--timerange").partition("-")[2])
        assert int(value(tuned, "--timerange").partition("-")[0]) == trained_to + 1 + 86_400
        assert value(tuned, "--timerange") == value(default, "--timerange")
        assert value(search, "--strategy-path") == value(tuned, "--strategy-path")
        assert value(default, "--strategy-path") != value(tuned, "--strategy-path")
        assert value(search, "--hyperopt-loss") == "OutriggerLoss"
        assert search[search.index("--pairs") + 1 :][0] == "BTC/USDT:USDT"
    # Six trades; the ones with tuned parameters win 100 and 300, less 10 bp of 40,000 for their stops.
    assert done.tuned().trades == 6
    assert done.tuned().profit == pytest.approx(3 * (60 + 260) / 10_000)
    assert done.default().profit == pytest.approx(3 * 2 * -480 / 10_000)
    # Two days a test: (60 + 480) and (260 + 480) of 10,000 apart.
    assert done.difference()[0] == pytest.approx(((540 + 740) / 2) / 10_000 * 1e4)
    assert done.trials == 36


def test_walk_forward_leaves_the_traders_strategy_and_parameters_alone(asked: Asked) -> None:
    done = walk_forward(asked, quiet, FakeFreqtrade())
    assert Path("strategies/outrigger_strategy.json").read_text() == "{}"
    assert sorted(file.name for file in Path("strategies").iterdir()) == [
        "outrigger_strategy.json",
        "outrigger_strategy.py",
    ]
    assert done.ignored == "strategies/outrigger_strategy.json"
    assert "was left out" in told(done)
    untuned = asked.out / "data" / "fold-01" / "default" / "strategies"
    assert [file.name for file in untuned.iterdir()] == ["outrigger_strategy.py"]


def test_walk_forward_draws_other_parameters_in_every_fold(asked: Asked) -> None:
    done = walk_forward(asked, quiet, FakeFreqtrade())
    chosen = {one.name: done.chosen(one) for one in done.searched}
    assert chosen["stop_trail_sigma"] == pytest.approx([0.58, 0.59, 0.60])
    assert "signals_channel" not in chosen  # not of the spaces searched
    parameter = next(one for one in done.to_dict()["parameters"] if one["name"] == "stop_trail_sigma")
    assert parameter["spread"] == pytest.approx(0.02 / 0.7)
    assert (parameter["default"], parameter["low"], parameter["high"]) == (0.7, 0.5, 1.2)


def test_walk_forward_again_reads_what_was_finished(asked: Asked) -> None:
    first = walk_forward(asked, quiet, FakeFreqtrade())
    again = FakeFreqtrade()
    assert walk_forward(asked, quiet, again).to_dict() == first.to_dict()
    assert again.asked == []


def test_walk_forward_again_after_a_result_was_lost_runs_that_fold_anew(asked: Asked) -> None:
    first = walk_forward(asked, quiet, FakeFreqtrade())
    for file in (asked.out / "data" / "fold-02" / "tuned" / "results").iterdir():
        file.unlink()
    again = FakeFreqtrade()
    assert walk_forward(asked, quiet, again).to_dict() == first.to_dict()
    assert len(again.asked) == 3


@pytest.mark.parametrize(
    "change", [{"epochs": 13}, {"seed": 8}, {"spaces": ("stop", "enter")}, {"steps": Steps(5, 2)}]
)
def test_walk_forward_of_something_else_runs_anew(asked: Asked, change: dict[str, Any]) -> None:
    walk_forward(asked, quiet, FakeFreqtrade())
    other = FakeFreqtrade()
    walk_forward(replace(asked, **change), quiet, other)
    assert len(other.asked) >= 9


def test_walk_forward_after_a_change_of_strategy_or_configuration_runs_anew(asked: Asked) -> None:
    walk_forward(asked, quiet, FakeFreqtrade())
    Path("strategies/outrigger_strategy.py").write_text("class Outrigger: stoploss = -0.2\n")
    other = FakeFreqtrade()
    walk_forward(asked, quiet, other)
    Path("config.json").write_text(json.dumps({**CONFIG, "max_open_trades": 3}))
    walk_forward(asked, quiet, other)
    assert len(other.asked) == 18


def test_walk_forward_with_a_failed_fold_goes_on_and_tries_it_again(asked: Asked) -> None:
    done = walk_forward(asked, quiet, FakeFreqtrade(fails=("hyperopt 4",)))
    assert [one.fold.number for one in done.outcomes] == [1, 3]
    (failure,) = done.failures
    assert failure.fold.number == 2
    assert "ended with code 2; it said last: no candles to be had" in failure.message
    assert "Run the same command again" in told(done)
    again = FakeFreqtrade()
    assert not walk_forward(asked, quiet, again).failures
    assert len(again.asked) == 3


def test_walk_forward_with_a_failed_test_reports_it(asked: Asked) -> None:
    done = walk_forward(asked, quiet, FakeFreqtrade(fails=("backtesting 3",)))
    assert "freqtrade backtesting ended with code 2" in done.failures[0].message


def test_walk_forward_of_nothing_but_failures_still_has_a_result(asked: Asked) -> None:
    done = walk_forward(asked, quiet, FakeFreqtrade(fails=tuple(f"hyperopt {n}" for n in range(9))))
    assert not done.outcomes
    assert json.loads(json.dumps(done.to_dict(), allow_nan=False))["out_of_sample"]["tuned"]["trades"] == 0
    assert "has no result" in told(done)


def test_walk_forward_interrupted_does_not_take_half_a_search_for_a_whole(asked: Asked) -> None:
    with pytest.raises(KeyboardInterrupt):
        walk_forward(asked, quiet, FakeFreqtrade(interrupts=True))
    again = FakeFreqtrade()
    walk_forward(asked, quiet, again)
    assert len(again.asked) == 9


def test_walk_forward_where_nothing_was_found_tests_the_configuration(asked: Asked) -> None:
    done = walk_forward(asked, quiet, FakeFreqtrade(finds=False))
    assert [one.parameters for one in done.outcomes] == [{}, {}, {}]
    assert done.to_dict()["parameters"][0]["spread"] is None
    assert "–" in told(done)


def test_walk_forward_result_is_told_in_words_numbers_and_pictures(asked: Asked, tmp_path: Path) -> None:
    done = walk_forward(asked, quiet, FakeFreqtrade())
    words = told(done)
    for part in (
        "1: 15 Mar",
        "all tuned 6 +40",
        "36 parameter sets",
        "errors in its own training",
        "6 days tested",
        "10 bp",
    ):
        assert part in words
    assert json.loads(json.dumps(done.to_dict(), allow_nan=False))["trials"] == 36
    write_chart(done, tmp_path / "walk.html")
    assert "Walk forward, data, 5m, BTC: 3 folds, 36 trials" in (tmp_path / "walk.html").read_text()
    profit = next(trace for trace in figure(done).data if trace.name == "tuned on the window before")
    assert profit.y[-1] == pytest.approx(done.tuned().profit)


def test_walk_forward_of_an_unknown_space_names_the_known_ones(asked: Asked) -> None:
    with pytest.raises(SettingsError, match=r"--spaces buy: no search space .* it has enter, hedge"):
        walk_forward(replace(asked, spaces=("stop", "buy")), quiet, FakeFreqtrade())


def test_walk_forward_without_its_loss_function_says_where_it_belongs(asked: Asked) -> None:
    Path("user_data/hyperopts/outrigger_loss.py").unlink()
    with pytest.raises(SettingsError, match="hyperopts has no outrigger_loss"):
        walk_forward(asked, quiet, FakeFreqtrade())
    assert walk_forward(replace(asked, loss="SharpeHyperOptLossDaily"), quiet, FakeFreqtrade()).outcomes


def test_walk_forward_without_candles_or_strategy_is_refused(asked: Asked) -> None:
    with pytest.raises(DataError, match="1h candles of none of the configured pairs"):
        walk_forward(replace(asked, timeframe="1h"), quiet, FakeFreqtrade())
    Path("config.json").write_text(json.dumps({**CONFIG, "strategy": ""}))
    with pytest.raises(SettingsError, match='names no "strategy"'):
        walk_forward(asked, quiet, FakeFreqtrade())


def test_startup_candles_are_those_of_the_strategy() -> None:
    assert Outrigger.startup_candle_count == STARTUP_CANDLES


def test_command_refuses_windows_that_do_not_fit(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(monkeypatch, capsys, "walk-forward", "--datadir", asked.datadir, "--out", asked.out)
    assert "holds 0 of 1 folds of 30 + 1 + 10 days" in said


def test_command_interrupted_says_how_to_go_on(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("outrigger.tuning.walk_forward.offline", lambda *given, **named: 130)
    windows = ("--train-days", "6", "--test-days", "2")
    monkeypatch.setattr(
        sys, "argv", ["outrigger", "walk-forward", "--datadir", str(asked.datadir), "--out", "kept", *windows]
    )
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    assert "interrupted: the same command goes on" in capsys.readouterr().err


@pytest.mark.engine
def test_walk_forward_with_the_real_freqtrade_finds_parameters_and_tests_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("COLUMNS", "200")
    write_market(tmp_path / "market", 5, 7, ("BTC/USDT:USDT", "ETH/USDT:USDT"), warmup_days=8)
    beside = sorted(Path("strategies").iterdir())
    steps = Steps(3, 1.5, 0.25, folds=1)
    market, out = tmp_path / "market", tmp_path / "out"
    asked = Asked(market, Path("config.json"), out, steps, epochs=2, timeframe="5m", jobs=1)
    done = walk_forward(asked, quiet)
    assert not done.failures, done.failures
    (outcome,) = done.outcomes
    assert outcome.epochs == 2
    # Freqtrade writes every parameter of the space down, those that are switched off at their value.
    searched, shut = {one.name for one in done.searched}, {"squeeze_funding_gain", "squeeze_depth_gain"}
    assert set(outcome.parameters) == searched | shut
    assert not searched & shut
    for one in done.searched:
        assert one.low <= outcome.parameters[one.name] <= one.high
    assert (outcome.tuned.start_ms, outcome.default.start_ms) == (outcome.fold.test.start_ms,) * 2
    log = (asked.out / "market" / "fold-01" / "tuned" / "backtesting.log").read_text()
    assert f"stop_trail_sigma = {outcome.parameters['stop_trail_sigma']}" in log
    assert sorted(Path("strategies").iterdir()) == beside
