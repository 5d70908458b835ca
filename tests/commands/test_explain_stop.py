"""The stop of one trade, told from prices or from recorded candles."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from outrigger.commands.explain_stop import Explanation, TradeAsked, along_path, as_table, on_candles
from outrigger.errors import DataError
from outrigger.settings.read import Settings
from outrigger.settings.stop import StopSettings
from tests.commands.candle_data import DAY_MS, PAIR, START_MS, write_candles

TRAIL = StopSettings(policy="trailing", trailing_width=0.03)
VOLATILITY = StopSettings(
    protect_sigma=2.0, activation=0.02, activation_sigma=2.0, trail_sigma=1.0, noise_candles=0.0
)
MINUTE = 60_000


@pytest.fixture(scope="module")
def datadir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_candles(tmp_path_factory.mktemp("data"))


def shown(told: Explanation, *, every: bool = False, width: int = 120) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(as_table(told, every_candle=every))
    return out.getvalue()


@pytest.mark.parametrize(
    ("side", "prices", "stops"),
    [
        (1, [40_000, 42_000, 41_000], [38_800, 40_740, 40_740]),
        (-1, [40_000, 38_000, 39_000], [41_200, 39_140, 39_140]),
    ],
)
def test_along_path_acceptance_example_and_its_mirror(
    side: int, prices: list[float], stops: list[float]
) -> None:
    told = along_path(side, 40_000.0, prices, TRAIL, None)
    assert told.to_dict()["stops"] == stops
    assert told.armed_at == 0
    assert not told.dated


def test_along_path_volatility_arms_on_the_close_that_reaches_it() -> None:
    """Forecast 1 %: protective 2 %, armed at 2 %, trail 1 %."""
    told = along_path(1, 100.0, [101.9, 102.0, 103.0, 101.0], VOLATILITY, 0.01)
    assert [step.stop for step in told.steps] == pytest.approx([98.0, 100.98, 101.97, 101.97])
    assert [step.hit for step in told.steps] == [False, False, False, True]
    assert told.armed_at == 1


def test_along_path_ends_where_the_stop_is_hit() -> None:
    told = along_path(1, 100.0, [96.0, 120.0], TRAIL, None)
    assert len(told.steps) == 1
    assert told.steps[0].hit


@pytest.mark.parametrize("policy", ["volatility", "chandelier"])
def test_along_path_without_a_forecast_is_refused(policy: str) -> None:
    with pytest.raises(DataError, match=f"policy {policy} needs a forecast: add --sigma"):
        along_path(1, 100.0, [101.0], StopSettings(policy=policy), None)  # type: ignore[arg-type]


@pytest.mark.parametrize("sigma", [0.0, -0.01, float("nan"), float("inf")])
def test_along_path_unusable_forecast_is_refused(sigma: float) -> None:
    with pytest.raises(DataError, match="--sigma is"):
        along_path(1, 100.0, [101.0], VOLATILITY, sigma)


def test_along_path_without_prices_is_refused() -> None:
    with pytest.raises(DataError, match="the path is empty"):
        along_path(1, 100.0, [], TRAIL, None)


def test_to_dict_is_strict_json_where_the_trail_never_arms() -> None:
    told = along_path(1, 100.0, [101.0, 99.0], StopSettings(policy="fixed"), None)
    body = json.loads(json.dumps(told.to_dict(), allow_nan=False))
    assert (body["side"], body["entry"], body["policy"], body["armed_at"]) == ("long", 100.0, "fixed", None)
    assert body["stops"] == [97.0, 97.0]
    assert [step["activation"] for step in body["steps"]] == [None, None]


def test_on_candles_without_an_entry_price_takes_the_open(datadir: Path) -> None:
    opened = START_MS + 9 * DAY_MS
    told = on_candles(TradeAsked(datadir, PAIR, "1m", 1, opened), Settings(stop=TRAIL))
    candles = pd.read_feather(datadir / "futures" / "BTC_USDT_USDT-1m-futures.feather")
    dates = candles["date"].dt.tz_localize(None).to_numpy().astype("datetime64[ms]").astype(np.int64)
    assert told.entry == candles["open"].iloc[int(np.searchsorted(dates, opened))]
    assert told.dated
    assert told.steps[0].closed_at_ms == opened + MINUTE


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("timeframe", ["1m", "5m"])
def test_on_candles_stop_only_moves_in_the_trades_favour(datadir: Path, side: int, timeframe: str) -> None:
    asked = TradeAsked(datadir, PAIR, timeframe, side, START_MS + 9 * DAY_MS)
    stops = side * np.array([step.stop for step in on_candles(asked, Settings(stop=VOLATILITY)).steps])
    assert (np.diff(stops) >= 0).all()


def test_on_candles_ends_at_the_close_of_the_trade(datadir: Path) -> None:
    opened = START_MS + 9 * DAY_MS
    asked = TradeAsked(datadir, PAIR, "1m", 1, opened, None, opened + 7 * MINUTE)
    told = on_candles(asked, Settings(stop=StopSettings(policy="fixed", fixed_distance=0.5)))
    assert [step.closed_at_ms for step in told.steps] == [opened + n * MINUTE for n in range(1, 8)]


def test_on_candles_trade_within_one_candle_is_told_at_its_close(datadir: Path) -> None:
    opened = START_MS + 9 * DAY_MS
    told = on_candles(TradeAsked(datadir, PAIR, "1m", 1, opened, None, opened), Settings(stop=TRAIL))
    assert [step.closed_at_ms for step in told.steps] == [opened + MINUTE]
    assert "long" in shown(told)


@pytest.mark.parametrize(
    ("opened", "message"),
    [
        (START_MS - DAY_MS, "do not cover the entry"),
        (START_MS + 60 * MINUTE, "do not cover the entry"),
        (START_MS + 400 * DAY_MS, "after the last candle"),
    ],
)
def test_on_candles_entry_outside_the_candles_is_refused(datadir: Path, opened: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        on_candles(TradeAsked(datadir, PAIR, "1m", 1, opened), Settings(stop=VOLATILITY))


@pytest.mark.parametrize(("pair", "timeframe"), [("ETH/USDT:USDT", "1m"), (PAIR, "3m")])
def test_on_candles_missing_file_is_named_with_the_command(datadir: Path, pair: str, timeframe: str) -> None:
    with pytest.raises(DataError, match=f"{timeframe}-futures.feather is missing.*freqtrade download-data"):
        on_candles(TradeAsked(datadir, pair, timeframe, 1, START_MS), Settings(stop=TRAIL))


def test_as_table_shows_candles_in_which_something_happened() -> None:
    told = along_path(1, 100.0, [100.0, 101.0, 102.0, 101.9, 101.8, 101.7, 101.6, 100.0], VOLATILITY, 0.01)
    text = shown(told)
    assert "Stop of a long from 100, policy volatility" in text
    assert text.count("arms at 2.00%") == 1
    assert "arms" in text
    assert "hit, armed" in text
    rows = [line.split("│")[1].strip() for line in text.splitlines() if line.startswith("│")]
    assert rows == ["1", "3", "8"]
    assert [line.split("│")[1].strip() for line in shown(told, every=True).splitlines() if "│" in line] == [
        str(number) for number in range(1, 9)
    ]


def test_as_table_keeps_numbers_and_times_whole_on_a_narrow_terminal(datadir: Path) -> None:
    asked = TradeAsked(datadir, PAIR, "1m", -1, START_MS + 9 * DAY_MS)
    text = shown(on_candles(asked, Settings(stop=TRAIL)), width=80)
    assert "…" not in text
    assert "01-15 00:01" in text
