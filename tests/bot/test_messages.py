"""What a bot says: in the log always, as messages within the limit, across restarts once."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from outrigger.bot.messages import Messenger
from outrigger.settings.messages import MessageSettings
from tests.bot.trading import MINUTE, ms


class Desk:
    """A messenger with what it sent."""

    def __init__(self, home: Path, *, live: bool = True, **settings: Any) -> None:
        self.sent: list[str] = []
        provider = SimpleNamespace(send_msg=self._take)
        self.strategy = SimpleNamespace(dp=provider)
        config = {"user_data_dir": home, "db_url": "sqlite://"}
        self.messages = Messenger(self.strategy, MessageSettings(**settings), config, live=live)
        self.messages.tick(ms(0))

    def _take(self, text: str, *, always_send: bool) -> None:
        assert always_send
        self.sent.append(text)


def test_message_is_logged_and_sent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(tmp_path)
    desk.messages.tell("something happened")
    assert desk.sent == ["Outrigger: something happened"]
    assert [record.message for record in caplog.records] == ["something happened"]


@pytest.mark.parametrize("provider", [None, "absent"])
def test_before_the_bot_can_send_the_log_has_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, provider: Any
) -> None:
    desk = Desk(tmp_path)
    desk.messages._strategy = SimpleNamespace() if provider == "absent" else SimpleNamespace(dp=None)
    desk.messages.urge("early")
    assert "early" in caplog.text


def test_backtest_sends_nothing_and_leaves_the_disk_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, live=False)
    desk.messages.urge("a bundle is missing")
    desk.messages.hedge("a leg was opened")
    assert desk.sent == []
    assert not list(tmp_path.iterdir())


def test_storm_is_held_back_counted_and_the_urgent_comes_through(tmp_path: Path) -> None:
    desk = Desk(tmp_path, per_hour=2)
    for number in range(5):
        desk.messages.hedge(f"leg {number}")
    desk.messages.urge("the breaker has tripped")
    assert desk.sent == ["Outrigger: leg 0", "Outrigger: leg 1", "Outrigger: the breaker has tripped"]
    desk.messages.tick(ms(59))
    assert len(desk.sent) == 3
    desk.messages.tick(ms(60))
    assert desk.sent[3:] == ["Outrigger: 3 further messages were held back: the log has what they said"]
    desk.messages.tick(ms(200))
    assert len(desk.sent) == 4


def test_restart_repeats_nothing_and_still_tells_what_was_held_back(tmp_path: Path) -> None:
    first = Desk(tmp_path, per_hour=1)
    first.messages.guard("drawn", "guard drawn BTC#1")
    first.messages.guard("drawn", "guard drawn ETH#2")
    first.messages.tick(ms(1))
    again = Desk(tmp_path, per_hour=1)
    again.messages.guard("drawn again", "guard drawn BTC#1")
    assert again.sent == []
    again.messages.tick(ms(61))
    assert again.sent == ["Outrigger: 2 further messages were held back: the log has what they said"]


@pytest.mark.parametrize("text", ["{", "[]", '{"sent": 1}'])
def test_broken_memory_is_told_and_begins_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    Desk(tmp_path).messages.urge("x")
    (memory,) = (tmp_path / "outrigger").glob("messages-*.json")
    memory.write_text(text)
    desk = Desk(tmp_path)
    assert "what was told may be told again" in caplog.text
    desk.messages.urge("x")
    assert desk.sent == ["Outrigger: x"]


def test_disk_that_cannot_be_written_is_warned_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "outrigger").write_text("a file where the folder belongs")
    desk = Desk(tmp_path)
    for text in ("a", "b"):
        desk.messages.urge(text)
    assert desk.sent == ["Outrigger: a", "Outrigger: b"]
    assert caplog.text.count("a restart may repeat messages") == 1


def test_what_is_switched_off_is_not_sent(tmp_path: Path) -> None:
    desk = Desk(tmp_path, send_guard=False, send_hedge=False)
    desk.messages.guard("drawn", "key")
    desk.messages.hedge("leg")
    assert desk.sent == []


def test_broken_provider_costs_a_message_never_the_loop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(tmp_path)
    desk.strategy.dp.send_msg = None
    with caplog.at_level(logging.ERROR):
        desk.messages.urge("a")
        desk.messages.urge("b")
    assert caplog.text.count("a message could not be sent") == 1


def test_same_thing_is_told_again_after_the_pause(tmp_path: Path) -> None:
    desk = Desk(tmp_path, repeat_minutes=5.0)
    for minute in (0, 4, 5):
        desk.messages.tick(ms(0) + minute * MINUTE)
        desk.messages.send(f"at {minute}", "one thing")
    assert desk.sent == ["Outrigger: at 0", "Outrigger: at 5"]
