"""Rows of the store out of the structures in which ccxt answers.

One place decides what a field means, so that every exchange is recorded alike. Assumes linear perpetuals
whose contract is one unit of base currency, as Binance's and Bybit's are. A book cut off at a number of
levels says nothing about depth beyond its last price: such bands are NaN, never the part that happened to be
seen. The rate that both exchanges call the funding rate is what will be charged at the next event, and is
stored as predicted; `funding_rate` is the last one charged, the number that funding candles hold. A forced
order's side means the order on Binance and the position on Bybit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from outrigger.errors import DataError
from outrigger.market.store.schema import BANDS, METRICS, band_name

Row = dict[str, float]
Structure = Mapping[str, Any]
Floats = NDArray[np.float64]

# Side that an exchange writes where longs were forced out.
LONGS_FORCED: Final = {"binance": "sell", "bybit": "buy"}
_NAMES: Final = {
    (side, unit): tuple(band_name(side, band, unit) for band in BANDS)
    for side in ("bid", "ask")
    for unit in ("base", "quote")
}


def _number(structure: Structure | None, field: str) -> float:
    value = None if structure is None else structure.get(field)
    if value is None or value == "":
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _times(event: object, received_ms: int) -> Row:
    # An exchange's clock ahead of ours must not make a reading known before it happened.
    time_ms = int(event) if isinstance(event, int | float) and event > 0 else received_ms
    return {"time_ms": time_ms, "known_ms": max(received_ms, time_ms)}


def _levels(order_book: Structure, side: str) -> Floats:
    try:
        found = np.array(order_book.get(side) or (), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"order book of {order_book.get('symbol')}: {side} cannot be read: {error}"
        ) from error
    if found.ndim != 2 or found.shape[1] < 2:
        raise DataError(f"order book of {order_book.get('symbol')} has no {side}: the snapshot is left out")
    return found[:, :2]


def _require_sound(order_book: Structure, bids: Floats, asks: Floats) -> None:
    where = f"order book of {order_book.get('symbol')}"
    for side, levels, falling in (("bids", bids, -1.0), ("asks", asks, 1.0)):
        if not (np.isfinite(levels).all() and (levels[:, 0] > 0).all() and (levels[:, 1] >= 0).all()):
            raise DataError(f"{where}: {side} hold a price or an amount that is none: snapshot left out")
        if (np.diff(levels[:, 0]) * falling < 0).any():
            raise DataError(f"{where}: {side} are not ordered from the best: snapshot left out")
    if bids[0, 0] >= asks[0, 0]:
        raise DataError(f"{where} is crossed, bid {bids[0, 0]:g} and ask {asks[0, 0]:g}: snapshot left out")


def _depth(side: str, distances: Floats, levels: Floats, complete: bool) -> Row:
    """Cumulate one side within each band.

    Parameters
    ----------
    side : str
        `"bid"` or `"ask"`.
    distances : ndarray of shape (n_levels,)
        Distance of each level from the mid, fraction, rising.
    levels : ndarray of shape (n_levels, 2)
        Price and base amount.
    complete : bool
        Whether no level lies beyond the last one.

    Returns
    -------
    dict
        Base and quote amounts by column; NaN where the band reaches beyond what was seen.
    """
    amounts = np.concatenate(([0.0], np.cumsum(levels[:, 1])))
    notionals = np.concatenate(([0.0], np.cumsum(levels[:, 0] * levels[:, 1])))
    inside = np.searchsorted(distances, BANDS, side="right")
    seen = [complete or distances[-1] >= band for band in BANDS]
    row: Row = {}
    for unit, sums in (("base", amounts), ("quote", notionals)):
        values = sums[inside].tolist()
        row |= {
            name: value if known else math.nan
            for name, value, known in zip(_NAMES[side, unit], values, seen, strict=True)
        }
    return row


def book_row(order_book: Structure, time_ms: int, levels: int | None = None) -> Row:
    """Turn an order book into one row of the book table.

    Parameters
    ----------
    order_book : mapping
        ccxt's order book: `bids` and `asks`, best first, each `[price, base amount, ...]`, and `timestamp`.
    time_ms : int
        When it was received, milliseconds since the epoch; its own time too where the exchange gives none.
    levels : int, optional
        Number of levels asked for: a side with fewer is the whole side. None says nothing, and depth beyond
        the last level seen is NaN.

    Returns
    -------
    dict
        Every column of `BOOK`.

    Raises
    ------
    DataError
        If a side is empty, unordered or holds what is no number, or the book is crossed.
    """
    bids, asks = _levels(order_book, "bids"), _levels(order_book, "asks")
    _require_sound(order_book, bids, asks)
    mid = (bids[0, 0] + asks[0, 0]) / 2
    row = _times(order_book.get("timestamp"), time_ms) | {
        "best_bid": float(bids[0, 0]),
        "best_ask": float(asks[0, 0]),
        "best_bid_base": float(bids[0, 1]),
        "best_ask_base": float(asks[0, 1]),
    }
    for side, side_levels, sign in (("bid", bids, -1.0), ("ask", asks, 1.0)):
        complete = levels is not None and len(side_levels) < levels
        # Rounded so that a level exactly on a band's edge belongs to it.
        distances = np.round(sign * (side_levels[:, 0] / mid - 1), 12)
        row |= _depth(side, distances, side_levels, complete)
    return row


def metrics_row(
    time_ms: int,
    *,
    funding: Structure | None = None,
    charged: Structure | None = None,
    open_interest: Structure | None = None,
    ratios: Mapping[str, float] | None = None,
) -> Row:
    """Turn what was asked about positions and funding into one row of the metrics table.

    Parameters
    ----------
    time_ms : int
        When it was received, milliseconds since the epoch.
    funding : mapping, optional
        ccxt's funding rate: the rate of the event at `fundingTimestamp`, and the mark price.
    charged : mapping, optional
        ccxt's newest entry of the funding rate history.
    open_interest : mapping, optional
        ccxt's open interest; its value in quote currency is amount times mark price where it has none.
    ratios : mapping of str to float, optional
        Ratio columns of `METRICS` by name.

    Returns
    -------
    dict
        Every column of `METRICS`, NaN where nothing is known.
    """
    row = dict.fromkeys(METRICS.values, math.nan)
    event = _number(funding, "timestamp")
    event = _number(open_interest, "timestamp") if math.isnan(event) else event
    base, quote = (_number(open_interest, f"openInterest{of}") for of in ("Amount", "Value"))
    expected = _number(funding, "nextFundingRate")
    row |= {
        "open_interest_base": base,
        "open_interest_quote": base * _number(funding, "markPrice") if math.isnan(quote) else quote,
        "funding_rate": _number(charged, "fundingRate"),
        "predicted_funding_rate": _number(funding, "fundingRate") if math.isnan(expected) else expected,
        "next_funding_ms": _number(funding, "fundingTimestamp"),
    }
    row |= {name: float(value) for name, value in (ratios or {}).items() if name in row}
    return _times(event, time_ms) | row


def liquidation_rows(exchange: str, orders: Sequence[Structure], time_ms: int) -> list[Row]:
    """Turn forced orders into rows of the liquidations table.

    Parameters
    ----------
    exchange : str
        A key of `LONGS_FORCED`: exchanges disagree about what a side means.
    orders : sequence of mapping
        ccxt's liquidations of one pair.
    time_ms : int
        When they were received, milliseconds since the epoch.

    Returns
    -------
    list of dict
        Every column of `LIQUIDATIONS`, in order of time; orders without price or amount are left out.
    """
    rows: list[Row] = []
    for order in orders:
        price, base = _number(order, "price"), _number(order, "baseValue")
        base = _number(order, "contracts") if math.isnan(base) else base
        if not (price > 0 and base > 0):
            continue
        side = 1.0 if str(order.get("side")).lower() == LONGS_FORCED[exchange] else -1.0
        values = {"side": side, "price": price, "base": base, "quote": price * base}
        rows.append(_times(order.get("timestamp"), time_ms) | values)
    return sorted(rows, key=lambda row: row["time_ms"])
