from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from outrigger.regime.model import RegimeClassifier
from outrigger.regime.threads import single_openmp_thread, single_threaded

# What loads the libraries whose threads are counted.
assert RegimeClassifier is not None


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    with threadpool_limits(limits=2):
        yield


def _threads() -> dict[str, set[int]]:
    """Threads by kind of library."""
    found: dict[str, set[int]] = {}
    for library in threadpool_info():
        found.setdefault(library["user_api"], set()).add(library["num_threads"])
    return found


@pytest.mark.parametrize(
    ("limited", "inside"),
    [
        (single_threaded, {"blas": {1}, "openmp": {1}}),
        (single_openmp_thread, {"blas": {2}, "openmp": {1}}),
    ],
)
def test_threads_are_limited_inside_and_as_before_after(
    limited: Callable[[], AbstractContextManager[None]], inside: dict[str, set[int]]
) -> None:
    before = _threads()
    with limited():
        assert _threads() == inside
    assert _threads() == before == {"blas": {2}, "openmp": {2}}
