"""The whole story offline, on a synthetic market: real backtests of several stops, and a report."""

from outrigger.demo.run import DEMO_PAIRS, DemoResult, run_demo

__all__ = ["DEMO_PAIRS", "DemoResult", "run_demo"]
