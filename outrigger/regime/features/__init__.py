"""What the classifier sees: columns that are ratios, percentiles and scores, known at a candle's close."""

from outrigger.regime.features.frame import (
    CANDLE_FEATURES,
    CHARTS,
    DIRECTIONAL,
    FEATURES,
    INPUT_FEATURES,
    REFERENCE_PAIR,
    SECOND_REFERENCE_PAIR,
    leader_of,
    regime_features,
)
from outrigger.regime.features.laid_out import LaidOut

__all__ = [
    "CANDLE_FEATURES",
    "CHARTS",
    "DIRECTIONAL",
    "FEATURES",
    "INPUT_FEATURES",
    "REFERENCE_PAIR",
    "SECOND_REFERENCE_PAIR",
    "LaidOut",
    "leader_of",
    "regime_features",
]
