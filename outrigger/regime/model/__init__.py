"""The classifier: a mirrored logistic and a mirrored boosting, blended and calibrated on later data."""

from outrigger.regime.model.classifier import RegimeClassifier

__all__ = ["RegimeClassifier"]
