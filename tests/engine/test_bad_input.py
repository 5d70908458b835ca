"""Bad candles, missing files and unusable settings: said clearly, and open positions keep their stops."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.configuration.config_setup import setup_utils_configuration
from freqtrade.enums import RunMode
from freqtrade.exceptions import OperationalException
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.persistence import LocalTrade

from outrigger.errors import DataError, ReplayError
from outrigger.replay.exchange import ReplayServer, open_market
from outrigger.replay.offline import offline
from tests.conftest import REPOSITORY
from tests.doctor.desk import BTC, TIMERANGE, file_of, write_market
from tests.engine.harness import Engine, candles
from tests.engine.test_stop_in_engine import ENTRY, VOLATILITY, every_side, path, still, to

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]

# Forecast 1 %: armed at 2 %, trail .75 %: the stop of a trade whose best close was 2 %.
BEST, TRAIL = 0.02, 0.0075
UP_AND_BACK = [*still(4), to(0, BEST), *still(4, BEST), to(BEST, 0.0), *still(2)]


def trailed(side: int) -> float:
    return ENTRY * (1 + side * BEST) * (1 - side * TRAIL)


@every_side
@pytest.mark.parametrize("columns", [["close"], ["close", "adverse"]], ids=["close", "close and extreme"])
def test_price_that_is_no_number_keeps_the_stop(engine: Engine, side: int, columns: list[str]) -> None:
    """Freqtrade's loader mends files with such prices; its engine fails on an open that is none."""
    frame = candles(path(side, *UP_AND_BACK))
    adverse = "low" if side > 0 else "high"
    frame.loc[6:7, [adverse if column == "adverse" else column for column in columns]] = np.nan
    found = engine.run([], [(2, side)], outrigger=VOLATILITY, leverage=5, frame=frame)
    assert found.trade.close_rate == pytest.approx(trailed(side), abs=0.2)


@every_side
def test_candles_without_volume_keep_the_stop(engine: Engine, side: int) -> None:
    frame = candles(path(side, *UP_AND_BACK))
    frame.loc[5:, "volume"] = 0.0
    found = engine.run([], [(2, side)], outrigger=VOLATILITY, leverage=5, frame=frame)
    assert found.trade.close_rate == pytest.approx(trailed(side), abs=0.2)


@every_side
def test_gap_of_hours_keeps_the_stop(engine: Engine, side: int) -> None:
    frame = candles(path(side, *UP_AND_BACK))
    frame.loc[7:, "date"] += pd.Timedelta(hours=5)
    found = engine.run([], [(2, side)], outrigger=VOLATILITY, leverage=5, frame=frame)
    assert found.trade.close_rate == pytest.approx(trailed(side), abs=0.2)


@pytest.mark.parametrize("rows", [[0, 1, 2, 3, 3, 4, 5], [0, 1, 2, 4, 3, 5]], ids=["duplicate", "unsorted"])
def test_dates_that_do_not_increase_are_refused_by_name(engine: Engine, rows: list[int]) -> None:
    """Freqtrade's loader sorts files; a frame that reaches the strategy like this is a fault upstream."""
    frame = candles(path(1, *still(8))).iloc[rows].reset_index(drop=True)
    with pytest.raises(DataError, match="date"):
        engine.run([], [(2, 1)], outrigger=VOLATILITY, frame=frame)


# Files


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("bad_input") / "data")


@pytest.fixture
def home(tmp_path: Path, sound: Path) -> Path:
    """Data, and a configuration that overlays the shipped one."""
    shutil.copytree(sound, tmp_path / "data")
    overlay = {
        "timeframe": "5m",
        "startup_candle_count": 120,
        "max_open_trades": 1,
        "strategy_path": str(REPOSITORY / "strategies"),
        "exchange": {"pair_whitelist": [BTC]},
    }
    (tmp_path / "overlay.json").write_text(json.dumps(overlay))
    return tmp_path


