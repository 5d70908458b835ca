"""Outrigger: volatility-scaled stops and risk-first sizing for Freqtrade perpetual futures."""

__version__ = "0.1.0"
