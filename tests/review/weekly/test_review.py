"""Whole reviews, by hand: a database or a backtest and candles on one side, every figure on the other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from outrigger.errors import SettingsError
from outrigger.review.weekly.message import LONGEST, message
from outrigger.review.weekly.page import render
from outrigger.review.weekly.period import Period
from outrigger.review.weekly.review import Place, Review, review
from outrigger.settings.read import Settings
from tests.review.ledger import PAIR, START_MS
from tests.review.weekly.books import DAY_MS, ETH, account, chart, small, stepped, write_charts

SETTINGS = Settings()


def place(tmp_path: Path, **charts: Any) -> Place:
    return Place(datadir=write_charts(tmp_path / "data", **charts), user_data=tmp_path)


@pytest.fixture
def ten_days(tmp_path: Path) -> Review:
    """Ten days: 44 lost on the first, 96 gained on the fourth, one open that is 200 up before fees."""
    trades = (
        small(1, 2, number=1),
        small(80, 90, 41_000.0, number=2, exit_reason="trailing_stop_loss"),
        small(200, 240, 40_000.0, number=3, is_open=True, exit_reason="", fees=2.0, fills=()),
    )
    rising = stepped(10, (85, 41_000.0), (100, 40_000.0), (230, 42_000.0))
    where = place(tmp_path, BTC=rising, ETH=chart(10, 2_000.0))
    return review(account(*trades, days=10), None, None, where, SETTINGS)


def test_review_of_the_last_week_by_hand(ten_days: Review) -> None:
    week = ten_days.week
    assert week.period.name == "last 7 days"
    # Open: 0.1 × 2,000 less the entry's 2 and the exit's 2.1.
    assert week.result.profit == pytest.approx(96.0 + 195.9)
    assert week.result.share == pytest.approx(291.9 / 9_956.0)
    # Half of the holding went up by 5 %.
    assert week.result.hold == pytest.approx(0.025)
    # Marked at 41,000 it stood 4 higher than when it was closed there; nothing fell deeper.
    assert week.result.drawdown == pytest.approx(4.1 / (9_956 + 200), rel=0.2)
    assert (week.trading.trades, week.trading.wins, week.trading.profit) == (1, 1, pytest.approx(96.0))
    assert week.result.in_market == pytest.approx((10 + 40) / 168)


def test_review_since_start_by_hand(ten_days: Review) -> None:
    whole = ten_days.whole
    assert whole.period.days == 10.0
    assert whole.trading.trades == 2
    assert whole.trading.expectancy == pytest.approx((-44 + 96) / 2 / 4_000)
    assert whole.costs.fees_primaries == 8.0
    assert whole.result.worst_day == pytest.approx(-0.0044)
    # Ratios of ten days are not told.
    assert np.isnan([whole.result.sharpe, whole.result.calmar, whole.result.worst_week]).all()
    # From the documents: stops at 3 %, armed at 1.75 × 1.2 %.
    assert whole.trading.null_win_rate == pytest.approx(0.03 / 0.051)
    # The stop-out came right within 84 hours but not within 72.
    assert [(one.hours, one.count, one.judged) for one in whole.stopping.premature] == [
        (24.0, 0, 2),
        (6.0, 0, 2),
        (72.0, 0, 2),
    ]
    assert whole.stopping.margin == pytest.approx(0.95)  # sold at 39,600 of 8,000 to liquidation


def test_review_tells_open_trades_apart(ten_days: Review) -> None:
    (held,) = ten_days.open_trades
    told = ten_days.to_dict()
    assert held.number == 3
    assert told["open_trades"][0]["profit"] == pytest.approx(195.9)
    assert told["open_trades"][0]["price"] == 42_000.0
    assert ten_days.equity[-1] == pytest.approx(10_000 + 52 + 195.9)


def test_review_is_strict_json_and_names_what_was_overridden(ten_days: Review) -> None:
    told = json.loads(json.dumps(ten_days.to_dict(), allow_nan=False))
    assert told["week"]["hedge"] is None
    assert {one["number"] for one in told["remarks"] if one["topic"] == "override"} == {2, 3}
    assert [one.text for one in ten_days.overridden] == ["stop 39,600 by hand: drawn nearer"] * 2
    assert [one["key"] for one in told["attention"]] == ["few_trades"]


def test_review_of_a_past_week_is_the_one_that_was_made_then(tmp_path: Path) -> None:
    trades = (small(1, 2), small(20, 200, 44_000.0), small(210, 220))
    frame = stepped(10, (30, 41_000.0))
    where = place(tmp_path, BTC=frame, ETH=chart(10))
    early = account(*trades, days=10)
    week = Period("w", START_MS - 5 * DAY_MS, START_MS + 2 * DAY_MS)
    after = review(early, week, None, where, SETTINGS)
    # The same account and candles as they were then, the second trade open.
    still = replace(trades[1], is_open=True, closed_ms=START_MS + 2 * DAY_MS)
    then = account(trades[0], still, days=2)
    cut = place(tmp_path / "then", BTC=frame.iloc[: 2 * 288], ETH=chart(2))
    before = review(then, week, None, cut, SETTINGS)
    told, was = after.week.to_dict(), before.week.to_dict()
    assert told["result"] == was["result"]
    assert told["trading"] == was["trading"]
    assert [one.profit for one in after.open_trades] == [one.profit for one in before.open_trades]


def test_review_without_candles_keeps_what_needs_none(tmp_path: Path) -> None:
    held = small(100, 120, is_open=True, exit_reason="")
    found = review(account(small(1, 2), held), None, None, Place(tmp_path / "none"), SETTINGS)
    assert found.whole.trading.profit == pytest.approx(-44.0)
    assert np.isnan(found.whole.result.hold)
    assert found.whole.stopping.premature[0].blind == 1
    assert found.whole.stopping.margin == pytest.approx(0.95)
    assert "no candles" in found.missing[0]
    assert "open trade BTC long: no candle since its entry, valued at its entry" in found.missing
    render(found)


def test_review_with_a_hole_during_a_trade_marks_it(tmp_path: Path) -> None:
    where = place(tmp_path, BTC=chart(5).drop(index=range(20, 25)), ETH=chart(5))
    found = review(account(small(1, 2), small(50, 51)), None, None, where, SETTINGS)
    assert found.missing == (f"candles are missing during 1 trade of {PAIR}: their stops are not judged",)
    assert found.whole.stopping.premature[0].blind == 1
    assert found.whole.stopping.premature[0].judged == 1


def test_review_of_an_empty_account_says_so(tmp_path: Path) -> None:
    found = review(account(), None, None, place(tmp_path, BTC=chart(5), ETH=chart(5)), SETTINGS)
    assert [one.text for one in found.sentences] == [
        "No closed trade yet: too few to conclude anything from rates (below 20)."
    ]
    assert found.whole.result.share == 0.0
    assert "No trade ended in this week." in render(found)
    assert len(message(found)) < LONGEST


def test_review_with_an_unknown_balance_has_money_but_no_shares(tmp_path: Path) -> None:
    where = place(tmp_path, BTC=chart(5), ETH=chart(5))
    found = review(account(small(1, 2), balance=float("nan")), None, None, where, SETTINGS)
    assert np.isnan(found.whole.result.share)
    assert found.whole.result.profit == pytest.approx(-44.0)
    assert any("account's value at the start is not known" in one for one in found.missing)
    render(found)


def test_review_of_a_week_outside_the_account_is_refused(tmp_path: Path) -> None:
    week = Period("2020-W01", START_MS - 900 * DAY_MS, START_MS - 893 * DAY_MS)
    with pytest.raises(SettingsError, match=r"2020-W01 is .* but the account lived from 2026-03-04"):
        review(account(small(1, 2)), week, None, Place(), SETTINGS)


def test_review_since_a_day_after_the_week_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="the start, 2026-03-14 00:00 UTC, lies after"):
        review(account(small(1, 2)), None, START_MS + 10 * DAY_MS, Place(), SETTINGS)


def test_review_names_pairs_that_cannot_be_held(tmp_path: Path) -> None:
    where = place(tmp_path, BTC=chart(5), ETH=chart(2, start_ms=START_MS + 3 * DAY_MS))
    found = review(account(small(1, 2)), None, None, where, SETTINGS)
    assert found.missing == (f"buy and hold goes without {ETH}: no candle within a day of the start",)


def test_review_of_a_hedge_keeps_legs_apart(tmp_path: Path) -> None:
    own = small(10, 40, number=1)
    leg = small(
        10.1, 40, 1_980.0, number=2, pair=ETH, side=-1, enter_tag="hedge:BTC#1", open_rate=2_000.0,
        notional=2_000.0, profit=18.0, fees=2.0, funding=-1.0, liquidation=2_400.0, fills=(), documents={},
        exit_reason="hedge_primary_ended",
    )  # fmt: skip
    rng = np.random.default_rng(3)
    walk = np.cumsum(rng.normal(0, 1e-3, 5 * 288))
    charts = {}
    for coin, price, share in (("BTC", 40_000.0, 1.0), ("ETH", 2_000.0, 0.8)):
        frame = chart(5, price)
        for name in ("open", "high", "low", "close"):
            frame[name] = price * np.exp(share * walk)
        charts[coin] = frame
    found = review(account(own, leg), None, None, place(tmp_path, **charts), SETTINGS)
    whole = found.whole
    assert whole.trading.trades == 1
    assert whole.hedge is not None
    assert (len(whole.hedge.legs), whole.hedge.legs_profit) == (1, 18.0)
    # A leg of half its size that moves .8 as much, against it: (1 - .4)² of the variance is left.
    assert whole.hedge.pooled["1h"]["effectiveness"] == pytest.approx(1 - 0.36, abs=0.05)
    assert (whole.costs.fees_legs, whole.costs.funding_legs) == (2.0, -1.0)
    assert "leg" in render(found)
    assert "Hedge: 1 legs, +18.00 USDT" in message(found)


def test_review_since_a_later_day_forgets_what_was_before(tmp_path: Path) -> None:
    where = place(tmp_path, BTC=chart(5), ETH=chart(5))
    trades = (small(1, 2), small(60, 61))
    found = review(account(*trades), None, START_MS + DAY_MS, where, SETTINGS)
    assert found.whole.trading.trades == 1
    assert found.whole.period.start_ms == START_MS + DAY_MS
    assert found.equity[0] == pytest.approx(10_000 - 44)


def test_page_holds_everything_and_fetches_nothing(ten_days: Review) -> None:
    page = render(ten_days)
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    head, _, rest = page.partition('<script type="application/json" id="figures">')
    figures = json.loads(rest.partition("</script>")[0])
    assert [trace["name"] for trace in figures["equity"]] == ["account", "buy and hold"]
    assert figures["unit"] == "R"
    assert figures["results"][0]["x"] == [pytest.approx(96 / 4_000 / 0.03)]
    assert figures["stops"][0]["name"] == "right to leave"
    for external in ("http://", "https://", "src=", "@import"):
        assert external not in head


def test_page_shows_a_traders_words_as_words(tmp_path: Path) -> None:
    evil = small(1, 2, exit_reason="</script><script>alert(1)</script>")
    named = account(evil, strategy="<b>bold</b>", source="<i>db</i>")
    page = render(review(named, None, None, place(tmp_path, BTC=chart(5), ETH=chart(5)), SETTINGS))
    for markup in ("<script>alert", "<b>bold", "<i>db"):
        assert markup not in page


def test_message_is_short_and_says_the_result(ten_days: Review) -> None:
    text = message(ten_days)
    assert text.splitlines()[0] == "Review of last 7 days (Outrigger)"
    assert "Result +2.93% (+291.90 USDT), holding +2.50%" in text
    assert "Closed trades: 1, won 1; open 1; premature stop-outs 0 of 1" in text
    assert "• 2 closed trades since the start" in text
    assert len(text) <= LONGEST


def test_message_of_many_sentences_is_cut(ten_days: Review) -> None:
    one = replace(ten_days.sentences[0], level="look", text="x" * 500)
    text = message(replace(ten_days, sentences=(one,) * 6))
    assert len(text) == LONGEST
    assert text.endswith("…")