def plant(home: Path, kind: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    path = file_of(home / "data", BTC, kind)
    change(pd.read_feather(path)).reset_index(drop=True).to_feather(path)


def backtest(engine: Engine, home: Path, **options: Any) -> Any:
    """Backtest the shipped strategy on a data directory, as the command does it, within this process."""
    arguments = {
        "config": [*engine.base_config["config"], str(home / "overlay.json")],
        "datadir": str(home / "data"),
        "user_data_dir": str(home),
        "timerange": TIMERANGE,
    }
    config = setup_utils_configuration({**arguments, **options}, RunMode.BACKTEST)
    backtesting = Backtesting(config, engine.exchange(config))
    backtesting.start()
    return backtesting.strategylist[0]


@pytest.mark.parametrize("kind", ["15m-futures", "4h-futures"])
def test_missing_chart_names_the_pair_and_the_command(engine: Engine, home: Path, kind: str) -> None:
    file_of(home / "data", BTC, kind).unlink()
    name = kind.partition("-")[0]
    with pytest.raises(
        (DataError, OperationalException), match=f"no {name} candles of {BTC}.*--timeframes {name}"
    ):
        backtest(engine, home)


def test_missing_base_candles_end_the_backtest(engine: Engine, home: Path) -> None:
    file_of(home / "data", BTC, "5m-futures").unlink()
    with pytest.raises(OperationalException, match="No data found"):
        backtest(engine, home)


@pytest.mark.parametrize("kind", ["funding_rate", "mark"])
def test_missing_funding_is_refused_not_ignored(engine: Engine, home: Path, kind: str) -> None:
    file_of(home / "data", BTC, f"1h-{kind}").unlink()
    with pytest.raises(
        (DataError, OperationalException), match=f"no {kind} candles.*would charge no funding"
    ):
        backtest(engine, home)


def test_funding_under_its_old_name_is_refused(engine: Engine, home: Path) -> None:
    file_of(home / "data", BTC, "1h-funding_rate").rename(file_of(home / "data", BTC, "8h-funding_rate"))
    with pytest.raises((DataError, OperationalException), match="would charge no funding"):
        backtest(engine, home)


def nan_prices(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[frame.index[-150:-140], ["open", "high", "low", "close"]] = np.nan
    return frame


@pytest.mark.parametrize("kind", ["5m-futures", "15m-futures"])
@pytest.mark.parametrize(
    "change",
    [
        nan_prices,
        lambda frame: frame.drop(index=frame.index[-150:-140]),
        lambda frame: pd.concat([frame, frame.tail(20)]),
        lambda frame: frame.iloc[::-1],
        lambda frame: frame.assign(volume=0.0),
    ],
    ids=["nan", "gap", "duplicate", "reversed", "no volume"],
)
def test_defects_that_freqtrade_mends_do_not_stop_a_backtest(
    engine: Engine, home: Path, kind: str, change: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    plant(home, kind, change)
    strategy = backtest(engine, home)
    assert strategy.faults.total() == 0
    assert all(np.isfinite(trade.close_rate) for trade in LocalTrade.bt_trades)
    assert strategy.keeper.track(BTC) is not None


def test_unknown_key_is_refused_with_the_nearest_one(engine: Engine, home: Path) -> None:
    extra = home / "overlay.json"
    extra.write_text(
        json.dumps({**json.loads(extra.read_text()), "outrigger": {"stop": {"trail_sigmas": 1.0}}})
    )
    with pytest.raises(OperationalException, match=r"outrigger\.stop\.trail_sigmas.*'trail_sigma'"):
        backtest(engine, home)


# The real command line


def command(home: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and output of the `freqtrade` command against the replay exchange."""
    files = ["--config", str(REPOSITORY / "config.json"), "--config", str(home / "overlay.json")]
    where = ["--userdir", str(home), "--timerange", TIMERANGE, "--cache", "none", "--export", "none"]
    with (home / "output.log").open("wb") as output:
        code = offline(home / "data", ["backtesting", *files, *where, *arguments], output=output)
    # Freqtrade's log wraps at the width of the terminal.
    return code, " ".join((home / "output.log").read_text().split())


def test_command_without_funding_fails_and_says_what_to_download(home: Path) -> None:
    file_of(home / "data", BTC, "1h-funding_rate").unlink()
    code, printed = command(home)
    assert code != 0
    assert f"no funding_rate candles of {BTC}" in printed
    assert "freqtrade download-data" in printed


def test_command_with_an_unknown_key_fails_without_a_traceback(home: Path) -> None:
    extra = home / "overlay.json"
    extra.write_text(
        json.dumps({**json.loads(extra.read_text()), "outrigger": {"stop": {"trail_sigmas": 1.0}}})
    )
    code, printed = command(home)
    assert code != 0
    assert "outrigger.stop.trail_sigmas = 1.0: unknown key; the nearest valid key is 'trail_sigma'" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("kind", ["absent", "empty", "file"])
def test_command_on_what_is_no_data_directory_says_so(home: Path, kind: str) -> None:
    shutil.rmtree(home / "data")
    if kind == "empty":
        (home / "data").mkdir()
    elif kind == "file":
        (home / "data").write_text("")
    with pytest.raises(DataError, match=r"no data directory at|no futures candles in"):
        command(home)


def test_port_in_use_is_said_with_its_number(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ReplayError, match=str(port)):
            ReplayServer(open_market(home / "data", replay=False), port=port)
