"""The classifier: a mirrored logistic and a mirrored boosting, blended."""

from outrigger.regime.model.classifier import RegimeClassifier

__all__ = ["RegimeClassifier"]
