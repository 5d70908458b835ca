"""Comparison of volatility forecasts: which is best out of sample, and is it more than luck.

Everything is fitted on candles that closed before `train_until` and scored on rows after it: QLIKE against
the sum of squared five-minute returns of the coming hours, every candle a row, the same rows for all. A
pooled loss is the mean over pairs at each moment, so pairs moving together count as one observation.
The Newey-West lag is a day, longer than the overlap, because losses cluster with volatility.

Run `python -m outrigger.volatility.compare --datadir DIR`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track
from rich.table import Table

from outrigger import __version__
from outrigger.commands.refusing import refusing
from outrigger.errors import DataError
from outrigger.volatility.candidates import REFERENCE, SHIPPED_HORIZONS, Forecaster, candidates, har
from outrigger.volatility.candle_files import load_grid, pairs_in
from outrigger.volatility.comparison import Comparison, Score
from outrigger.volatility.diebold_mariano import DieboldMariano, diebold_mariano
from outrigger.volatility.grid import BARS_PER_DAY, BARS_PER_WEEK, CandleGrid
from outrigger.volatility.har import HarModel, horizon_bars
from outrigger.volatility.har_fit import fit, realised_variance
from outrigger.volatility.har_json import SHIPPED, shipped_model, write_model
from outrigger.volatility.qlike import qlike
from outrigger.volatility.seasonality import fit_week_profile

TRAIN_UNTIL = datetime(2025, 4, 1, tzinfo=UTC)


def _losses(grid: CandleGrid, forecasters: dict[str, Forecaster], bars: int, since: datetime) -> pd.DataFrame:
    """Loss of every forecast at every row that all of them can be scored on; index is the candle's start."""
    realised = realised_variance(grid, bars)
    forecasts = {name: forecaster(grid, bars) for name, forecaster in forecasters.items()}
    scored = (realised > 0) & (np.arange(len(grid)) >= BARS_PER_WEEK - 1)
    # The first row scored is the last candle before `since`: it closes at that moment.
    scored &= grid.starts() >= np.datetime64(
        since.astimezone(UTC).replace(tzinfo=None) - timedelta(minutes=5)
    )
    for forecast in forecasts.values():
        scored &= forecast > 0
    columns = {name: qlike(realised[scored], forecast[scored]) for name, forecast in forecasts.items()}
    return pd.DataFrame(columns, index=pd.DatetimeIndex(grid.starts()[scored]))


def compare(
    datadir: Path,
    pairs: Sequence[str] | None = None,
    train_until: datetime = TRAIN_UNTIL,
    *,
    train_datadir: Path | None = None,
    horizon_hours: float = 4.0,
    progress: bool = False,
) -> Comparison:
    """Fit all forecasts on the past and score them on what came after.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory with 5m futures candles, scored from `train_until` on.
    pairs : sequence of str, optional
        Pairs to fit and score; None takes all in the directory.
    train_until : datetime
        End of training, with a time zone.
    train_datadir : Path, optional
        Directory to fit on; None takes `datadir`.
    horizon_hours : float
        Hours ahead, 1 to 24.
    progress : bool
        Whether to draw a progress bar on standard error.

    Returns
    -------
    Comparison

    Raises
    ------
    DataError
        Files are missing or hold too little history on either side of `train_until`.
    """
    bars = horizon_bars(horizon_hours)
    chosen = list(pairs) if pairs is not None else pairs_in(datadir)
    if not chosen:
        raise DataError(f"{datadir}/futures holds no 5m candles; download 5m futures candles first")
    fitted_on = train_datadir or datadir
    forecasters = candidates([load_grid(fitted_on, pair).until(train_until) for pair in chosen], bars)
    names = list(forecasters)
    everyone = {**forecasters, "shipped": har(shipped_model())}
    steps = track(chosen, "Scoring", console=Console(stderr=True), disable=not progress)
    by_pair = {pair: _losses(load_grid(datadir, pair), everyone, bars, train_until) for pair in steps}
    rows = sum(len(losses) for losses in by_pair.values())
    if min(len(losses) for losses in by_pair.values()) < 2 * bars:
        raise DataError(
            f"a pair in {datadir} has too few candles after {train_until}; use an earlier train_until"
        )
    return _judge(by_pair, names, bars, (datadir.name, fitted_on.name), train_until, rows, horizon_hours)


