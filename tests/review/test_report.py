"""The page: complete, safe, and sufficient unto itself."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from plotly.offline import get_plotlyjs

from outrigger.review import chart
from outrigger.review.hindsight import extremes_of
from outrigger.review.report import Reviewed, Words, render, write_report
from outrigger.review.stop_line import StopLine
from outrigger.review.summary import summarise
from tests.review.ledger import HOUR_MS, MINUTE_MS, PAIR, START_MS, candles, result, trade

WON = {"profit": 800.0, "close_rate": 40_840.0, "exit_reason": "trailing_stop_loss"}
ARMED = START_MS + HOUR_MS
WORDS = Words(
    "A title & more", "Synthetic market: only a test.", "What was done.", "How to read it.",
    (("Fees", "0.05 %"), ("Slippage", "none")), "9.9.9",
)  # fmt: skip


def stops() -> tuple[StopLine, StopLine]:
    """A stop that never armed, and one that armed after an hour and moved once more."""
    later = ARMED + 30 * MINUTE_MS
    return (
        StopLine(((START_MS, 39_600.0),), START_MS + HOUR_MS, None, 0.01),
        StopLine(
            ((START_MS, 39_200.0), (ARMED, 40_300.0), (later, 40_840.0)), START_MS + 2 * HOUR_MS, ARMED, 0.02
        ),
    )


def reviewed(name: str) -> Reviewed:
    done = result(trade(enter_tag='<b>"x"</script>'), trade(closed_ms=START_MS + 2 * HOUR_MS, **WON))
    found = summarise(name, done, {PAIR: extremes_of(candles(80), "1m")}, [0.01, 0.02])
    return Reviewed(found, done, stops())


def frames() -> dict[str, pd.DataFrame]:
    return {pair: candles(6, timeframe_minutes=5) for pair in (PAIR, "ETH/USDT:USDT")}


@pytest.fixture(scope="module")
def page() -> str:
    return render(WORDS, [reviewed("volatility"), reviewed("fixed 3 %")], frames())


class Reader(HTMLParser):
    """Collects tags, attributes and the text of scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script":
            self.scripts.append(data)


def figures(page: str) -> dict:
    return json.loads(re.search(r'id="figures">(.*?)</script>', page, re.DOTALL)[1])


def test_report_says_everything_it_was_given(page: str) -> None:
    for said in ("A title &amp; more", WORDS.notice, WORDS.lead, WORDS.footnote, "0.05 %", "9.9.9"):
        assert said in page
    for shown in ("volatility", "fixed 3 %", "Premature", "0% (0/2)", "−110 bp", "trailing stop loss"):
        assert shown in page


def test_report_loads_nothing(page: str) -> None:
    own = page.replace(get_plotlyjs(), "")
    assert "http://" not in own
    assert "https://" not in own
    for tag, attributes in Reader(own).tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base"}
        assert not {"src", "href", "srcset"} & attributes.keys()
    assert "default-src 'none'" in own
    assert "url(" not in own
    assert "@import" not in own


def test_report_carries_plotly_and_stays_below_ten_megabytes(page: str) -> None:
    assert get_plotlyjs() in page
    assert len(page.encode()) < 10_000_000


def test_report_escapes_what_a_strategy_may_write(page: str) -> None:
    assert "<b>" not in page.replace(get_plotlyjs(), "")
    texts = figures(page)["trades"]["volatility"][PAIR][5]["text"]
    # Plotly reads tags in hover texts too, so these are shown as text.
    assert "&lt;b&gt;" in texts[0]


def test_report_has_every_pair_and_backtest_to_choose(page: str) -> None:
    drawn = figures(page)
    assert list(drawn["candles"]) == [PAIR, "ETH/USDT:USDT"]
    assert list(drawn["trades"]) == ["volatility", "fixed 3 %"]
    assert [trace["name"] for trace in drawn["balances"]] == ["volatility", "fixed 3 %"]
    values = [attributes["data-value"] for tag, attributes in Reader(page).tags if "data-value" in attributes]
    assert values == [PAIR, "ETH/USDT:USDT", "volatility", "fixed 3 %"]


def test_report_lists_every_trade_with_its_time(page: str) -> None:
    rows = [attributes for tag, attributes in Reader(page).tags if "data-from" in attributes]
    assert len(rows) == 4
    assert rows[0]["data-from"] == str(START_MS)
    assert rows[1]["data-to"] == str(START_MS + 2 * HOUR_MS)


def test_write_report_leaves_one_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "new" / "report.html"
    write_report(target, WORDS, [reviewed("volatility")], frames())
    assert target.read_text(encoding="utf-8").endswith("</html>")
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]


def test_candles_are_drawn_in_utc_milliseconds() -> None:
    drawn = chart.candles(candles(1, price=7.0, timeframe_minutes=5), "5m")
    assert drawn["x"][:2] == [START_MS, START_MS + 5 * MINUTE_MS] or drawn["x"][:2] == (
        START_MS, START_MS + 5 * MINUTE_MS
    )  # fmt: skip
    assert len(drawn["close"]) == 12


def traces() -> dict[str, dict]:
    done = reviewed("volatility").result.trades
    return {trace["name"]: trace for trace in chart.trades(done, stops())}


def points(trace: dict) -> list[tuple]:
    return list(zip(trace["x"], trace["y"], strict=True))


def test_trades_draw_the_protective_stop_until_the_trail_arms() -> None:
    assert points(traces()["protective stop"]) == [
        (START_MS, 39_600.0), (START_MS + HOUR_MS, 39_600.0), (None, None),
        (START_MS, 39_200.0), (ARMED, 39_200.0), (None, None),
    ]  # fmt: skip


def test_trades_draw_the_trail_as_steps_until_the_exit() -> None:
    trail = traces()["trailing stop"]
    assert trail["line"]["shape"] == "hv"
    assert points(trail) == [
        (ARMED, 39_200.0), (ARMED, 40_300.0), (ARMED + 30 * MINUTE_MS, 40_840.0),
        (START_MS + 2 * HOUR_MS, 40_840.0), (None, None),
    ]  # fmt: skip


def test_trades_mark_where_a_trail_armed_on_the_way() -> None:
    assert points(traces()["trail armed"]) == [(ARMED, 40_300.0)]
    at_once = StopLine(((START_MS, 39_600.0),), START_MS + HOUR_MS, START_MS, 0.01)
    drawn = {trace["name"]: trace for trace in chart.trades([trade()], [at_once])}
    assert points(drawn["trail armed"]) == []
    assert points(drawn["protective stop"]) == []
    assert points(drawn["trailing stop"])[0] == (START_MS, 39_600.0)


def test_trades_colour_results_and_point_the_way() -> None:
    drawn = chart.trades([trade(), trade(side=-1, **WON)], stops())
    entry, leaving = drawn[5], drawn[6]
    assert list(entry["marker"]["color"]) == [chart.LOSS, chart.PROFIT]
    assert list(entry["marker"]["symbol"]) == ["triangle-up", "triangle-down"]
    assert "−110 bp net, −1.10 R" in leaving["text"][0]
    assert "1 h 00 min" in leaving["text"][0]


def test_balances_step_at_every_exit() -> None:
    (drawn,) = chart.balances([("volatility", reviewed("volatility").result)])
    assert points(drawn) == [
        (START_MS, 10_000.0), (START_MS + HOUR_MS, 9_560.0), (START_MS + 2 * HOUR_MS, 10_360.0),
        (START_MS + 24 * HOUR_MS, 10_360.0),
    ]  # fmt: skip
