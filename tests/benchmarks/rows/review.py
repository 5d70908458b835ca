"""What the weekly review costs: the whole command on a database of a year of trades, page included."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.bench import Bench
from tests.benchmarks.measured_process import measured
from tests.benchmarks.result import Result
from tests.benchmarks.walk import minute_walk, resampled
from tests.review.freqtrade_database import DOCUMENT, document, naive, order, row, started, write_database

SECONDS = 10.0
PAIRS = tuple(f"{coin}/USDT:USDT" for coin in ("BTC", "ETH", "SOL", "BNB", "XRP", "DOGE"))
A_YEAR, TRADES = 365 * 1440, 3_000
MINUTE_MS = 60_000


def review(bench: Bench) -> Result:
    """Two primaries and a leg in three trades, six pairs with a year of 1m and 5m candles."""
    minutes, trades = bench.size(A_YEAR, 12 * 1440), bench.size(TRADES, 30)
    home = bench.home / "review"
    candles = _candles(home / "data" / "futures", minutes)
    database = _database(home / "trades.sqlite", candles, trades)
    config = home / "config.json"
    config.write_text(
        json.dumps(
            {
                "dry_run_wallet": 10_000,
                "stake_currency": "USDT",
                "timeframe": "1m",
                "exchange": {"name": "binance", "pair_whitelist": PAIRS},
                "user_data_dir": str(home),
            }
        )
    )
    page = home / "review.html"
    until = candles["date"].iloc[-1].isoformat()
    command = ("-c", "from outrigger.cli import main; main()", "review", "--config", str(config))
    where = ("--db", str(database), "--datadir", str(home / "data"), "--html", str(page), "--until", until)
    used = measured((*command, *where), home / "review.log")
    details = {
        "trades": trades,
        "pairs": len(PAIRS),
        "days": minutes // 1440,
        "peak_mb": round(used.peak_mb),
        "page_mb": round(page.stat().st_size / 1e6, 1),
    }
    return Result("review", "outrigger review of a year of trades", used.wall, "s", SECONDS, details)


def _candles(folder: Path, minutes: int) -> pd.DataFrame:
    """The same walk for every pair: a review does not look at what moves with what."""
    folder.mkdir(parents=True)
    walk = minute_walk(minutes)
    charts = {"1m": walk, "5m": resampled(walk, "5m")}
    for pair in PAIRS:
        stem = pair.replace("/", "_").replace(":", "_")
        for timeframe, chart in charts.items():
            chart.reset_index(drop=True).to_feather(folder / f"{stem}-{timeframe}-futures.feather")
    return walk


def _database(path: Path, candles: pd.DataFrame, count: int) -> Path:
    """Trades of some hours, one after the other on each pair, every third one the leg of the one before."""
    rng = np.random.default_rng(3)
    opens, dates = candles["open"].to_numpy(), candles["date"].astype("int64").to_numpy()
    step = (len(candles) - 3 * 1440) // count
    rows = [started(int(dates[0]))]
    for number in range(1, count + 1):
        leg = number % 3 == 0
        begun = 1440 + (number - leg) * step + 5 * leg
        ended = begun + int(rng.integers(60, 900))
        side = -1 if leg else 1
        entry, exit_ = (float(opens[at]) for at in (begun, ended))
        profit = side * (exit_ - entry) * 0.02 - 0.02 * 0.0005 * (entry + exit_)
        times = {"open_date": naive(int(dates[begun])), "close_date": naive(int(dates[ended]))}
        pair = PAIRS[number % len(PAIRS)]
        coin = PAIRS[(number - 1) % len(PAIRS)].partition("/")[0]
        stopped = "hedge_primary_ended" if leg else "stop_loss"
        rows.append(
            row(
                number,
                pair=pair,
                is_short=leg,
                open_rate=entry,
                close_rate=exit_,
                close_profit_abs=profit,
                stake_amount=entry * 0.004,
                max_stake_amount=entry * 0.004,
                amount=0.02,
                stop_loss=exit_,
                liquidation_price=entry * (1 - side * 0.19),
                min_rate=min(entry, exit_),
                max_rate=max(entry, exit_),
                exit_reason=stopped,
                enter_tag=f"hedge:{coin}#{number - 1}" if leg else "long:1m",
                **times,
            )
        )
        sides = ("sell", "buy") if leg else ("buy", "sell")
        for place, (side_name, price, when) in enumerate(
            zip(sides, (entry, exit_), times.values(), strict=True)
        ):
            fill = {"average": price, "filled": 0.02, "order_filled_date": when}
            rows.append(order(number, place, ft_order_side=side_name, ft_pair=pair, **fill))
        rows += [] if leg else [document(number, DOCUMENT)]
    write_database(f"sqlite:///{path}", *rows)
    return path
