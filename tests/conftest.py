"""Where the real market data is, and what happens when it is not there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parent.parent

sys.path.insert(0, str(REPOSITORY / "strategies"))

settings.register_profile(
    "outrigger", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("outrigger")


def market_data_dir() -> Path | None:
    """Directory of the real market data, or None where this machine has none."""
    named = os.environ.get("OUTRIGGER_MARKET_DATA")
    candidate = Path(named) if named else REPOSITORY.parent / "shared" / "market"
    return candidate if (candidate / "README.md").is_file() else None


@pytest.fixture(scope="session")
def market() -> Path:
    """Real market data; skips where absent, fails in CI, where it is required."""
    found = market_data_dir()
    if found is None:
        message = "no real market data: set OUTRIGGER_MARKET_DATA to the directory that holds it"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found
