"""How many threads compiled libraries use while models are fitted: one, unless two things are fitted at once.

Small trees wait at a barrier after each of many small steps, and so do products of long, narrow matrices: on
a machine that also trades, two threads take longer than one and burn the other core while they wait. And a
sum that is split in two is rounded in another way: with one thread the same data and seed give the same model
on any number of cores. OpenMP's number belongs to the thread that asks, that of BLAS to the whole process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]


@cache
def _libraries() -> ThreadpoolController:
    """Compiled libraries with threads of their own; finding them takes milliseconds, once."""
    return ThreadpoolController()


@contextmanager
def single_threaded() -> Iterator[None]:
    """Keep the process's linear algebra, and this thread's OpenMP, to one thread."""
    with _libraries().limit(limits=1):
        yield


@contextmanager
def single_openmp_thread() -> Iterator[None]:
    """Keep this thread's OpenMP to one thread, and leave linear algebra to whoever began the process."""
    with _libraries().limit(limits=1, user_api="openmp"):
        yield
