"""A book at price zero under a long, through the real engine: no order goes out on a price that is none."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from freqtrade.persistence import Trade

from outrigger.market.moment import to_ms
from outrigger.rehearsal.driven_bot import DrivenBot
from outrigger.replay.faults import FaultPlan, catalogue
from tests.conftest import REPOSITORY


def test_long_is_not_sold_at_a_book_of_zero(
    market: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    start = datetime(2025, 5, 20, 2, 12, tzinfo=UTC)
    begins, ends = start + timedelta(minutes=6), start + timedelta(minutes=9)
    fault = FaultPlan(catalogue()["book at price zero"], to_ms(begins), to_ms(ends))
    bot = DrivenBot(
        market / "binance-1m-2025-05",
        [REPOSITORY / "config.json"],
        tmp_path,
        start,
        start + timedelta(minutes=12),
        every_seconds=60,
        overlay={"exchange": {"pair_whitelist": ["ETH/USDT:USDT"]}},
        faults=[fault],
    )
    held: list[list[bool]] = []
    with caplog.at_level(logging.WARNING), bot:
        bot.run(lambda _bot, _now: held.append([not one.is_short for one in Trade.get_open_trades()]))
    assert held[4] == held[-1] == [True]
    assert fault.met
    assert "no exit (stop_loss) at 0, which is no price" in caplog.text
