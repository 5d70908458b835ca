"""Time of one stop decision while a trade is open."""

from __future__ import annotations

from time import perf_counter_ns

from freqtrade.strategy import stoploss_from_absolute

from outrigger.settings.stop import StopSettings
from outrigger.stops.columns import market_columns, measure_noise, stop_charts
from outrigger.stops.keeper import StopKeeper
from outrigger.stops.policies import sided_widths
from outrigger.stops.track import StopTrack, track_of
from tests.benchmarks.bench import Bench
from tests.benchmarks.pairing import percentiles
from tests.benchmarks.result import Result
from tests.benchmarks.walk import minute_walk, resampled

TARGET_US = 50.0
PAIR = "BTC/USDT:USDT"
CANDLES, DECISIONS = 40_000, 120_000
MINUTE_MS = 60_000
LEVERAGE = 5.0


def stop_decision(bench: Bench) -> Result:
    """99th percentile of one new candle's decision: advance the stop, look for a cross, convert to margin."""
    candles = bench.size(CANDLES, 4_000)
    times = _decisions(_track(candles), bench.size(DECISIONS, 3_000))
    shares = {"p50_us": 0.5, "p99_us": 0.99, "p999_us": 0.999}
    found = dict(zip(shares, percentiles(times, *shares.values()), strict=True))
    details = {"decisions": len(times), "candles": candles, **found}
    return Result("stop-decision", "p99 of one stop decision", found["p99_us"], "µs", TARGET_US, details)


def _track(candles: int) -> StopTrack:
    minute, settings = minute_walk(candles), StopSettings()
    frames = {"1m": minute} | {name: resampled(minute, name) for name in stop_charts(settings)}
    market = market_columns(measure_noise(frames, "1m", settings, PAIR))
    return track_of(minute, "1m", market, sided_widths(market, settings))


def _decisions(track: StopTrack, count: int) -> list[float]:
    """Microseconds of each decision; trades follow one another, long and short, until there are enough."""
    keeper = StopKeeper(StopSettings().min_step)
    keeper.set_track(PAIR, track)
    times: list[float] = []
    trade, row = 0, 0
    while len(times) < count:
        row = row if row < len(track) - 2 else 0
        now, rate = int(track.closed_at_ms[row]), float(track.close[row])
        side = 1 if trade % 2 else -1
        if keeper.open(trade, PAIR, side, rate, now) is None:
            row += 60  # the forecast needs a day of candles before it speaks
            continue
        open_, row = True, row + 1
        while open_ and row < len(track) - 2 and len(times) < count:
            row += 1
            now, rate = int(track.closed_at_ms[row]), float(track.close[row])
            begun = perf_counter_ns()
            state = keeper.update(trade, PAIR, now)
            passed = keeper.crossed(trade, PAIR, now)
            stoploss_from_absolute(state.stop, rate, is_short=side < 0, leverage=LEVERAGE)
            times.append((perf_counter_ns() - begun) / 1000)
            open_ = not passed
        trade += 1
        keeper.forget({trade})
    return times
