"""A real Freqtrade engine, connected to a replay exchange on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from outrigger.replay.exchange import ReplayServer, open_market
from outrigger.replay.overlay import exchange_overlay
from tests.conftest import REPOSITORY
from tests.engine.harness import PAIR, Engine, write_pair
from tests.engine.hedge_harness import PRICES, HedgeEngine, write_pairs


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    home = tmp_path_factory.mktemp("engine")
    datadir = write_pair(home / "data")
    with ReplayServer(open_market(datadir, replay=False)) as server:
        overlay = exchange_overlay(server.url)
        overlay["exchange"] |= {"pair_whitelist": [PAIR]}
        overlay |= {
            "timeframe": "1m",
            "dry_run_wallet": 100_000,
            "export": "none",
            "max_open_trades": 1,
        }
        path = home / "overlay.json"
        path.write_text(json.dumps(overlay))
        yield Engine(
            {
                "config": [str(REPOSITORY / "config.json"), str(path)],
                "datadir": str(datadir),
                "user_data_dir": str(home),
            }
        )


@pytest.fixture(scope="session")
def hedge_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HedgeEngine]:
    """The same with the pairs of a hedge."""
    home = tmp_path_factory.mktemp("hedge-engine")
    datadir = write_pairs(home / "data")
    with ReplayServer(open_market(datadir, replay=False)) as server:
        overlay = exchange_overlay(server.url)
        overlay["exchange"] |= {"pair_whitelist": list(PRICES)}
        overlay |= {"timeframe": "1m", "dry_run_wallet": 100_000, "export": "none"}
        path = home / "overlay.json"
        path.write_text(json.dumps(overlay))
        yield HedgeEngine(
            {
                "config": [str(REPOSITORY / "config.json"), str(path)],
                "datadir": str(datadir),
                "user_data_dir": str(home),
            }
        )
