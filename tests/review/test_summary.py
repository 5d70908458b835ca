"""A backtest of four trades, summed up by hand; and the table made of it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from outrigger.errors import DataError
from outrigger.review.hindsight import extremes_of
from outrigger.review.summary import Summary, summarise
from outrigger.review.table import lines, number, rich_table
from tests.review.ledger import HOUR_MS, MINUTE_MS, PAIR, START_MS, candles, result, trade

WON = {"profit": 800.0, "close_rate": 40_840.0, "exit_reason": "trailing_stop_loss"}
TRADES = (
    trade(funding=-4.0),
    trade(closed_ms=START_MS + 30_000, exit_reason="stop_crossed", profit=-200.0),
    trade(closed_ms=START_MS + 2 * HOUR_MS, **WON),
    trade(closed_ms=START_MS + 3 * HOUR_MS, exit_reason="force_exit", profit=40.0),
)


@pytest.fixture
def summary() -> Summary:
    frame = candles(80)
    frame.loc[7 * 60 - 1 :, "high"] = 41_600.0  # +4 %, from 6 h 59 min after the start on
    found = {PAIR: extremes_of(frame, "1m")}
    return summarise("volatility", result(*TRADES), found, [0.01, 0.02, 0.02, 0.01])


def test_summarise_counts_and_sums(summary: Summary) -> None:
    assert (summary.trades, summary.wins, summary.win_rate) == (4, 2, 0.5)
    assert (summary.stop_exits, summary.liquidations, summary.open_at_end) == (3, 0, 1)
    assert summary.entry_candle_exits == 1
    assert (summary.profit, summary.fees, summary.funding) == (200.0, 160.0, -4.0)
    assert summary.profit_factor == pytest.approx(840 / 640)
    assert summary.payoff == pytest.approx(420 / 320)


def test_summarise_gives_results_of_notional_and_of_risk(summary: Summary) -> None:
    # -110, -50, 200 and 10 bp of 40,000.
    assert summary.expectancy == pytest.approx(0.00125)
    # Three of four left by a stop, each 10 bp worse.
    assert summary.expectancy_slipped == pytest.approx(0.0005)
    assert summary.expectancy_r == pytest.approx((-1.1 - 0.25 + 1.0 + 0.1) / 4)
    # 10,000, 9,560, 9,360, 10,160, 10,200.
    assert summary.max_drawdown == pytest.approx(0.064)


def test_summarise_judges_stops_by_what_came_next(summary: Summary) -> None:
    assert (summary.premature.count, summary.premature.judged, summary.premature.rate) == (2, 4, 0.5)
    six, seventy_two = summary.premature_other
    # The first was stopped after an hour: six hours later the high is just in sight, not so for the second.
    assert (six.horizon_hours, six.count) == (6.0, 1)
    assert (seventy_two.horizon_hours, seventy_two.count) == (72.0, 2)
    # Won 2.1 % of 4 %; the other winner closed 1 % below its entry.
    assert summary.trend_capture == pytest.approx((0.525 + 0.0) / 2)


def test_summary_as_json_has_no_numbers_that_json_lacks(summary: Summary) -> None:
    body = json.loads(json.dumps(summary.to_dict(), allow_nan=False))
    assert body["premature"] == {
        "horizon_hours": 24.0, "count": 2, "judged": 4, "not_judged": 0, "rate": 0.5
    }  # fmt: skip
    assert body["premature_other"][1]["rate"] == 0.5
    empty = summarise("none", result(), {}, [])
    assert empty.to_dict()["win_rate"] is None
    assert empty.to_dict()["premature"]["rate"] is None


def test_summarise_without_trades_knows_nothing_and_says_so() -> None:
    empty = summarise("none", result(), {}, [])
    assert math.isnan(empty.expectancy)
    assert empty.max_drawdown == 0.0
    cells = {line.label: line.cells[0] for line in lines([empty])}
    assert cells["Trades"] == "0"
    assert cells["Expectancy"] == cells["Win rate"] == cells["Trend capture"] == "–"


def test_summarise_with_a_distance_missing_is_refused() -> None:
    with pytest.raises(DataError, match="4 trades and 1 protective"):
        summarise("volatility", result(*TRADES), {PAIR: extremes_of(candles(80), "1m")}, [0.01])


def test_summarise_counts_liquidations_and_candles_of_the_timeframe() -> None:
    gone = trade(exit_reason="liquidation", closed_ms=START_MS + 4 * MINUTE_MS)
    five = replace(result(gone), timeframe="5m")
    found = summarise("x", five, {PAIR: extremes_of(candles(30), "1m")}, [0.01])
    assert (found.liquidations, found.stop_exits, found.entry_candle_exits) == (1, 0, 1)


def test_lines_format_every_measure_for_a_trader(summary: Summary) -> None:
    cells = {line.label: line.cells for line in lines([summary, summary])}
    assert cells["Win rate"] == ("50%", "50%")
    assert cells["Expectancy"][0] == "+12 bp"
    assert cells["… slipping 10 bp"][0] == "+5 bp"
    assert cells["Expectancy in R"][0] == "−0.06 R"
    assert cells["Profit"][0] == "+200 USDT"
    assert cells["… fees, funding"][0] == "−160, −4"
    assert cells["Drawdown"][0] == "6.4%"
    assert cells["Left by a stop"][0] == "3 of 4"
    assert cells["Premature"][0] == "50% (2/4)"
    assert cells["… in 6 h, 72 h"][0] == "25%, 50%"
    assert all(line.meaning for line in lines([summary]))


def test_number_has_a_true_minus_and_words_for_what_is_no_number() -> None:
    assert number(-1.5, "{:+.1f}") == "−1.5"
    assert number(math.inf, "{:.2f}") == "∞"
    assert number(math.nan, "{:.2f}") == "–"


def test_rich_table_shows_every_line_title_and_footnote(summary: Summary) -> None:
    console = Console(width=100, record=True, file=StringIO())
    console.print(rich_table([summary, replace(summary, name="fixed 3 %")], "Side by side", "Synthetic."))
    text = console.export_text()
    for expected in ("Side by side", "volatility", "fixed 3 %", "Premature", "50% (2/4)", "Synthetic."):
        assert expected in text
