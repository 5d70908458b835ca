"""The chart shows what the law did, in one file that needs no network."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from outrigger.commands.explain_stop import Explanation, TradeAsked, along_path, on_candles
from outrigger.commands.stop_chart import exit_of, figure, write_chart
from outrigger.settings.read import Settings
from outrigger.settings.stop import StopSettings
from outrigger.stops.explain import explain
from tests.commands.candle_data import DAY_MS, PAIR, START_MS, write_candles
from tests.stops.tracks import closes_at, dated, steady, track

TRAIL = StopSettings(policy="trailing", trailing_width=0.03)
VOLATILITY = StopSettings(
    protect_sigma=2.0, activation=0.02, activation_sigma=2.0, trail_sigma=1.0, noise_candles=0.0
)
OPENED = START_MS + 9 * DAY_MS
MINUTE = 60_000


@pytest.fixture(scope="module")
def datadir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_candles(tmp_path_factory.mktemp("data"))


def traces(told: Explanation) -> dict[str, Any]:
    return {trace.name: trace for trace in figure(told).data}


def points(trace: Any) -> list[tuple[Any, Any]]:
    return list(zip(trace.x, trace.y, strict=True))


def test_figure_of_a_path_has_every_part_at_its_place() -> None:
    told = along_path(1, 100.0, [101.0, 102.0, 103.0, 101.0], VOLATILITY, 0.01)
    drawn = traces(told)
    assert points(drawn["close"]) == [(0, 100.0), (1, 101.0), (2, 102.0), (3, 103.0), (4, 101.0)]
    assert [y for _, y in points(drawn["stop"])] == pytest.approx([98.0, 98.0, 100.98, 101.97, 101.97])
    assert drawn["stop"].line.shape == "hv"
    assert [y for _, y in points(drawn["best price"])] == [100.0, 101.0, 102.0, 103.0, 103.0]
    assert points(drawn["arms at"]) == [(1, 102.0), (2, 102.0)]
    assert points(drawn["entry"]) == [(0, 100.0)]
    assert points(drawn["trail arms"]) == [(2, 102.0)]
    assert points(drawn["exit: stop hit"]) == [(4, pytest.approx(101.97))]


@pytest.mark.parametrize(("side", "symbol"), [(1, "triangle-up"), (-1, "triangle-down")])
def test_figure_marks_the_side_of_the_entry(side: int, symbol: str) -> None:
    told = along_path(side, 100.0, [100.0], TRAIL, None)
    assert traces(told)["entry"].marker.symbol == symbol


def test_figure_trail_from_the_entry_has_no_arming() -> None:
    drawn = traces(along_path(1, 100.0, [103.0, 102.0], TRAIL, None))
    assert not {"trail arms", "arms at"} & set(drawn)
    # The stop at the fill, not the one that the first candle moved it to.
    assert points(drawn["stop"])[0] == (0, pytest.approx(97.0))


def test_figure_fixed_stop_never_arms() -> None:
    drawn = traces(along_path(1, 100.0, [103.0, 102.0], StopSettings(policy="fixed"), None))
    assert set(drawn) == {"close", "stop", "best price", "entry"}


def test_exit_of_open_trade_is_none() -> None:
    assert exit_of(along_path(1, 100.0, [101.0], TRAIL, None)) is None


def test_exit_of_trade_hit_in_its_first_candle_is_the_first_stop() -> None:
    assert exit_of(along_path(1, 100.0, [90.0], TRAIL, None)) == ("exit: stop hit", pytest.approx(97.0))


def test_exit_of_crossed_stop_is_the_close_beyond_it() -> None:
    """A wick to 103 moves the stop to 99.91, and the candle closes at 99.9."""
    frame = dated([100.0, 100.0, 103.0], [100.0, 100.0, 99.9], [100.0, 100.0, 99.9])
    kept = track(frame, TRAIL, steady(3, 0.01))
    steps = tuple(explain(kept, 1, 100.0, closes_at(0), TRAIL))
    told = Explanation(1, 100.0, "trailing", steps, kept)
    assert exit_of(told) == ("exit: stop crossed", 99.9)
    assert points(traces(told)["exit: stop crossed"]) == [(2, 99.9)]


def test_figure_of_candles_puts_steps_at_closes_and_shows_what_came_before(datadir: Path) -> None:
    told = on_candles(TradeAsked(datadir, PAIR, "1m", -1, OPENED), Settings(stop=VOLATILITY))
    drawn = traces(told)
    moments = [x for x, _ in points(drawn["stop"])]
    assert moments[:3] == [OPENED, OPENED + MINUTE, OPENED + 2 * MINUTE]
    assert points(drawn["entry"]) == [(OPENED, told.entry)]
    candles = drawn["1m candles"]
    assert candles.x[0] <= OPENED - 30 * MINUTE
    assert candles.x[-1] >= told.steps[-1].closed_at_ms - MINUTE
    assert len(candles.x) <= 2 * len(told.steps) + 60


def test_write_chart_is_one_file_without_a_network(tmp_path: Path) -> None:
    path = tmp_path / "charts" / "stop.html"
    write_chart(along_path(1, 40_000.0, [40_000.0, 42_000.0, 41_000.0], TRAIL, None), path)
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<title>Stop of a long from 40,000, policy trailing</title>" in page
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", page)
    assert "default-src 'none'" in page
    # Plotly would offer to upload the chart, and point to its own site.
    assert '"showSendToCloud": false' in page
    assert '"displaylogo": false' in page
    assert list(path.parent.iterdir()) == [path]


def test_write_chart_replaces_and_keeps_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "stop.html"
    path.write_text("old")
    write_chart(along_path(1, 100.0, [101.0], TRAIL, None), path)
    assert "plotly" in path.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [path]


def test_write_chart_onto_a_directory_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="directory"):
        write_chart(along_path(1, 100.0, [101.0], TRAIL, None), tmp_path)


def test_figure_with_inputs_draws_those_of_the_trades_side_below(datadir: Path) -> None:
    plain = on_candles(TradeAsked(datadir, PAIR, "1m", -1, OPENED), Settings(stop=VOLATILITY))
    size = len(plain.track)
    beside = {
        "fragility_short_percentile": np.linspace(0, 1, size),
        "fragility_long_percentile": np.ones(size),
        "book_ask_depth_vs_norm": np.full(size, np.log(0.5)),
        "funding_percentile_90d": np.full(size, np.nan),
        "whipsaw": np.full(size, 0.25),
    }
    drawn = figure(replace(plain, beside=beside))
    below = {trace.name: trace for trace in drawn.data if trace.yaxis == "y2"}
    # What was never known is not drawn, nor what belongs to the other side.
    assert set(below) == {"fragility of shorts, percentile", "ask depth over its norm", "P(whipsaw)"}
    assert below["ask depth over its norm"].y[0] == pytest.approx(0.5)
    assert len(below["P(whipsaw)"].x) == len(drawn.data[0].x)
    assert not [trace for trace in figure(plain).data if trace.yaxis == "y2"]
