"""Freqtrade's protections act in a bot always, in a backtest only where it is told to."""

from __future__ import annotations

import pytest

from tests.engine.harness import Engine
from tests.engine.test_stop_in_engine import FIXED, SIDES, path, still, to

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]
STOPPED = 5


@pytest.mark.parametrize("side", SIDES, ids=["long", "short"])
@pytest.mark.parametrize("protected", [False, True])
def test_entry_in_the_candle_of_a_stop_is_made_only_without_protections(
    engine: Engine, side: int, protected: bool
) -> None:
    moves = [*still(STOPPED), to(0, -0.05), *still(4, -0.05)]
    found = engine.run(
        path(side, *moves),
        [(2, side), (STOPPED, -side)],
        outrigger=FIXED,
        leverage=2,
        config={"enable_protections": protected},
    )
    stopped, *later = found.trades
    assert stopped.exit_reason == "stop_loss"
    assert [trade.is_short for trade in later] == ([] if protected else [side > 0])
    # The same candle: before the stop has been met, as far as the order inside a candle is known.
    assert all(trade.open_date_utc == stopped.close_date_utc for trade in later)
