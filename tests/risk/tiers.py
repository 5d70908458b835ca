"""Maintenance schedules that the risk tests share."""

from __future__ import annotations

from hypothesis import strategies as st

from outrigger.risk.liquidation import MaintenanceTier

FLAT = (MaintenanceTier(0.0, 0.004, 0.0, 125.0),)
# Binance's published form: amount(n) = floor(n) × (rate(n) - rate(n-1)) + amount(n-1).
STEPPED = (
    MaintenanceTier(0.0, 0.004, 0.0, 125.0),
    MaintenanceTier(50_000.0, 0.005, 50.0, 100.0),
    MaintenanceTier(250_000.0, 0.01, 1_300.0, 50.0),
    MaintenanceTier(1_000_000.0, 0.025, 16_300.0, 20.0),
    MaintenanceTier(5_000_000.0, 0.1, 391_300.0, 4.0),
)


@st.composite
def schedules(draw: st.DrawFn) -> tuple[MaintenanceTier, ...]:
    """Rising schedules without jumps, as exchanges publish them."""
    count = draw(st.integers(1, 5))
    floors = [0.0, *sorted(draw(st.lists(st.floats(1e3, 1e7), min_size=count - 1, max_size=count - 1)))]
    rates = sorted(draw(st.lists(st.floats(0.001, 0.3), min_size=count, max_size=count)))
    tiers = [MaintenanceTier(0.0, rates[0], 0.0)]
    for floor, rate in zip(floors[1:], rates[1:], strict=True):
        before = tiers[-1]
        tiers.append(MaintenanceTier(floor, rate, before.amount + floor * (rate - before.rate)))
    return tuple(tiers)
