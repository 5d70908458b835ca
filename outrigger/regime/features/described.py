"""Names of lookbacks and short descriptions of columns, shared by the feature modules."""

from __future__ import annotations

from outrigger.market.features.spec import FeatureSpec

# Five-minute candles and what people call that long.
LENGTHS = {
    1: "5m",
    3: "15m",
    6: "30m",
    12: "1h",
    24: "2h",
    48: "4h",
    96: "8h",
    144: "12h",
    288: "1d",
    576: "2d",
    864: "3d",
    1152: "4d",
    1999: "1w",
}
_CANDLE_S = 300


def named(stem: str, bars: int) -> str:
    """Column name of a measure over a number of five-minute candles: `range_4h`."""
    return f"{stem}_{LENGTHS[bars]}"


def described(name: str, unit: str, window: str, meaning: str, source: str = "5m candles") -> FeatureSpec:
    """Describe a column that is made of candles and known at their close."""
    return FeatureSpec(name, unit, window, source, _CANDLE_S, meaning)
