"""Walk-forward choice: what was over before, and nothing else, decides."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outrigger.study.tuning import ENOUGH, walk_forward

DAY = 86_400_000
STARTS = {("set", 0): 0, ("set", 1): 10 * DAY, ("set", 2): 20 * DAY}


def trades(*means: float, closed_after_days: float = 1.0) -> pd.DataFrame:
    """Fifty trades a window, all with the window's result."""
    parts = [
        pd.DataFrame(
            {
                "data": "set",
                "window": window,
                "closed_ms": int((10 * window + closed_after_days) * DAY),
                "r": np.full(50, mean),
            }
        )
        for window, mean in enumerate(means)
    ]
    return pd.concat(parts, ignore_index=True)


def test_walk_forward_takes_what_was_best_before_and_reports_what_came_next() -> None:
    choices, out = walk_forward({1.0: trades(0.1, 0.0, 0.3), 2.0: trades(0.0, 0.5, -1.0)}, STARTS)
    assert [(one.window, one.scale) for one in choices] == [(1, 1.0), (2, 2.0)]
    assert [one.out_of_sample_r for one in choices] == pytest.approx([0.0, -1.0])
    assert [one.trained_on for one in choices] == [50, 100]
    assert out["scale"].tolist() == [1.0] * 50 + [2.0] * 50


def test_walk_forward_never_looks_at_the_window_it_chooses_for() -> None:
    """f(x[:n]) == f(x)[:n]: other results in the last window change no choice."""
    plain = {1.0: trades(0.1, 0.0, 0.3), 2.0: trades(0.0, 0.5, -1.0)}
    other = {1.0: trades(0.1, 0.0, 9.0), 2.0: trades(0.0, 0.5, 9.0)}
    first, _ = walk_forward(plain, STARTS)
    second, _ = walk_forward(other, STARTS)
    assert [one.scale for one in first] == [one.scale for one in second]
    until = {key: start for key, start in STARTS.items() if key[1] < 2}
    cut, _ = walk_forward({scale: one[one["window"] < 2] for scale, one in plain.items()}, until)
    assert cut == first[:1]


def test_walk_forward_leaves_out_trades_that_were_still_open() -> None:
    """Trades of the first window end only after the second has begun: nothing is known, nothing is tuned."""
    slow = {1.0: trades(0.0, 0.0, closed_after_days=11), 2.0: trades(5.0, 0.0, closed_after_days=11)}
    choices, _ = walk_forward(slow, {key: start for key, start in STARTS.items() if key[1] < 2})
    assert [(one.scale, one.trained_on) for one in choices] == [(1.0, 0)]


def test_walk_forward_with_too_few_trades_keeps_the_shipped_scale() -> None:
    few = {1.0: trades(0.0, 0.0), 2.0: trades(5.0, 0.0)}
    known = {scale: one.groupby("window").head(ENOUGH - 1) for scale, one in few.items()}
    choices, _ = walk_forward(known, {key: start for key, start in STARTS.items() if key[1] < 2})
    assert [one.scale for one in choices] == [1.0]


def test_walk_forward_of_one_window_chooses_nothing() -> None:
    choices, out = walk_forward({1.0: trades(0.1)}, {("set", 0): 0})
    assert choices == []
    assert out.empty
