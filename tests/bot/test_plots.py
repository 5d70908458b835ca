"""What FreqUI and plot-dataframe are given: columns that exist, annotations that Freqtrade accepts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.ft_types.plot_annotation_type import AnnotationTypeTA

from outrigger.bot import plots
from outrigger.bot.regimes import COLUMNS
from outrigger.settings.read import Settings, read_settings
from outrigger.settings.stop import StopSettings
from outrigger.stops.policies import MarketColumns, sided_widths
from tests.bot.trading import ENTRY, TRAIL, VOLATILITY, moment, ms, track, trade

RISING = [ENTRY] * 4 + [42_000.0, 41_500.0, 41_500.0, 41_500.0]


def drawn(
    trades: list[Any], closes: list[float] = RISING, settings: StopSettings = TRAIL, end: float = 8
) -> list[Any]:
    found = plots.of_trades(trades, track(closes, settings), settings, ms(0), ms(end))
    for annotation in found:
        AnnotationTypeTA.validate_python(annotation, extra="forbid")
    return found


def test_columns_of_the_plot_configuration_exist() -> None:
    known = np.full(5, 0.01)
    market = MarketColumns(known, known, np.zeros(5), known)
    frame = pd.DataFrame({"close": [100.0] * 5, "sigma": known})
    decided = pd.DataFrame({"side": [1, 1, 0, -1, -1], "confidence": [1.0, 0.5, 0.0, 0.5, 1.0]})
    found = plots.with_plot_columns(frame, decided, sided_widths(market, TRAIL))
    named = set(plots.PLOT_CONFIG["main_plot"])
    for subplot in plots.PLOT_CONFIG["subplots"].values():
        named |= set(subplot)
    assert named <= set(found.columns)
    np.testing.assert_allclose(found["stop_of_a_long"], 97.0)
    np.testing.assert_allclose(found["stop_of_a_short"], 103.0)
    np.testing.assert_allclose(found["trail_of_a_long"], 0.03)
    assert found["agreement"].tolist() == [1.0, 0.5, 0.0, -0.5, -1.0]


@pytest.mark.parametrize(
    ("short", "levels"), [(False, [38_800.0, 40_740.0]), (True, [41_200.0])], ids=["long", "short"]
)
def test_open_trade_is_drawn_as_one_line_a_level(short: bool, levels: list[float]) -> None:
    lines = [one for one in drawn([trade(is_short=short)], end=7) if one["type"] == "line"]
    assert [line["y_start"] for line in lines] == pytest.approx(levels)
    assert all(line["y_start"] == line["y_end"] for line in lines)
    assert lines[0]["start"] == moment(3)
    assert lines[-1]["end"] == moment(7)
    # Each level ends where the next begins.
    assert [line["end"] for line in lines[:-1]] == [line["start"] for line in lines[1:]]


def test_closed_trade_ends_at_its_close() -> None:
    lines = drawn([trade(is_open=False, close_date=moment(6))])
    assert lines[-1]["end"] == moment(6)


def test_arming_is_a_point_at_the_best_price() -> None:
    found = drawn([trade()], settings=VOLATILITY, end=7)
    points = [one for one in found if one["type"] == "point"]
    assert [(point["x"], point["y"], point["label"]) for point in points] == [
        (moment(5), 42_000.0, "trail armed")
    ]
    colours = [one["color"] for one in found if one["type"] == "line"]
    assert colours == [plots.PROTECTIVE, plots.ARMED]


def test_trail_armed_from_the_entry_has_no_point() -> None:
    assert all(one["type"] == "line" for one in drawn([trade()]))


def test_trade_closed_within_its_entry_candle_is_drawn() -> None:
    found = drawn([trade(open_date=moment(2), is_open=False, close_date=moment(2.5))])
    assert [one["y_start"] for one in found] == pytest.approx([38_800.0])


def test_trade_opened_in_the_chart_s_last_candle_is_drawn() -> None:
    """The chart's end is its last candle's open."""
    found = drawn([trade(open_date=moment(7))], end=7)
    assert [one["y_start"] for one in found] == pytest.approx([38_800.0])


@pytest.mark.parametrize(
    "changed",
    [
        {"open_date": moment(9)},
        {"open_date": moment(-600), "close_date": moment(-500), "is_open": False},
        {"open_date": moment(-1)},
        {"open_date": moment(0.5)},
    ],
    ids=["after the chart", "before the chart", "opened before the candles", "no closed candle before it"],
)
def test_trades_that_are_not_covered_are_left_out(changed: dict[str, Any]) -> None:
    found = drawn([trade(**changed), trade()])
    assert found == drawn([trade()])


def test_trade_without_a_forecast_is_left_out() -> None:
    unknown = track(RISING, VOLATILITY, sigma=float("nan"))
    assert plots.of_trades([trade()], unknown, VOLATILITY, ms(0), ms(8)) == []


def test_trade_of_the_running_candle_is_left_out() -> None:
    assert drawn([trade(open_date=moment(8.2))], end=9) == []


def test_no_trades_draw_nothing() -> None:
    assert drawn([]) == []


def test_plot_config_draws_the_regimes_where_they_are_switched_on() -> None:
    assert plots.plot_config(Settings()) is plots.PLOT_CONFIG
    on = plots.plot_config(read_settings({"outrigger": {"regime": {"enabled": True}}}))
    assert list(on["subplots"]["Regime"]) == list(COLUMNS)
    assert on["main_plot"] == plots.PLOT_CONFIG["main_plot"]
