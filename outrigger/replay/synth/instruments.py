"""The perpetual contracts of the synthetic market: what one is worth, how it moves, what it trades in.

Why: streams of different pairs must differ in scale (price, tick, lot, volume, depth) as real contracts do.
Assumes USDT-margined linear contracts; the figures are round numbers of the right order of magnitude, not
quotations. Weak: a pair outside the catalogue gets the scale of a mid-sized alternative coin.
"""

from __future__ import annotations

from dataclasses import dataclass

from outrigger.errors import DataError


@dataclass(frozen=True, slots=True)
class Instrument:
    """One synthetic USDT perpetual.

    Parameters
    ----------
    base : str
        Base currency, for example `"BTC"`.
    price : float
        First price, in USDT.
    tick, lot : float
        Smallest step of the price (USDT) and of the amount (base currency).
    daily_volatility : float
        Root mean square of one day's log return, before cascades.
    loading : float
        Share of the return variance that comes from the common factor, 0 to 1.
    minute_turnover : float
        Typical traded value of one minute, in USDT.
    depth : float
        Typical value of the orders within 1 % of the mid on one side, in USDT.
    open_interest : float
        Typical value of all open contracts, in USDT.
    funding_shift, funding_gain : float
        Added to, and multiplying the crowding in, the premium (fraction of price, dimensionless).
    """

    base: str
    price: float
    tick: float
    lot: float
    daily_volatility: float
    loading: float
    minute_turnover: float
    depth: float
    open_interest: float
    funding_shift: float = 0.0
    funding_gain: float = 1.0

    @property
    def pair(self) -> str:
        """Freqtrade's name of the contract, `BTC/USDT:USDT`."""
        return f"{self.base}/USDT:USDT"

    @property
    def symbol(self) -> str:
        """The exchange's name of the contract, `BTCUSDT`."""
        return f"{self.base}USDT"

    @property
    def file_stem(self) -> str:
        """Freqtrade's file name stem, `BTC_USDT_USDT`."""
        return f"{self.base}_USDT_USDT"


CATALOGUE: dict[str, Instrument] = {
    item.base: item
    for item in (
        Instrument("BTC", 60_000.0, 0.1, 0.001, 0.022, 0.87, 6.0e6, 1.5e8, 6.0e9, 0.1e-4, 0.8),
        Instrument("ETH", 3_000.0, 0.01, 0.001, 0.034, 0.89, 5.0e6, 6.0e7, 4.0e9, 0.1e-4, 0.9),
        Instrument("SOL", 150.0, 0.01, 1.0, 0.041, 0.88, 1.5e6, 1.7e7, 1.0e9, -0.2e-4, 1.3),
        Instrument("BNB", 600.0, 0.01, 0.01, 0.022, 0.78, 2.0e5, 8.0e6, 4.0e8, -0.4e-4, 1.3),
        Instrument("XRP", 2.0, 0.0001, 0.1, 0.040, 0.85, 8.0e5, 1.4e7, 9.0e8, 0.0, 1.2),
        Instrument("DOGE", 0.2, 0.00001, 1.0, 0.044, 0.91, 5.0e5, 8.0e6, 5.0e8, 0.1e-4, 1.1),
    )
}
DEFAULT_PAIRS = tuple(item.pair for item in CATALOGUE.values())


def instrument(name: str) -> Instrument:
    """Find or make up the contract a name stands for.

    Parameters
    ----------
    name : str
        `BTC/USDT:USDT`, `BTCUSDT` or `BTC`.

    Returns
    -------
    Instrument
        From the catalogue; an alternative coin of middling size where the catalogue is silent.

    Raises
    ------
    DataError
        If the name is no USDT-margined perpetual.
    """
    base, slash, rest = name.partition("/")
    if not slash:
        base = name.removesuffix("USDT") or name
    if not base.isalnum() or not base.isupper() or (slash and rest != "USDT:USDT"):
        raise DataError(f"synthetic pair {name!r}: not a USDT perpetual; write it like 'BTC/USDT:USDT'")
    return CATALOGUE.get(base, Instrument(base, 10.0, 0.001, 0.1, 0.050, 0.7, 3.0e5, 5.0e6, 3.0e8))
