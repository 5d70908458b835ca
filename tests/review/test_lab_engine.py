"""The lab against Freqtrade's own engine: the same candles, widths and entries, trade by trade.

Explained differences, each under test elsewhere: the engine fills a breached old stop without asking for a
new one (`engine_like`), fills gaps at the stop where the candle still reaches it (`gap_fills=False`), rounds
stops to the price's tick, and closes what is open at the end of the data (`force_exit`, left out here).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from freqtrade.persistence import LocalTrade

from outrigger.review.lab import replay
from outrigger.review.lab_trade import PairCandles, ReplayTerms
from outrigger.settings.stop import StopSettings
from outrigger.stops.policies import MarketColumns, widths
from tests.engine.conftest import engine  # noqa: F401
from tests.engine.harness import START, Engine

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]

SIZE = 500
REASONS = {"stop_loss": "stop", "trailing_stop_loss": "stop", "stop_crossed": "stop_crossed"}
POLICIES: dict[str, dict[str, Any]] = {
    "volatility": {"policy": "volatility", "trail_min": 0.005},
    "trailing": {"policy": "trailing", "trailing_width": 0.02},
    "late": {
        "policy": "trailing",
        "trailing_width": 0.015,
        "trailing_activation": 0.02,
    },
    "fixed": {"policy": "fixed", "fixed_distance": 0.02},
}


def walk(seed: int) -> tuple[list[tuple[float, float, float, float]], np.ndarray]:
    """Candles on the tick with gaps and long wicks, and a forecast that changes all the time."""
    rng = np.random.default_rng(seed)
    # Pulled back to where it began, or a long walk would leave the reach of the account's risk.
    level = np.zeros(SIZE)
    for row in range(1, SIZE):
        level[row] = 0.97 * level[row - 1] + rng.standard_t(4) * 0.0035
    close = 40_000 * np.exp(level)
    opened = np.concatenate(([40_000.0], close[:-1])) * np.exp(rng.normal(0, 0.001, SIZE))
    high = np.maximum(opened, close) * (1 + np.abs(rng.normal(0, 0.002, SIZE)))
    low = np.minimum(opened, close) * (1 - np.abs(rng.normal(0, 0.002, SIZE)))
    rows = [tuple(float(price) for price in candle) for candle in np.round([opened, high, low, close], 1).T]
    return rows, rng.uniform(0.006, 0.02, SIZE)  # type: ignore[return-value]


def row_of(moment: Any) -> int:
    return round((moment - START.to_pydatetime()).total_seconds() / 60)


@pytest.mark.parametrize("policy", POLICIES)
def test_lab_and_engine_agree_on_exit_candle_price_and_reason(
    engine: Engine,  # noqa: F811
    policy: str,
) -> None:
    rows, sigma = walk(seed=11)
    sides = np.random.default_rng(5).choice([1, -1], SIZE)
    entries = [(row, int(sides[row])) for row in range(5, SIZE - 5)]
    stop = POLICIES[policy]
    found = engine.run(
        rows,
        entries,
        sigma=sigma.tolist(),
        leverage=2,
        outrigger={"stop": stop},
    )
    candles = PairCandles(*np.array(rows).T, np.zeros(SIZE))
    settings = StopSettings.model_validate(stop)
    columns = widths(MarketColumns(sigma, sigma, np.zeros(SIZE), np.full(SIZE, np.nan)), settings)
    terms = ReplayTerms(SIZE, min_step=settings.min_step, gap_fills=False, engine_like=True)
    compared: list[LocalTrade] = [one for one in found.trades if one.exit_reason in REASONS]
    assert len(compared) >= 8
    for trade in compared:
        side = -1 if trade.is_short else 1
        out = replay(candles, columns, row_of(trade.open_date_utc), side, terms)
        assert out.entry == trade.open_rate
        assert (out.exit_row, out.reason) == (row_of(trade.close_date_utc), REASONS[str(trade.exit_reason)])
        assert out.exit == pytest.approx(trade.close_rate, abs=0.11)
