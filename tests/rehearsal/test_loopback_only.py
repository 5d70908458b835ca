"""A driven bot trades on this machine or not at all, whatever its configurations say together."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from outrigger.errors import ReplayError
from outrigger.rehearsal.driven_bot import DrivenBot
from outrigger.rehearsal.loopback_only import refuse_strangers
from outrigger.replay.signed_request import Keys
from tests.conftest import REPOSITORY
from tests.replay.data_directory import write_market

HERE, ELSEWHERE = "http://127.0.0.1:8788/fapi/v1", "https://fapi.binance.com/fapi/v1"
START, END = datetime(2025, 3, 4, tzinfo=UTC), datetime(2025, 3, 5, tzinfo=UTC)


def config(address: str = HERE, **changed: Any) -> dict[str, Any]:
    return {"dry_run": True, "exchange": {"ccxt_config": {"urls": {"api": {"fapi": address}}}, **changed}}


def test_refuse_strangers_lets_this_machine_be() -> None:
    for address in (HERE, "http://[::1]:1/x", "http://localhost/x"):
        refuse_strangers(config(address), dry=True)
        refuse_strangers({**config(address), "dry_run": False}, dry=False)


@pytest.mark.parametrize(
    "given",
    [
        config(ELSEWHERE),
        config("http://127.0.0.1.example.org/fapi"),
        config("http://192.168.1.7/fapi"),
        config(ccxt_sync_config={"urls": {"api": {"fapi": ELSEWHERE}}}),
        config(ccxt_async_config={"urls": {"api": ELSEWHERE}}),
        config(demo_trading=True),
        config(enable_ws=True),
        {"dry_run": True, "exchange": {}},
    ],
    ids=["exchange", "name that begins so", "neighbour", "sync", "async", "demo", "web socket", "no address"],
)
def test_refuse_strangers_refuses_whatever_leads_elsewhere(given: dict[str, Any]) -> None:
    with pytest.raises(ReplayError, match="only speaks to the replay exchange"):
        refuse_strangers(given, dry=True)


@pytest.mark.parametrize(("dry_run", "dry"), [(False, True), (True, False), (None, True)])
def test_refuse_strangers_refuses_orders_without_an_account_and_the_other_way(
    dry_run: bool | None, dry: bool
) -> None:
    with pytest.raises(ReplayError, match="keys of an account"):
        refuse_strangers({**config(), "dry_run": dry_run}, dry=dry)


@pytest.mark.parametrize(
    ("keys", "overlay"),
    [
        (Keys("k", "s"), {"exchange": {"ccxt_config": {"urls": {"api": {"fapiPrivate": ELSEWHERE}}}}}),
        (None, {"dry_run": False}),
        (Keys("k", "s"), {"dry_run": True}),
    ],
    ids=["orders to a real exchange", "orders without an account", "an account and no orders"],
)
def test_driven_bot_refuses_before_anything_is_asked(
    tmp_path: Path, keys: Keys | None, overlay: dict[str, Any]
) -> None:
    datadir = write_market(tmp_path / "data", days=3, bases=("BTC",))
    files = [REPOSITORY / "config.json"]
    with pytest.raises(ReplayError):
        DrivenBot(datadir, files, tmp_path / "out", START, END, overlay=overlay, keys=keys)
