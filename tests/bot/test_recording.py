"""Recording beside a bot: off unless asked for, in nobody's way, and written when the process ends."""

from __future__ import annotations

import logging
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from outrigger.bot import recording
from outrigger.market.store.schema import Kind
from outrigger.market.store.store import MarketStore
from outrigger.replay.exchange import ReplayServer, open_market
from outrigger.replay.overlay import exchange_overlay, trade_overlay
from outrigger.settings.market import MarketSettings
from tests.engine.harness import PAIR, write_pair

ON = MarketSettings(record=True, record_seconds=1.0)


def config(tmp_path: Path, **exchange: Any) -> dict[str, Any]:
    named = {"name": "binance", "pair_whitelist": [PAIR], **exchange}
    return {"exchange": named, "user_data_dir": str(tmp_path)}


def test_nothing_is_recorded_unless_asked_for(tmp_path: Path) -> None:
    assert recording.start(MarketSettings(), config(tmp_path)) is None
    assert list(tmp_path.iterdir()) == []


def test_rows_are_there_when_the_recorder_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[Any] = []
    monkeypatch.setattr(recording.atexit, "register", lambda end, thread: ends.append((end, thread)))
    with ReplayServer(open_market(write_pair(tmp_path / "data"), replay=False)) as server:
        client = exchange_overlay(server.url)["exchange"]["ccxt_config"]
        thread = recording.start(ON, config(tmp_path, ccxt_config=client))
        assert thread is not None
        deadline = monotonic() + 30
        while thread.latest(PAIR, Kind.BOOK) is None and monotonic() < deadline:
            thread.join(0.02)
        ((end, registered),) = ends
        assert registered is thread
        end(registered)
    book = MarketStore(recording.store_in(tmp_path)).read(PAIR, Kind.BOOK)
    assert len(book) >= 1
    assert (book["best_bid"] < book["best_ask"]).all()


def test_exchange_that_cannot_be_recorded_ends_the_recorder_not_the_bot(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        thread = recording.start(ON, config(tmp_path, name="kraken"))
        assert thread is None or thread.join(30)
    assert "kraken" in caplog.text


def test_replayed_market_is_never_recorded_into_the_traders_history() -> None:
    user = {"outrigger": {"market": {"record": True}}}
    assert trade_overlay(user, "sqlite://")["outrigger"] == {"market": {"record": False}}
