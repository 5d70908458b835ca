"""Whether the classifier earns its place beside the stop: same entries, multipliers on and off, and refusals.

Two questions. Whether expected multipliers on trail and activation change what a stop does on the same
random entries, matched; and whether the entries that it would refuse fare worse than those it lets through,
under the shipped stop. Every candle is scored by a model trained before it; candles before the first model
are left out of the second question. Weak: random entries, and trades never compete for capital.

Run `python -m outrigger.review.regime_study --datadir DIR [DIR ...] --bundle models/default [--json]`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from outrigger.commands.refusing import refusing
from outrigger.regime.effects import regime_effects
from outrigger.review.lab_trade import ReplayTerms
from outrigger.review.pair_market import base_timeframe
from outrigger.review.policies_compared import COMPARED, Compared, pressed
from outrigger.review.same_entry import MATCHED, entered, judged, study
from outrigger.review.same_entry_table import print_study
from outrigger.settings.read import Settings, with_values
from outrigger.settings.regime import SEEN

KEPT, WHIPSAW, SQUEEZED = "let through", "refused: whipsaw", "refused: squeezed"
_TAIL = 0.05


@dataclass(frozen=True, slots=True)
class EntryGroup:
    """How the entries of one kind fared under the shipped stop.

    Parameters
    ----------
    data, group : str
        Set, and what the classifier says of the entries.
    trades : int
        How many.
    premature_24h, mean_r, error_r, tail_r : float
        Rate of premature stop-outs, mean R with its standard error (trades taken as independent), and mean of
        the worst 5 % in R.
    """

    data: str
    group: str
    trades: int
    premature_24h: float
    mean_r: float
    error_r: float
    tail_r: float


def regimed(settings: Settings) -> tuple[Compared, ...]:
    """Give the shipped stop, and the same with the classifier's multipliers, together and one at a time."""
    neutral = {f"{what}_{seen}": 1.0 for what in ("trail", "activation") for seen in SEEN}
    alone = {
        what: {key: 1.0 for key in neutral if not key.startswith(what)} for what in ("trail", "activation")
    }
    return (
        COMPARED[0],
        Compared("+ regime", pressed(settings)),
        *(
            Compared(f"+ regime, {what}", pressed(with_values(settings, {"regime": values})))
            for what, values in alone.items()
        ),
    )


def entry_groups(datadir: Path, settings: Settings, entries: int, seed: int) -> list[EntryGroup]:
    """Tell random entries apart by whether the classifier would refuse them.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory.
    settings : Settings
        With the classifier switched on.
    entries : int
        Entries a pair.
    seed : int
        Of the entries.

    Returns
    -------
    list of EntryGroup
        Those with at least one trade.

    Raises
    ------
    OutriggerError
        If candles or the bundle cannot be used.
    """
    parts: list[pd.DataFrame] = []
    for pair in entered(datadir, base_timeframe(datadir), entries, seed, ReplayTerms(0), settings, None):
        trades = judged(COMPARED[0], pair, COMPARED[0].columns(pair.market), 0)
        told = pair.market.regimes
        if told is None:
            continue
        at = told[pair.rows - 1]
        effects = regime_effects(at, settings.regime)
        whipsaw, squeezed = (
            np.where(pair.sides > 0, getattr(effects.long, name), getattr(effects.short, name))
            for name in ("whipsaw", "squeezed")
        )
        group = np.select([whipsaw.astype(bool), squeezed.astype(bool)], [WHIPSAW, SQUEEZED], KEPT)
        parts.append(trades.assign(group=group).iloc[np.flatnonzero(np.isfinite(at).all(axis=1))])
    found = pd.concat(parts, ignore_index=True)
    return [_group(datadir.name, name, rows) for name, rows in found.groupby("group")]


def _group(data: str, name: object, rows: pd.DataFrame) -> EntryGroup:
    r = rows["r"].to_numpy()
    worst = np.sort(r)[: max(1, round(_TAIL * len(r)))]
    error = float(r.std(ddof=1) / len(r) ** 0.5) if len(r) > 1 else float("nan")
    rate = float(rows["premature_24h"].mean())
    return EntryGroup(data, str(name), len(r), rate, float(r.mean()), error, float(worst.mean()))


@refusing
def main(argv: Sequence[str] | None = None) -> int:
    """Run the study from the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; the process's own by default.

    Returns
    -------
    int
        0, or 2 where something was refused.
    """
    parser = argparse.ArgumentParser(prog="python -m outrigger.review.regime_study", description=__doc__)
    parser.add_argument("--datadir", type=Path, nargs="+", required=True, help="Freqtrade data directories")
    parser.add_argument("--bundle", default="models/default", help="the regime bundle")
    parser.add_argument("--entries", type=int, default=1200, help="entries a pair")
    parser.add_argument("--seed", type=int, default=1, help="of the entries")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(argv)
    settings = with_values(Settings(), {"regime": {"enabled": True, "bundle": given.bundle}})
    found = study(
        given.datadir,
        entries=given.entries,
        seed=given.seed,
        policies=regimed(settings),
        readings=(MATCHED,),
        pressing=settings,
        progress=True,
    )
    groups = [
        group
        for datadir in given.datadir
        for group in entry_groups(datadir, settings, given.entries, given.seed)
    ]
    if given.json:
        told = {"study": json.loads(found.to_json()), "entries": [asdict(group) for group in groups]}
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    else:
        print_study(found, Console())
        Console().print(_table(groups))
    return 0


def _table(groups: Sequence[EntryGroup]) -> Table:
    table = Table(title="random entries under the shipped stop, by what the classifier says")
    for heading in ("data", "entries", "trades", "premature 24 h", "mean R", "worst 5 %, R"):
        table.add_column(heading, justify="left" if heading in ("data", "entries") else "right")
    for one in groups:
        mean = f"{one.mean_r:+.3f} ± {one.error_r:.3f}"
        table.add_row(
            one.data, one.group, str(one.trades), f"{one.premature_24h:.3f}", mean, f"{one.tail_r:.2f}"
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
