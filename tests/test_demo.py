"""The demo, whole and small; and its parts where whole would be slow."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from outrigger.demo import Comparison, DemoResult, run_comparison, run_demo
from outrigger.demo.backtests import Job, copy_strategies, finished_result, job, last_message
from outrigger.demo.display import Display
from outrigger.demo.policies import compared
from outrigger.errors import DataError, ReplayError, SettingsError
from outrigger.market.candles import read_candles
from outrigger.replay.synth import is_synthetic
from outrigger.review.backtest_export import read_export
from outrigger.review.stop_line import stop_line
from outrigger.review.trade import STOP_EXITS
from outrigger.stops.measured import measured_track
from tests.conftest import REPOSITORY
from tests.review.ledger import exported, exported_trade, write_export

PAIRS = ("BTC/USDT:USDT", "SOL/USDT:USDT")
POLICIES = ("volatility", "trailing")
CONFIG = REPOSITORY / "config.json"
TIMERANGE = ("--timerange", "20260304-20260306")
engine = pytest.mark.engine
# One process makes the demo once and looks at it from all sides.
whole = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[DemoResult, str]:
    """Two pairs for two days, two stops, through the real command; and what was said meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        said = StringIO()
        out = tmp_path_factory.mktemp("demo") / "new"
        console = Console(file=said, width=100)
        done = run_demo(Comparison(out, POLICIES, CONFIG), days=2, seed=3, pairs=PAIRS, console=console)
    return done, said.getvalue()


@engine
@whole
def test_demo_leaves_market_report_and_numbers(demo: tuple[DemoResult, str]) -> None:
    done, said = demo
    assert is_synthetic(done.datadir)
    page = done.report.read_text(encoding="utf-8")
    assert "Synthetic market" in page
    assert "seed 3" in page
    assert done.report.stat().st_size < 10_000_000
    assert json.loads(done.numbers.read_text()) == json.loads(json.dumps(done.to_dict()))
    assert [summary.name for summary in done.summaries] == ["volatility", "trail 3 %"]
    for part in ("synthetic market", "backtest volatility", "backtest trail 3 %", "report.html"):
        assert part in said


@engine
@whole
def test_demo_table_calls_the_market_synthetic(demo: tuple[DemoResult, str]) -> None:
    console = Console(width=120, record=True, file=StringIO())
    console.print(demo[0].table())
    text = " ".join(console.export_text().split())
    assert text.startswith("Synthetic market: this shows that it works, not that it earns.")
    assert "Premature" in text


@engine
@whole
def test_demo_trades_lie_in_the_days_asked_for_and_every_exit_can_be_judged(
    demo: tuple[DemoResult, str],
) -> None:
    done, _ = demo
    assert sum(summary.trades for summary in done.summaries) > 0
    for summary, policy in zip(done.summaries, POLICIES, strict=True):
        (result,) = read_export(done.report.parent / "backtests" / policy / "results")
        assert set(result.pairs) == set(PAIRS)
        assert summary.trades == len(result.trades)
        assert 0 < result.end_ms - result.start_ms <= 2 * 86_400_000
        assert summary.premature.not_judged == 0
        assert summary.premature_other[-1].not_judged == 0


@engine
@whole
def test_demo_replayed_stops_end_where_the_engine_held_them(demo: tuple[DemoResult, str]) -> None:
    done, _ = demo
    config = json.loads(CONFIG.read_text())
    compared_trades = 0
    for stop in compared(config, POLICIES, PAIRS):
        (result,) = read_export(done.report.parent / "backtests" / stop.policy / "results")
        for pair in PAIRS:
            frames = {chart: read_candles(done.datadir, pair, chart) for chart in ("1m", "5m", "1h")}
            track = measured_track(frames, "1m", stop.settings, pair)
            for trade in result.trades:
                if trade.pair != pair or trade.exit_reason not in STOP_EXITS - {"stop_crossed"}:
                    continue
                line = stop_line(trade, track, stop.settings.stop)
                # A candle that closes as the trade ends moves the replayed stop, no longer the engine's.
                held = [price for at, price in line.levels if at < trade.closed_ms] or [line.levels[0][1]]
                assert min(abs(price / trade.stop - 1) for price in held[-2:]) < 1e-4
                compared_trades += 1
    assert compared_trades > 0


def test_demo_without_a_configuration_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.json does not exist"):
        run_demo(Comparison(tmp_path / "out", config=tmp_path / "absent.json"))
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(SettingsError, match="cannot be read as JSON"):
        run_demo(Comparison(tmp_path / "out", config=broken))
    assert not (tmp_path / "out").exists()


