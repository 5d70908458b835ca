"""Freqtrade databases for tests, made by Freqtrade's own models, so that their tables are the real ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from freqtrade.persistence.base import ModelBase
from freqtrade.persistence.custom_data import _CustomData
from freqtrade.persistence.key_value_store import _KeyValueStoreModel
from freqtrade.persistence.trade_model import Order, Trade
from freqtrade.persistence.wallet_history import WalletHistory
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from tests.review.ledger import HOUR_MS, PAIR, START_MS

DOCUMENT = (
    '{"version":1,"policy":"volatility","stop":{"side":1,"entry":40000.0,"protective":38800.0,"stop":39600.0,'
    '"best":40500.0,"armed":false,"as_of_ms":1772586000000},"size":{"sigma":0.012,"hedge":"no candidate",'
    '"override":{"stop:BTC":"stop 39,600 by hand: drawn nearer"}}}'
)


def naive(moment_ms: int) -> datetime:
    """A moment as Freqtrade stores it: UTC, without saying so."""
    return datetime.fromtimestamp(moment_ms / 1000, tz=UTC).replace(tzinfo=None)


def order(trade_id: int, number: int, **changed: Any) -> Order:
    """A filled market order of one BTC."""
    values: dict[str, Any] = {
        "ft_trade_id": trade_id,
        "ft_order_side": "buy",
        "ft_pair": PAIR,
        "ft_is_open": False,
        "ft_amount": 1.0,
        "ft_price": 40_000.0,
        "order_id": f"order-{trade_id}-{number}",
        "status": "closed",
        "average": 40_000.0,
        "amount": 1.0,
        "filled": 1.0,
        "order_date": naive(START_MS),
        "order_filled_date": naive(START_MS),
    }
    return Order(**{**values, **changed})


def row(number: int, **changed: Any) -> Trade:
    """The trade of `ledger.trade` as a row: one BTC from 40,000, stopped at 39,600 after an hour."""
    values: dict[str, Any] = {
        "id": number,
        "exchange": "binance",
        "pair": PAIR,
        "base_currency": "BTC",
        "stake_currency": "USDT",
        "is_open": False,
        "is_short": False,
        "fee_open": 0.0005,
        "fee_close": 0.0005,
        "open_rate": 40_000.0,
        "close_rate": 39_600.0,
        "close_profit_abs": -440.0,
        "realized_profit": -440.0,
        "stake_amount": 8_000.0,
        "max_stake_amount": 8_000.0,
        "amount": 1.0,
        "leverage": 5.0,
        "open_date": naive(START_MS),
        "close_date": naive(START_MS + HOUR_MS),
        "stop_loss": 39_600.0,
        "initial_stop_loss": 38_800.0,
        "min_rate": 39_500.0,
        "max_rate": 40_100.0,
        "exit_reason": "stop_loss",
        "strategy": "Outrigger",
        "enter_tag": "long:1m+15m",
        "timeframe": 1,
        "liquidation_price": 32_000.0,
        "funding_fees": -0.2,
    }
    return Trade(**{**values, **changed})


def closed(number: int, **changed: Any) -> list[Any]:
    """A closed trade with its two orders."""
    out = {"ft_order_side": "sell", "average": 39_600.0, "order_filled_date": naive(START_MS + HOUR_MS)}
    return [row(number, **changed), order(number, 1), order(number, 2, **out)]


def opened(number: int, **changed: Any) -> list[Any]:
    """A trade that is still open, one BTC from 40,000."""
    nothing = {"is_open": True, "close_rate": None, "close_profit_abs": None, "close_date": None}
    return [row(number, **nothing, exit_reason=None, **changed), order(number, 1)]


def document(trade_id: int, text: str = DOCUMENT, key: str = "outrigger") -> _CustomData:
    """Custom data as `trade.set_custom_data` stores a string."""
    return _CustomData(
        ft_trade_id=trade_id, cd_key=key, cd_type="str", cd_value=text, created_at=naive(START_MS)
    )


def started(moment_ms: int) -> _KeyValueStoreModel:
    """When the bot was first started."""
    return _KeyValueStoreModel(key="bot_start_time", value_type="datetime", datetime_value=naive(moment_ms))


def wallet(moment_ms: int, value: float, currency: str = "USDT") -> WalletHistory:
    """One line of the wallet's history."""
    return WalletHistory(
        timestamp=naive(moment_ms),
        currency=currency,
        quote_currency="USDT",
        balance=value,
        total_quote=value,
        leverage=1.0,
        bot_managed=True,
    )


def write_database(url: str, *rows: Any) -> str:
    """Make Freqtrade's tables and fill them; returns the URL."""
    engine = create_engine(url)
    ModelBase.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([one for one in rows if isinstance(one, Trade)])
        session.flush()
        session.add_all([one for one in rows if not isinstance(one, Trade)])
        session.commit()
    engine.dispose()
    return url


def empty_database(url: str) -> None:
    """Remove everything again."""
    engine = create_engine(url)
    ModelBase.metadata.drop_all(engine)
    engine.dispose()
