"""The market that the backtests run on: real candles where the machine has them, else synthetic ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from outrigger.replay.synth import write_market
from tests.conftest import market_data_dir

REAL_SET, REAL_RANGE = "binance-1m-2025-05", "20250528-20250611"
PAIRS = tuple(f"{base}/USDT:USDT" for base in ("BTC", "SOL", "XRP", "DOGE", "BNB", "ETH"))
QUICK_PAIRS = ("BTC/USDT:USDT", "ETH/USDT:USDT")
SEED = 20260302


@dataclass(frozen=True)
class BenchmarkMarket:
    """A data directory and the part of it that is traded.

    Parameters
    ----------
    label : str
        What it is, for the report.
    datadir : Path
        Freqtrade data directory.
    timerange : str
        As Freqtrade takes it.
    pairs : tuple of str
        The whitelist.
    lively : str
        A minute (UTC) soon after which positions are opened, for live loops.
    """

    label: str
    datadir: Path
    timerange: str
    pairs: tuple[str, ...]
    lively: str


def benchmark_market(home: Path, *, quick: bool, synthetic: bool) -> BenchmarkMarket:
    """Find or write the market.

    Parameters
    ----------
    home : Path
        Where a synthetic market is written.
    quick : bool
        Two pairs and two days of synthetic candles instead of six pairs and two weeks.
    synthetic : bool
        Do not look for real candles.

    Returns
    -------
    BenchmarkMarket
        One minute candles with all further charts, funding and mark.
    """
    if quick:
        write_market(home, 4, SEED, QUICK_PAIRS, warmup_days=14, depth_minutes=60)
        days = "20260304-20260306"
        return BenchmarkMarket("synthetic, 2 days", home, days, QUICK_PAIRS, "2026-03-04T01:40")
    real = None if synthetic else market_data_dir()
    if real is not None and (real / REAL_SET).is_dir():
        label = f"{REAL_SET}, {REAL_RANGE}"
        return BenchmarkMarket(label, real / REAL_SET, REAL_RANGE, PAIRS, "2025-06-02T03:00")
    write_market(home, 16, SEED, PAIRS, depth_minutes=60)
    return BenchmarkMarket("synthetic, 14 days", home, "20260304-20260318", PAIRS, "2026-03-04T14:30")
