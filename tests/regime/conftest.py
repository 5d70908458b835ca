"""Two threads on a busy machine wait for each other, at small trees, longer than they work: one is used."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Once everything is imported: a library that is not loaded yet cannot be limited."""
    with threadpool_limits(limits=1):
        yield
