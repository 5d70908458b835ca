"""Whether a key and an account are set up as a live bot needs them, judged from what the exchange says.

Harm decides the level: what can lose money without a trade (a key that withdraws), what Freqtrade does not
know how to handle (hedge mode, several assets as margin) and what makes its liquidation prices wrong (another
margin mode) are errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from outrigger.doctor.case import Case
from outrigger.doctor.finding import Finding, error, ok, warning
from outrigger.doctor.live_facts import Held, KeyRights, Modes


def judge_key(case: Case, rights: KeyRights) -> Iterator[Finding]:
    """Judge what the key may do.

    Parameters
    ----------
    case : Case
        For the exchange's name.
    rights : KeyRights
        As the exchange tells them.

    Yields
    ------
    Finding
        One for withdrawal, trading and addresses each.
    """
    if rights.withdraws:
        told = "it may withdraw: whoever reads it can empty the account"
        step = f"make a key without withdrawal and internal transfer at {case.exchange}, delete this one"
        yield error("API key: withdrawal", told, step)
    else:
        yield ok("API key: withdrawal", "it cannot withdraw")
    if rights.trades:
        yield ok("API key: trading", "it may trade futures")
    else:
        step = f"allow orders and positions of futures (perpetual contracts) for it at {case.exchange}"
        yield error("API key: trading", "it may not trade futures: every order would be refused", step)
    if rights.ip_bound:
        yield ok("API key: addresses", "it works from named addresses only")
    else:
        step = f"bind it to the bot's address at {case.exchange}; most let unbound keys expire, too"
        yield warning("API key: addresses", "it works from anywhere: whoever reads it can trade", step)


def judge_modes(case: Case, modes: Modes, held: Sequence[Held]) -> Iterator[Finding]:
    """Judge how the account is set up.

    Parameters
    ----------
    case : Case
        For the margin mode that is configured.
    modes : Modes
        As the exchange tells them.
    held : sequence of Held
        Open positions: modes cannot be changed under them.

    Yields
    ------
    Finding
        For position mode, asset mode and margin mode.
    """
    first = "close all positions and cancel all orders first, then " if held else ""
    if modes.hedged:
        told = "hedge mode (longs and shorts apart): Freqtrade cannot trade in it"
        step = f"{first}set the position mode of {case.exchange}'s futures to one-way"
        yield error("position mode", told, step)
    else:
        yield ok("position mode", "one-way")
    if modes.multi_assets:
        told = "several assets count as margin: liquidation comes elsewhere than Freqtrade works out"
        step = f"{first}set the asset mode of {case.exchange}'s futures to single-asset"
        # In cross margin Freqtrade starts all the same.
        report = warning if case.config.get("margin_mode") == "cross" else error
        yield report("asset mode", told, step)
    else:
        yield ok("asset mode", "single-asset")
    yield from _margin(case, modes, held)


def _margin(case: Case, modes: Modes, held: Sequence[Held]) -> Iterator[Finding]:
    """Compare margin modes with the configured one, of open positions first."""
    wanted = str(case.config.get("margin_mode") or "isolated")
    open_wrong = [one.pair for one in held if one.margin != wanted]
    wrong = {pair: mode for pair, mode in modes.margin.items() if mode != wanted and pair not in open_wrong}
    if open_wrong:
        told = f"{', '.join(open_wrong)}: open in another mode than {wanted}, so liquidation prices are wrong"
        step = (
            "close them, or set margin_mode to the mode they are in: it cannot be changed while they are open"
        )
        yield error("margin mode", told, step)
    if "portfolio" in wrong.values():
        told = "portfolio margin: Freqtrade works out liquidation for isolated and cross margin only"
        yield error("margin mode", told, f"set the account's margin mode to {wanted} at {case.exchange}")
    elif wrong and case.exchange == "bybit":
        told = f"the account is in {next(iter(wrong.values()))} margin, {wanted} is configured"
        step = (
            f"set it to {wanted} at {case.exchange}: Freqtrade tries to at an entry, and goes on if it fails"
        )
        yield warning("margin mode", told, step)
    elif wrong:
        yield ok("margin mode", f"Freqtrade sets {wanted} at the entry; now another: {', '.join(wrong)}")
    elif not open_wrong:
        yield ok("margin mode", f"{wanted}, as configured")
