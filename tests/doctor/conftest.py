"""A desk for every test, copied from one that is made once, and an exchange that keeps an account."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from outrigger.replay.account_routes import AccountSheet
from outrigger.replay.exchange import ReplayServer, open_market
from outrigger.replay.faults import FaultPlan
from outrigger.replay.market import ReplayMarket
from outrigger.replay.overlay import exchange_overlay
from outrigger.replay.venues import venue_named
from tests.doctor.desk import KEY, SECRET, Desk, shipped_config, write_market
from tests.replay import data_directory


@pytest.fixture(scope="session")
def sound_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("doctor") / "data")


@pytest.fixture
def desk(tmp_path: Path, sound_market: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    shutil.copytree(sound_market, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path, shipped_config())


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    datadir = data_directory.write_market(tmp_path_factory.mktemp("live"), days=2, bases=("BTC", "ETH"))
    return open_market(datadir, replay=True)


@pytest.fixture
def served(replayed: ReplayMarket, desk: Desk) -> Callable[..., AbstractContextManager[Desk]]:
    """A desk whose exchange keeps an account like this one."""

    @contextmanager
    def serve(
        venue: str, key: str = KEY, taken: str | None = None, faults: tuple[FaultPlan, ...] = (), **sheet: Any
    ) -> Iterator[Desk]:
        account = AccountSheet(key=taken, **sheet)
        with ReplayServer(replayed, venue=venue_named(venue), sheet=account, faults=faults) as server:
            desk.config["exchange"] |= exchange_overlay(server.url, venue)["exchange"]
            desk.config["exchange"] |= {"key": key, "secret": SECRET}
            desk.config |= {"dry_run": False, "db_url": f"sqlite:///{desk.home}/trades.sqlite"}
            yield desk

    return serve
