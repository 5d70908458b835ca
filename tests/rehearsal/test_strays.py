"""An entry whose answer is lost, through the real engine: the bot says within an hour what it has left."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from freqtrade.enums import State

from outrigger.market.moment import to_ms
from outrigger.rehearsal.driven_bot import DrivenBot
from outrigger.rehearsal.met import KEYS
from outrigger.rehearsal.stretch import crash_of_february
from outrigger.replay.faults import FaultPlan
from outrigger.replay.signed_faults import ORDER_LOST, order_faults
from tests.conftest import REPOSITORY

MINUTE_MS = 60_000


def test_position_left_by_a_lost_answer_is_told_within_an_hour_and_once(
    market: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stretch = crash_of_february(market)
    # The minute of the entry, and two hours after it: looks at the start, in an hour, in two.
    start, until = stretch.start + timedelta(minutes=1), stretch.start + timedelta(minutes=133)
    lost = FaultPlan(order_faults()[ORDER_LOST], to_ms(start), to_ms(until))
    configs = [REPOSITORY / "config.json", REPOSITORY / "config-stop-on-exchange.json"]
    overlay = {"exchange": {"pair_whitelist": list(stretch.pairs)}}
    how: dict[str, Any] = {"every_seconds": 60, "overlay": overlay, "faults": [lost], "keys": KEYS}
    bot = DrivenBot(stretch.datadir, configs, tmp_path, start, until, **how)
    left_ms: list[int] = []

    def stop_entries(freqtrade: Any, now: Any) -> bool:
        """Say `/stopentry` once the position is there, so that no entry notices it; then let time fly."""
        if bot.account.position("ETHUSDT").side:
            left_ms.append(to_ms(now))
            freqtrade.state = State.PAUSED
            bot._pass_time(9 * 60)
        return False

    with caplog.at_level(logging.INFO), bot:
        bot.run(stop_entries)
    told = [one for one in caplog.records if "that no trade knows" in one.getMessage()]
    assert lost.met == 1
    assert [one.name for one in told] == ["outrigger.bot.messages", "freqtrade.rpc.rpc_manager"]
    # Within an hour, as far as loops ten minutes apart can tell.
    assert 0 < told[0].created * 1e3 - left_ms[0] <= 70 * MINUTE_MS
    assert left_ms[-1] - left_ms[0] >= 125 * MINUTE_MS
    assert "stray positions" not in caplog.text
