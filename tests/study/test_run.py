"""Workers of this machine: answers as they come, and what becomes of a process that dies."""

from __future__ import annotations

import os

import pytest

from outrigger.study.run import local_workers


def doubled(number: int) -> int:
    if number < 0:
        raise ValueError(f"{number} is negative")
    return 2 * number


def fatal_at_three(number: int) -> int:
    if number == 3:
        os._exit(1)
    return 2 * number


@pytest.mark.parametrize("count", [1, 2])
def test_workers_give_every_answer_and_report_what_fails(count: int) -> None:
    with local_workers(count) as workers:
        found = {one.task: one for one in workers.run(doubled, [1, 2, -1])}
    assert (found[1].answer, found[2].answer, found[-1].answer) == (2, 4, None)
    assert "-1 is negative" in found[-1].error


def test_worker_that_dies_costs_its_own_task_only() -> None:
    with local_workers(2) as workers:
        found = {one.task: one for one in workers.run(fatal_at_three, [1, 2, 3, 4])}
    assert {task: one.answer for task, one in found.items()} == {1: 2, 2: 4, 3: None, 4: 8}
    assert "died twice" in found[3].error
