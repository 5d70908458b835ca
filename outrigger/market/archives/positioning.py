"""Imports a vendor's aggregates: ±1 % depth, open interest, liquidations, account ratios (Feather files).

Files are named `BTC-perp-depth1pct-4h.feather` and so on; `date` is the bucket's start. Depth and ratios
are readings at that moment and known then. Open interest (its close) and liquidation sums are known at
the bucket's end. Open interest is of all exchanges in USD, so it does not belong beside one exchange's
archives: give it a store of its own (`MarketStore(root, exchange="aggregate")`). Spot depth goes under
the spot pair. Where a pair has both, 4 h perpetual depth (one exchange) is taken and 8 h (all) is not.

Stale depth: a row that repeats the one before to the last digit is masked. With prices of the market at
hand, a side whose implied mid is off by more than 0.5 % is masked, the other side kept. Weak: without
prices, or where they are older than five minutes, a row that lags without repeating passes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outrigger.errors import DataError
from outrigger.market.archives.defect import Defect, counted
from outrigger.market.archives.refusal import ArchiveError, Refusal
from outrigger.market.archives.report import STORED, ArchiveReport, Delivery, Progress
from outrigger.market.archives.storing import Store, note_defects, store_rows
from outrigger.market.store.schema import SCHEMAS, Kind

_NAME: Final = re.compile(
    r"(?P<base>[A-Z0-9]+)-(?P<what>(?:perp|spot)-depth1pct|open-interest-usd|liquidations-usd|"
    r"long-short-ratios)-(?P<hours>\d+)h\.feather"
)
_RATIOS: Final = {
    "global_account_long_short_ratio": "account_ratio",
    "top_account_long_short_ratio": "top_account_ratio",
    "top_position_long_short_ratio": "top_position_ratio",
}
_DEPTH: Final = {
    "bids_quantity": "bid_base_1",
    "bids_usd": "bid_quote_1",
    "asks_quantity": "ask_base_1",
    "asks_usd": "ask_quote_1",
}
TOLERANCE: Final = 0.005
# Mean distance from the mid of the orders within ±1 % of it.
_OFFSET: Final = 0.0045
_HOUR_MS: Final = 3_600_000
# An older price is no evidence: the market may have moved by the tolerance since.
_PRICE_AGE_MS: Final = 300_000

Prices = Mapping[str, pd.Series]


def import_positioning(
    store: Store, directory: Path, prices: Prices | None = None, progress: Progress | None = None
) -> ArchiveReport:
    """Import a directory of positioning files.

    Parameters
    ----------
    store : Store
        Where to.
    directory : Path
        Where from.
    prices : mapping of str to Series of float, optional
        By perpetual pair, the market's price at a moment: index milliseconds since the epoch, sorted; the
        open of the candle that begins then; see `market_prices`. The last one at or before a reading is
        compared with it, unless it is older than five minutes.
    progress : callable, optional
        Called with (file, done, total).

    Returns
    -------
    ArchiveReport
        What became of each file.

    Raises
    ------
    DataError
        If there is no positioning file.
    OSError
        If the store cannot be written.
    """
    found = _files(directory)
    names = {path.name for path, _ in found}
    deliveries = []
    for done, (path, match) in enumerate(found, start=1):
        if match["what"] == "perp-depth1pct" and match["hours"] == "8" and _finer(match["base"]) in names:
            message = f"{_finer(match['base'])} is finer and of one exchange"
            deliveries.append(Delivery(path.name, _pair(match), Kind.BOOK, "skipped", message=message))
        else:
            deliveries.append(_import(store, path, match, prices or {}))
        if progress is not None:
            progress(path.name, done, len(found))
    return ArchiveReport(tuple(deliveries))


def positioning_pairs(directory: Path) -> tuple[str, ...]:
    """Perpetual pairs that a directory of positioning files is about: those whose prices are worth having.

    Parameters
    ----------
    directory : Path
        Where the files are.

    Returns
    -------
    tuple of str
        Each once, in alphabetical order.

    Raises
    ------
    DataError
        If there is no positioning file.
    """
    return tuple(sorted({_perpetual(match) for _, match in _files(directory)}))


def _files(directory: Path) -> list[tuple[Path, re.Match[str]]]:
    found = [
        (path, match) for path in sorted(directory.glob("*.feather")) if (match := _NAME.fullmatch(path.name))
    ]
    if not found:
        raise DataError(
            f"{directory}: no positioning files; they are named like BTC-perp-depth1pct-4h.feather"
        )
    return found


def _finer(base: str) -> str:
    return f"{base}-perp-depth1pct-4h.feather"


def _perpetual(match: re.Match[str]) -> str:
    return f"{match['base']}/USDT:USDT"


def _pair(match: re.Match[str]) -> str:
    return f"{match['base']}/USDT" if match["what"].startswith("spot") else _perpetual(match)


def _import(store: Store, path: Path, match: re.Match[str], prices: Prices) -> Delivery:
    pair, what, length = _pair(match), match["what"], int(match["hours"]) * _HOUR_MS
    kind = Kind.BOOK if "depth" in what else Kind.LIQUIDATIONS if "liquidations" in what else Kind.METRICS
    try:
        frame = _read(path, what)
    except ArchiveError as error:
        return Delivery(path.name, pair, kind, error.refusal, message=str(error))
    starts = frame["date"].dt.as_unit("ms").dt.tz_localize(None).to_numpy().astype(np.int64)
    defects: tuple[Defect, ...] = ()
    if kind is Kind.BOOK:
        rows = _blank(kind, starts, starts).assign(**{ours: frame[name] for name, ours in _DEPTH.items()})
        defects = _mask_stale(rows, prices.get(_perpetual(match)))
    elif kind is Kind.LIQUIDATIONS:
        rows = _liquidations(frame, starts + length)
    elif what == "open-interest-usd":
        rows = _blank(kind, starts + length, starts + length).assign(open_interest_quote=frame["close"])
        rows = _joined(store, pair, rows)
    else:
        rows = _blank(kind, starts, starts).assign(**{ours: frame[name] for name, ours in _RATIOS.items()})
        rows = _joined(store, pair, rows)
    stored = store_rows(store, pair, kind, rows)
    note_defects(store, pair, kind, path.stem.split("-", 1)[1], defects, times_ms=rows["time_ms"].to_numpy())
    return Delivery(path.name, pair, kind, STORED, stored, defects)


def _read(path: Path, what: str) -> pd.DataFrame:
    columns = {
        "open-interest-usd": ["close"],
        "liquidations-usd": ["long_liquidation_usd", "short_liquidation_usd"],
        "long-short-ratios": list(_RATIOS),
    }.get(what, list(_DEPTH))
    try:
        frame = pd.read_feather(path, columns=["date", *columns])
        frame = frame.sort_values("date").drop_duplicates("date", keep="last", ignore_index=True)
        return frame.astype(dict.fromkeys(columns, "float64"))
    except (OSError, ValueError, KeyError) as error:
        raise ArchiveError(
            Refusal.UNREADABLE, f"{path}: no readable positioning file ({error}); fetch it again"
        ) from error


def _blank(kind: Kind, times: NDArray[np.int64], known: NDArray[np.int64]) -> pd.DataFrame:
    values = pd.DataFrame(np.nan, index=range(len(times)), columns=list(SCHEMAS[kind].values))
    values.insert(0, "time_ms", times)
    values.insert(1, "known_ms", known)
    return values


def _liquidations(frame: pd.DataFrame, ends: NDArray[np.int64]) -> pd.DataFrame:
    """Sums of a bucket, dated on its last millisecond: inside it, and known at its end."""
    sides = {1.0: "long_liquidation_usd", -1.0: "short_liquidation_usd"}
    parts = [
        _blank(Kind.LIQUIDATIONS, ends - 1, ends).assign(side=side, quote=frame[name])
        for side, name in sides.items()
    ]
    return pd.concat(parts).sort_values(["known_ms", "side"], ignore_index=True)


def _joined(store: Store, pair: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Fill what the store knows of the same moments: ratios and open interest come in two files."""
    first, last = int(rows["known_ms"].min()), int(rows["known_ms"].max())
    held = store.read(pair, Kind.METRICS, first, last + 1)
    keys = ["time_ms", "known_ms"]
    both = rows.set_index(keys).combine_first(held.set_index(keys))
    return both.reset_index()[list(rows.columns)]


def _mask_stale(rows: pd.DataFrame, price: pd.Series | None) -> tuple[Defect, ...]:
    """Mask repeated rows, then the sides that are off the market; missing values in place."""
    times = rows["time_ms"].to_numpy()
    names = list(_DEPTH.values())
    values = rows[names].to_numpy()
    stale = np.zeros(len(rows), dtype=np.bool_)
    stale[1:] = (values[1:] == values[:-1]).all(axis=1)
    values[stale] = np.nan
    found = counted("stale_rows", times, stale, len(names))
    if price is not None and len(rows):
        moments = price.index.to_numpy()
        at = np.searchsorted(moments, times, side="right") - 1
        fresh = (at >= 0) & (times - moments[at] <= _PRICE_AGE_MS)
        known = np.where(fresh, price.to_numpy(dtype=np.float64)[at], np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            mids = values[:, 1::2] / values[:, ::2] / (1 + np.array([-_OFFSET, _OFFSET]))
        # A missing price or side is no contradiction.
        off = np.abs(mids / known[:, None] - 1) > TOLERANCE
        values[np.repeat(off, 2, axis=1)] = np.nan
        found += counted("off_market", times, off, 2)
    rows[names] = values
    return found