@engine
@whole
def test_comparison_on_a_data_directory_gives_the_demos_figures(
    demo: tuple[DemoResult, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    asked = Comparison(tmp_path / "out", POLICIES[:1], CONFIG, TIMERANGE)
    done = run_comparison(asked, demo[0].datadir, console=Console(file=StringIO()))
    assert done.notice.startswith("Synthetic market")
    assert done.summaries[0].to_dict() == demo[0].summaries[0].to_dict()
    assert not (tmp_path / "out" / "market").exists()


def test_comparison_without_any_of_the_configured_pairs_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none of the configured pairs"):
        run_comparison(Comparison(tmp_path / "out", config=CONFIG), tmp_path)


def test_demo_refuses_to_write_over_data_that_is_not_synthetic(tmp_path: Path) -> None:
    real = tmp_path / "market" / "futures" / "BTC_USDT_USDT-1m-futures.feather"
    real.parent.mkdir(parents=True)
    real.write_bytes(b"somebody's data")
    with pytest.raises(DataError, match="not labelled synthetic"):
        run_demo(Comparison(tmp_path, config=CONFIG), pairs=PAIRS, console=Console(file=StringIO()))
    assert real.read_bytes() == b"somebody's data"


def test_compared_labels_each_stop_and_overlays_nothing_else() -> None:
    config = json.loads(CONFIG.read_text())
    stops = compared(config, ("volatility", "fixed", "trailing", "chandelier"), PAIRS)
    assert [stop.label for stop in stops] == ["volatility", "fixed 3 %", "trail 3 %", "chandelier 22 × 3"]
    for stop in stops:
        assert stop.settings.stop.policy == stop.policy
        assert stop.overlay["outrigger"] == {"stop": {"policy": stop.policy}}
        assert stop.overlay["exchange"]["pair_whitelist"] == list(PAIRS)
    with pytest.raises(SettingsError, match="policy"):
        compared(config, ("wishful",), PAIRS)


def test_copy_strategies_leaves_hyperopt_parameters_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "outrigger_strategy.py").write_text("x = 1")
    (tmp_path / "mine" / "outrigger_strategy.json").write_text("{}")
    copied = copy_strategies({"strategy_path": "mine"}, tmp_path / "out")
    assert [file.name for file in copied.iterdir()] == ["outrigger_strategy.py"]
    with pytest.raises(SettingsError, match="no strategy file in"):
        copy_strategies({}, tmp_path / "out")


@pytest.fixture
def one(tmp_path: Path) -> Job:
    """A job whose directories exist and that has not run."""
    (stop,) = compared({}, ("fixed",), PAIRS)
    return job(stop, CONFIG, tmp_path / "strategies", tmp_path / "market", tmp_path, TIMERANGE)


def test_job_has_its_own_results_and_replaces_earlier_ones(one: Job, tmp_path: Path) -> None:
    assert one.results.is_dir()
    assert json.loads((one.log.parent / "overlay.json").read_text())["outrigger"]["stop"] == {
        "policy": "fixed"
    }
    (one.results / "old.zip").touch()
    (stop,) = compared({}, ("fixed",), PAIRS)
    again = job(stop, CONFIG, tmp_path / "strategies", tmp_path / "market", tmp_path, TIMERANGE)
    assert again == one
    assert not list(one.results.iterdir())


def test_finished_result_of_a_failure_ends_with_what_freqtrade_said(one: Job) -> None:
    one.log.write_text("".join(f"line {number}\n" for number in range(1000)) + "no such strategy\n")
    with pytest.raises(ReplayError, match="code 2") as refused:
        finished_result(one, 2)
    assert "no such strategy" in str(refused.value)
    assert "line 1\n" not in str(refused.value)
    assert str(one.log) in str(refused.value)


def test_finished_result_of_several_strategies_is_refused(one: Job) -> None:
    write_export(one.results, A=exported(exported_trade()), B=exported())
    with pytest.raises(DataError, match="results of 2 strategies"):
        finished_result(one, 0)


def test_last_message_is_freqtrades_last_line_of_log(tmp_path: Path) -> None:
    log = tmp_path / "freqtrade.log"
    assert last_message(log) == "starting"
    log.write_text(
        "2026-03-04 10:00:00,001 - freqtrade.data.history - INFO - Loading data\n"
        "2026-03-04 10:00:01,002 - freqtrade.optimize - WARNING - Running backtesting\n"
        "a table follows\n"
    )
    assert last_message(log) == "Running backtesting"


@pytest.mark.parametrize("terminal", [False, True])
def test_display_says_what_is_done_and_survives_any_label(terminal: bool) -> None:
    said = StringIO()
    with Display(Console(file=said, width=90, force_terminal=terminal), 1, ["fixed [3 %]"]) as display:
        display.pair("BTC/USDT:USDT", 1, 1)
        display.backtest("fixed [3 %]", "[/] loading", False)
        display.backtest("fixed [3 %]", "7 trades in 3 s", True)
        display.step("writing the report")
    for part in ("synthetic market: 1 pairs", "fixed [3 %]: 7 trades in 3 s", "writing the report"):
        assert part in said.getvalue()
    assert ("freqtrade backtesting" in said.getvalue()) is not terminal