def _judge(
    by_pair: dict[str, pd.DataFrame],
    names: list[str],
    bars: int,
    data: tuple[str, str],
    train_until: datetime,
    rows: int,
    horizon_hours: float,
) -> Comparison:
    """Rank the forecasts and test the differences."""
    panel = pd.concat(by_pair.values()).groupby(level=0).mean().sort_index()
    pooled = {name: panel[name].to_numpy(dtype=np.float64) for name in names}
    means = {
        name: {pair: float(losses[name].to_numpy().mean()) for pair, losses in by_pair.items()}
        for name in [*names, "shipped"]
    }
    mean = {name: float(np.mean(list(pairs.values()))) for name, pairs in means.items()}
    lag = max(BARS_PER_DAY, bars - 1)

    def test(first: str, second: str) -> DieboldMariano:
        return diebold_mariano(pooled[first], pooled[second], horizon=bars, lag=lag)

    ranked = sorted(names, key=lambda name: mean[name])
    scores = tuple(Score(name, mean[name], means[name], test(name, REFERENCE)) for name in ranked)
    return Comparison(
        *data,
        train_until.isoformat(),
        f"{panel.index[0]:%Y-%m-%dT%H:%MZ}",
        f"{panel.index[-1]:%Y-%m-%dT%H:%MZ}",
        horizon_hours,
        lag,
        rows,
        scores,
        test(ranked[0], ranked[1]),
        mean["shipped"],
    )


def fit_shipped(datadir: Path, pairs: Sequence[str], train_until: datetime) -> HarModel:
    """Fit the model that ships with the package.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory with 5m futures candles.
    pairs : sequence of str
        Pairs to pool.
    train_until : datetime
        End of training, with a time zone.

    Returns
    -------
    HarModel
        For horizons of 1 to 24 h, with its provenance.

    Raises
    ------
    DataError
        Files are missing or hold too little history before `train_until`.
    """
    grids = {pair: load_grid(datadir, pair).until(train_until) for pair in pairs}
    provenance = {
        "data": datadir.name,
        "pairs": {
            pair: [f"{grid.starts()[0]}Z", f"{grid.starts()[-1]}Z"]
            for pair, grid in grids.items()
            if len(grid)
        },
        "train_until": train_until.isoformat(),
        "command": "python -m outrigger.volatility.compare --datadir DIR "
        f"--train-until {train_until:%Y-%m-%d} --write-coefficients",
        "outrigger": __version__,
    }
    histories = list(grids.values())
    season = fit_week_profile(histories)
    return fit(histories, horizons=SHIPPED_HORIZONS, profile=season, provenance=provenance)


def _draw(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], console: Console) -> None:
    table = Table(title=title)
    table.add_column("forecast")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _print(result: Comparison, console: Console) -> None:
    """Draw the comparison as a table."""
    rows = result.table_rows()
    title = f"QLIKE of {result.horizon_hours:g} h variance, {result.test_from} to {result.test_until}"
    pairs = [pair.split("_")[0] for pair in result.scores[0].by_pair]
    # Two tables, because numbers that are cut to fit a terminal are worse than none.
    _draw(title, ("QLIKE", f"vs {REFERENCE}", "DM", "p"), [row[:5] for row in rows], console)
    _draw("by pair", tuple(pairs), [(row[0], *row[5:]) for row in rows], console)
    best, second = result.scores[0].name, result.scores[1].name
    test = result.winner_against_runner_up
    console.print(f"{best} against {second}: DM {test.statistic:+.2f}, p {test.p_value:.3f}")
    console.print(f"shipped coefficients on these rows: QLIKE {result.shipped_qlike:.4f}")
    console.print(
        f"{result.rows} rows of {result.data}, fitted on {result.train_data} until {result.train_until}"
    )


@refusing
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison from the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name; None takes the process's own.

    Returns
    -------
    int
        Exit status: 0, or 2 with a message where the data do not allow a comparison.
    """
    parser = argparse.ArgumentParser(prog="python -m outrigger.volatility.compare", description=__doc__)
    parser.add_argument("--datadir", type=Path, required=True, help="Freqtrade data directory to score on")
    parser.add_argument("--train-datadir", type=Path, help="directory to fit on, if another")
    parser.add_argument("--train-until", type=datetime.fromisoformat, default=TRAIN_UNTIL, help="UTC date")
    parser.add_argument("--pairs", nargs="+", help="such as BTC/USDT:USDT; all in the directory by default")
    parser.add_argument("--horizon-hours", type=float, default=4.0)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--write-coefficients", action="store_true", help="fit and replace the shipped model first"
    )
    given = parser.parse_args(arguments)
    until = given.train_until if given.train_until.tzinfo else given.train_until.replace(tzinfo=UTC)
    source = given.train_datadir or given.datadir
    if given.write_coefficients:
        write_model(fit_shipped(source, given.pairs or pairs_in(source), until), SHIPPED)
        shipped_model.cache_clear()
    result = compare(
        given.datadir,
        given.pairs,
        until,
        train_datadir=given.train_datadir,
        horizon_hours=given.horizon_hours,
        progress=True,
    )
    if given.json:
        sys.stdout.write(result.to_json() + "\n")
    else:
        _print(result, Console())
    return 0


if __name__ == "__main__":
    sys.exit(main())
