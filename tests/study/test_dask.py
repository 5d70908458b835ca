"""A study on a two-worker cluster of processes on loopback, and clusters that are not there."""

from __future__ import annotations

import socket
from contextlib import nullcontext
from pathlib import Path

import pytest

from outrigger.errors import SettingsError
from outrigger.study import run
from outrigger.study.conduct import conduct
from outrigger.study.run import dask_workers
from tests.study.markets import request, studied
from tests.study.test_run import doubled, fatal_at_three

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as found:
        yield found


def test_study_on_a_cluster_equals_the_same_study_here(cluster, datadir: Path, tmp_path: Path) -> None:
    here = studied(request(datadir, tmp_path / "here"))
    with dask_workers(cluster.scheduler_address) as workers:
        assert (workers.count, workers.shared_disk) == (2, False)
        there = conduct(request(datadir, tmp_path / "there"), workers)
        again = conduct(request(datadir, tmp_path / "there"), workers)
    assert there.to_dict()["matched"] == here.to_dict()["matched"]
    # Whoever asked has kept the cells, so nothing is sent a second time.
    assert again.about["cells"]["worked_out"] == 0


def test_worker_that_dies_on_the_cluster_costs_its_own_task_only(cluster) -> None:
    with dask_workers(cluster.scheduler_address) as workers:
        found = {one.task: one for one in workers.run(fatal_at_three, [1, 3, 4])}
    assert (found[1].answer, found[3].answer, found[4].answer) == (2, None, 8)
    assert "KilledWorker" in found[3].error


def test_scheduler_that_is_lost_costs_what_it_had_not_answered() -> None:
    """The client's own error for it, without waiting for a real one to give up."""

    class Lost:
        def result(self) -> int:
            raise distributed.client.FutureCancelledError("slow-1", "scheduler-connection-lost")

        def release(self) -> None:
            pass

    class Answered(Lost):
        def result(self) -> int:
            return 2

    class Client:
        futures = iter([Answered(), Lost()])

        def submit(self, *_: object, pure: bool) -> Lost:
            return next(self.futures)

        def as_current(self) -> nullcontext[None]:
            return nullcontext()

    class Dask:
        as_completed = staticmethod(iter)

    first, second = run._clustered(Dask, Client(), doubled, [1, 2])
    assert (first.answer, second.answer) == (2, None)
    assert "connection-lost" in second.error


def test_cluster_that_does_not_answer_is_told_within_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr(run, "CONNECT_SECONDS", 0.5)
    with pytest.raises(SettingsError, match=r"no scheduler answers within 0\.5 s"), dask_workers(address):
        pass


def test_cluster_without_workers_is_refused() -> None:
    with (
        distributed.LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as empty,
        pytest.raises(SettingsError, match="has no workers"),
        dask_workers(empty.scheduler_address),
    ):
        pass


def test_cluster_at_a_nonsense_address_is_refused() -> None:
    with pytest.raises(SettingsError, match="no scheduler answers"), dask_workers("nonsense://1"):
        pass
