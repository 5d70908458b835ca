"""Stops side by side on one market, synthetic or recorded: real backtests, a table and a report."""

from outrigger.demo.run import DEMO_PAIRS, Comparison, DemoResult, run_comparison, run_demo

__all__ = ["DEMO_PAIRS", "Comparison", "DemoResult", "run_comparison", "run_demo"]
