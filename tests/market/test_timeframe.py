import pytest
from freqtrade.exchange import timeframe_to_msecs

from outrigger.errors import SettingsError
from outrigger.market.timeframe import lookback_bars, timeframe_ms


@pytest.mark.parametrize("timeframe", ["1m", "5m", "15m", "1h", "4h", "1d", "1w"])
def test_timeframe_ms_of_exchange_timeframes_equals_freqtrade(timeframe):
    assert timeframe_ms(timeframe) == timeframe_to_msecs(timeframe)


@pytest.mark.parametrize("timeframe", ["", "m", "0m", "15", "15 m", "1M", "1y", "-5m", "1.5h"])
def test_timeframe_ms_of_nonsense_says_what_to_write(timeframe):
    with pytest.raises(SettingsError, match="write a number"):
        timeframe_ms(timeframe)


def test_lookback_bars_of_ten_days_on_4h_is_sixty():
    assert lookback_bars(240.0, "4h", "slow_hours") == 60


def test_lookback_bars_too_short_names_the_setting_and_the_least_hours():
    with pytest.raises(
        SettingsError, match=r"slow_hours = 24 spans 6 candles of 4h: raise it to at least 32"
    ):
        lookback_bars(24.0, "4h", "slow_hours")
