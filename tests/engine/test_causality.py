"""Nothing the strategy reads at a candle's close changes when the candles after it are taken away."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from freqtrade.enums import RunMode

from outrigger.bot import frames
from outrigger.market.candles import read_candles
from outrigger.market.timeframe import timeframe_ms
from outrigger.settings.read import Settings, read_settings
from outrigger.signals.indicators import signals
from outrigger.stops.columns import market_columns
from outrigger.stops.policies import widths

PAIR = "ETH/USDT:USDT"
COMPARED = [
    "sigma",
    "protect_sigma",
    "candle_range",
    "side",
    "confidence",
    "entry",
    "protect",
    "activation",
    "trail",
]

pytestmark = pytest.mark.real_data


class Provider:
    """Candles up to a moment, as Freqtrade's data provider would hand them out."""

    runmode = RunMode.DRY_RUN

    def __init__(self, candles: dict[str, pd.DataFrame], until: pd.Timestamp) -> None:
        self.until = until
        self.candles = candles

    def get_pair_dataframe(self, pair: str, timeframe: str) -> pd.DataFrame:
        frame = self.candles[timeframe]
        closed = frame["date"] + pd.to_timedelta(timeframe_ms(timeframe), unit="ms")
        return frame[closed <= self.until].reset_index(drop=True)


def analysed(
    base: str, candles: dict[str, pd.DataFrame], until: pd.Timestamp, settings: Settings
) -> pd.DataFrame:
    provider = Provider(candles, until)
    clock = provider.get_pair_dataframe(PAIR, base)
    frame = frames.measure(clock, PAIR, base, provider, settings)  # type: ignore[arg-type]
    decided = signals(frame, base, settings.signals)
    wide = widths(market_columns(frame), settings.stop)
    answers = {"protect": wide.protect, "activation": wide.activation, "trail": wide.trail}
    return pd.concat([frame, decided], axis=1).assign(**answers).set_index("date")


@pytest.mark.parametrize("policy", ["volatility", "chandelier"])
@pytest.mark.parametrize(("folder", "base"), [("binance-1m-2025-02", "1m"), ("binance-5m-2025h1", "5m")])
def test_analysis_of_shorter_history_is_the_same_up_to_its_end(
    market: Path, folder: str, base: str, policy: str
) -> None:
    settings = read_settings({"outrigger": {"stop": {"policy": policy}}})
    names = (base, *frames.charts(settings, base))
    window = slice(pd.Timestamp("2024-12-20", tz="UTC"), pd.Timestamp("2025-02-06", tz="UTC"))
    candles = {
        name: read_candles(market / folder, PAIR, name).set_index("date")[window].reset_index()
        for name in names
    }
    last = candles[base]["date"].iloc[-1]
    whole = analysed(base, candles, last, settings)
    # Odd minutes, the minute a 15m, a 4h candle closes, and the middle of the crash of 2025-02-03.
    for cut in (
        "2025-02-01 03:07",
        "2025-02-02 08:00",
        "2025-02-03 02:15",
        "2025-02-03 02:31",
        "2025-02-05 23:59",
    ):
        moment = pd.Timestamp(cut, tz="UTC")
        short = analysed(base, candles, moment, settings)
        assert len(short) > 0
        pd.testing.assert_frame_equal(
            short[COMPARED], whole.loc[short.index, COMPARED], rtol=1e-12, check_freq=False
        )


def test_time_units_and_zones_of_live_candles_change_nothing(market: Path) -> None:
    """A backtest has milliseconds, a live bot microseconds and another time zone object."""
    settings = Settings()
    names = ("1m", *frames.charts(settings, "1m"))
    candles = {name: read_candles(market / "binance-1m-2025-02", PAIR, name).tail(3000) for name in names}
    live = {
        name: frame.assign(date=frame["date"].dt.tz_convert("Etc/UTC").dt.as_unit("us"))
        for name, frame in candles.items()
    }
    end = pd.Timestamp("2025-02-26 12:00", tz="UTC")
    first, second = (analysed("1m", found, end, settings)[COMPARED] for found in (candles, live))
    pd.testing.assert_frame_equal(
        first.reset_index(drop=True), second.reset_index(drop=True), rtol=1e-12, check_freq=False
    )
