"""Freqtrade's persistence, in memory, as a running bot has it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from freqtrade.persistence import Trade, init_db
from freqtrade.persistence.usedb_context import disable_database_use, enable_database_use


@pytest.fixture
def database() -> Iterator[None]:
    """An empty trades database; other tests of this process go on without one."""
    init_db("sqlite://")
    enable_database_use()
    yield
    Trade.session.remove()
    disable_database_use("1m")


@pytest.fixture
def no_database() -> None:
    """Persistence as a backtest has it."""
    disable_database_use("1m")
