"""A seeded synthetic market of correlated perpetuals, written as a Freqtrade data directory."""

from outrigger.replay.synth.directory import DEFAULT_START, write_market
from outrigger.replay.synth.instruments import DEFAULT_PAIRS
from outrigger.replay.synth.manifest import Manifest, PlantedCascade, is_synthetic, read_label

__all__ = [
    "DEFAULT_PAIRS",
    "DEFAULT_START",
    "Manifest",
    "PlantedCascade",
    "is_synthetic",
    "read_label",
    "write_market",
]
