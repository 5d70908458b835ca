"""The path between two moments: what everybody was told meanwhile, and when it first reached a price."""

from __future__ import annotations

import numpy as np
import pytest

from outrigger.replay.clock import Clock
from outrigger.replay.market import ReplayMarket
from outrigger.replay.market_files import MarketFiles
from outrigger.replay.signed_path import PricePath, price_path
from tests.replay.data_directory import START_MS, write_market

MINUTE = 60_000


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> MarketFiles:
    return MarketFiles(write_market(tmp_path_factory.mktemp("market"), days=1, bases=("BTC",)))


@pytest.fixture
def path() -> PricePath:
    """From 100 to 110 within ten seconds, down to 95 in five, then a jump to 120."""
    return PricePath(np.array([0.0, 10.0, 15.0, 15.0, 20.0]), np.array([100.0, 110.0, 95.0, 120.0, 119.0]))


@pytest.mark.parametrize(
    ("level", "side", "reached"),
    [
        (105.0, 1, (5, 105.0)),
        (99.0, 1, (0, 100.0)),
        (98.0, -1, (14, 98.0)),
        (115.0, 1, (15, 120.0)),
        (121.0, 1, None),
        (94.0, -1, None),
    ],
    ids=["on a line", "before it begins", "from above", "over a jump", "never", "never from above"],
)
def test_reaches_tells_the_first_time_and_the_price_then(
    path: PricePath, level: float, side: int, reached: tuple[int, float] | None
) -> None:
    assert path.reaches(level, side) == reached


def test_path_agrees_with_the_price_at_every_moment_of_an_hour(files: MarketFiles) -> None:
    begin, end = START_MS + 7 * MINUTE + 13_000, START_MS + 67 * MINUTE + 41_000
    path = price_path(ReplayMarket(files, Clock(lambda: end)), "BTCUSDT", begin, end)
    assert (path.times[0], path.times[-1]) == (begin, end)
    assert np.all(np.diff(path.times) >= 0)
    for moment in range(begin, end, 1_717):
        told = ReplayMarket(files, Clock(lambda moment=moment: moment)).price("BTCUSDT")
        # The oracle's own jumps lie between two minutes, where no moment of this grid falls.
        assert np.interp(moment, path.times, path.prices) == pytest.approx(told)


def test_path_reaches_the_extremes_of_the_candles_it_passes(files: MarketFiles) -> None:
    end = START_MS + 60 * MINUTE
    market = ReplayMarket(files, Clock(lambda: end))
    _, candles = market.finest("BTCUSDT")
    path = price_path(market, "BTCUSDT", START_MS, end)
    assert path.prices.max() == candles.values[:60, 1].max()
    assert path.prices.min() == candles.values[:60, 2].min()


def test_path_before_the_first_candle_is_empty(files: MarketFiles) -> None:
    market = ReplayMarket(files, Clock(lambda: START_MS))
    path = price_path(market, "BTCUSDT", START_MS - 10 * MINUTE, START_MS - MINUTE)
    assert not len(path.prices)
    assert path.reaches(1.0, 1) is None
