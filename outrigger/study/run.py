"""Runs tasks on this machine's cores or on a Dask cluster, and survives what fails.

Both ways take the same function of one argument and give answers as they come. A process that dies takes
the tasks of its pool with it, so those are run again, each in a process of its own: the one that kills its
process is then known and reported, the others are done. Dask does the same on its side: a task whose
workers keep dying comes back as an error. Weak: a task that never ends is waited for.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Generic, TypeVar

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from outrigger.errors import SettingsError

Task = TypeVar("Task")
Answer = TypeVar("Answer")
CONNECT_SECONDS = 10.0
# Holds the limit for as long as a worker process lives.
_limits: list[Any] = []


@dataclass(frozen=True, slots=True)
class Done(Generic[Task, Answer]):
    """A task and its answer.

    Parameters
    ----------
    task : object
        What was asked.
    answer : object or None
        None where the task could not be run.
    error : str
        Why not; empty where it could.
    """

    task: Task
    answer: Answer | None
    error: str = ""


class Workers:
    """Whoever works tasks out: this process, a pool of processes, or a cluster.

    Parameters
    ----------
    submit : callable
        From a function and tasks to answers as they come.
    count : int
        How many tasks run at the same time.
    shared_disk : bool
        Whether workers can write where this process reads.
    """

    def __init__(
        self,
        submit: Callable[[Callable[[Any], Any], Sequence[Any]], Iterator[Done[Any, Any]]],
        count: int,
        *,
        shared_disk: bool,
    ) -> None:
        self._submit = submit
        self.count = count
        self.shared_disk = shared_disk

    def run(self, function: Callable[[Task], Answer], tasks: Sequence[Task]) -> Iterator[Done[Task, Answer]]:
        """Give each task's answer as soon as it is there.

        Parameters
        ----------
        function : callable
            A module's function: it has to be found by name in another process.
        tasks : sequence
            Arguments that can be sent to another process.

        Yields
        ------
        Done
            In the order in which they end.
        """
        yield from self._submit(function, tasks)


@contextmanager
def local_workers(count: int) -> Iterator[Workers]:
    """Processes of this machine; one worker is this process itself.

    Parameters
    ----------
    count : int
        How many.

    Yields
    ------
    Workers
        Each with one thread, so that they do not take each other's cores.
    """
    if count <= 1:
        with threadpool_limits(1):
            yield Workers(_here, 1, shared_disk=True)
        return
    pool = _pool(count)

    def submit(function: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Done[Any, Any]]:
        return _pooled(pool, function, tasks)

    try:
        yield Workers(submit, count, shared_disk=True)
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def dask_workers(address: str) -> Iterator[Workers]:
    """Workers of an existing Dask cluster.

    Parameters
    ----------
    address : str
        Of the scheduler, such as `tcp://10.0.0.5:8786`.

    Yields
    ------
    Workers
        Every thread of the cluster's workers counts as one.

    Raises
    ------
    SettingsError
        If `distributed` is not installed, no scheduler answers, or it has no workers.
    """
    try:
        # An extra, slow to import, and without types.
        dask: Any = import_module("distributed")
    except ImportError as error:
        raise SettingsError(
            "--dask needs the extra `cluster`: run pip install 'freqtrade-outrigger[cluster]'"
        ) from error
    try:
        client = dask.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise SettingsError(
            f"--dask {address}: no scheduler answers within {CONNECT_SECONDS:g} s ({error}); start one with "
            "`dask scheduler` and workers with `dask worker ADDRESS`, or leave --dask out to use this machine"
        ) from error
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise SettingsError(
                f"--dask {address}: the cluster has no workers; start `dask worker {address}`"
            )

        def submit(function: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Done[Any, Any]]:
            return _clustered(dask, client, function, tasks)

        yield Workers(submit, threads, shared_disk=False)


def _here(function: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Done[Any, Any]]:
    for task in tasks:
        try:
            answer = function(task)
        except Exception as error:
            yield Done(task, None, repr(error))
        else:
            yield Done(task, answer)


def _pool(count: int) -> ProcessPoolExecutor:
    # A forked process would inherit locks of threads that it does not have.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, mp_context=context, initializer=_single_threaded)


def _single_threaded() -> None:
    _limits.append(threadpool_limits(1))


def _pooled(pool: Executor, function: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Done[Any, Any]]:
    try:
        futures = {pool.submit(function, task): task for task in tasks}
    except BrokenProcessPool:
        futures, unfinished = {}, list(tasks)
    else:
        unfinished = []
    for future in as_completed(futures):
        task = futures[future]
        if isinstance(future.exception(), BrokenProcessPool):
            unfinished.append(task)
        else:
            yield _done(task, future)
    for task in unfinished:
        with _pool(1) as alone:
            yield _done(task, alone.submit(function, task))


def _done(task: Any, future: Future[Any]) -> Done[Any, Any]:
    error = future.exception()
    if error is None:
        return Done(task, future.result())
    if isinstance(error, BrokenProcessPool):
        return Done(task, None, "its process died twice, the second time alone: is there enough memory?")
    return Done(task, None, repr(error))


def _clustered(
    dask: Any, client: Any, function: Callable[[Any], Any], tasks: Sequence[Any]
) -> Iterator[Done[Any, Any]]:
    # Tasks carry arrays, which Dask would want to hash: every one is its own.
    futures = {client.submit(function, task, pure=False): task for task in tasks}
    with client.as_current():
        coming = dask.as_completed(list(futures))
    for future in coming:
        try:
            yield Done(futures[future], future.result())
        # A scheduler that is lost cancels what it has not answered; all others keep their answers.
        except Exception as error:
            yield Done(futures[future], None, f"{type(error).__name__}: {error}")
        future.release()
