"""What the doctor finds in the parameter file that hyperopt leaves beside the strategy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.doctor.desk import Desk, about, only


@pytest.fixture
def tuned(desk: Desk) -> Path:
    """A copy of the strategy, beside which a parameter file may lie; returns that file's path."""
    desk.config["strategy_path"] = str(desk.home / "strategies")
    desk.config["outrigger"]["stop"] = {"trail_sigma": 0.75, "activation_sigma": 1.5, "protect_sigma": 2.0}
    (desk.home / "strategies").mkdir()
    shutil.copy(REPOSITORY / "strategies" / "outrigger_strategy.py", desk.home / "strategies")
    return desk.home / "strategies" / "outrigger_strategy.json"


def parameters(**params: Any) -> str:
    return json.dumps({"strategy_name": "Outrigger", "params": params, "ft_stratparam_v": 1})


def test_diagnose_of_a_parameter_file_lists_what_differs(desk: Desk, tuned: Path) -> None:
    tuned.write_text(
        parameters(
            stop={"stop_trail_sigma": 1.1, "stop_protect_sigma": 2.0},
            enter={"signals_channel": 0.7},
            trailing={"trailing_stop": False},
            stoploss={"stoploss": -0.4},
        )
    )
    told = only(desk.configured(), "outrigger_strategy.json", "warning").message
    assert "stop.trail_sigma = 1.1 (configuration: 0.75)" in told
    assert "signals.channel = 0.7 (configuration: 0.5)" in told
    assert "stoploss = -0.4" in told
    assert "protect_sigma" not in told
    assert "trailing_stop" not in told


def test_diagnose_of_a_parameter_file_that_says_the_same_is_fine(desk: Desk, tuned: Path) -> None:
    tuned.write_text(parameters(stop={"stop_trail_sigma": 0.75}))
    assert about(desk.configured(), "parameter file", "ok")


@pytest.mark.parametrize("content", ["{", "[1]", '{"strategy_name": "Other", "params": {}}'])
def test_diagnose_of_a_foreign_parameter_file_is_an_error(desk: Desk, tuned: Path, content: str) -> None:
    tuned.write_text(content)
    assert only(desk.configured(), "outrigger_strategy.json", "error").next_step == f"rm {tuned}"


def test_diagnose_of_a_parameter_file_that_contradicts_itself_is_an_error(desk: Desk, tuned: Path) -> None:
    tuned.write_text(parameters(stop={"stop_trail_sigma": 2.5, "stop_activation_sigma": 1.2}))
    found = about(desk.configured(), "outrigger_strategy.json", "error")
    assert "activation_sigma (1.2) is smaller than trail_sigma (2.5)" in found[0].message


def test_diagnose_of_a_parameter_that_is_none_warns(desk: Desk, tuned: Path) -> None:
    tuned.write_text(parameters(stop={"stop_tail_sigma": 2.5}))
    assert "stop.stop_tail_sigma" in only(desk.configured(), "outrigger_strategy.json", "warning").message
