"""Outrigger's share of a live loop: a dry run of Freqtrade's worker, each callback timed where it is called.

Real time, so the machine has to be quiet. Everything that costs time is on: classifier and funding.
"""

from __future__ import annotations

from tests.benchmarks.bench import Bench
from tests.benchmarks.result import Result

NEW_CANDLE_MS, OTHERWISE_MS, STOP_MS = 150.0, 5.0, 1.0


def live_loop(bench: Bench) -> Result:
    """95th percentile of its share of a loop that analyses a new candle of every pair."""
    details = {"market": bench.market.label, "pairs": len(bench.market.pairs), **bench.live_loops}
    value = bench.live_loops["new_candle"]["p95"]
    return Result("live-loop", "p95 of our share of a loop, new candle", value, "ms", NEW_CANDLE_MS, details)


def live_loop_between(bench: Bench) -> Result:
    """95th percentile of its share of a loop between candles, a position open."""
    found = bench.live_loops["otherwise"]
    measures = "p95 of our share of a loop, otherwise"
    return Result("live-loop-between", measures, found["p95"], "ms", OTHERWISE_MS, dict(found))


def live_stop(bench: Bench) -> Result:
    """99th percentile of one `custom_stoploss`, with the copy of the trade that Freqtrade makes for it."""
    found = bench.live_loops["stop"]
    measures = "p99 of custom_stoploss with Freqtrade's copy"
    return Result("live-stop", measures, found["p99"], "ms", STOP_MS, dict(found))
