"""Commands about market data that Freqtrade keeps no history of: record, download, features, liquidations."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from outrigger.errors import SettingsError

if TYPE_CHECKING:
    from outrigger.market.archives.report import ArchiveReport
    from outrigger.market.store.store import MarketStore

STORE = Path("user_data/outrigger/market")
console = Console()

StoreOption = Annotated[Path, typer.Option("--store", help="The store's directory.")]
PairsOption = Annotated[str, typer.Option("--pairs", help="Comma-separated, such as BTC/USDT:USDT.")]
ExchangeOption = Annotated[str, typer.Option("--exchange", help="binance or bybit.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ShowProgress = Callable[[str, int, int], None]


def words(text: str) -> tuple[str, ...]:
    """Split a comma-separated argument."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def moment(text: str) -> datetime:
    """Read a time; without a zone it is UTC.

    Raises
    ------
    SettingsError
        If it is none.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{text!r} is not a time: write it like '2025-05-10 12:00' (UTC)") from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def print_json(value: Any) -> None:
    """Print strict JSON to standard output."""
    typer.echo(json.dumps(value, indent=2, allow_nan=False))


def record(
    pairs: PairsOption,
    store: StoreOption = STORE,
    exchange: ExchangeOption = "binance",
    minutes: Annotated[
        float | None, typer.Option("--for", min=0.01, help="Minutes to record; without end unless said.")
    ] = None,
    every: Annotated[
        float, typer.Option(min=1, help="Seconds between two readings of a pair's book.")
    ] = 10.0,
    retain: Annotated[int | None, typer.Option(min=1, help="Days to keep; all unless said.")] = None,
    levels: Annotated[
        int | None, typer.Option(min=5, help="Book levels a side; the most the exchange gives unless said.")
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="Record from a replay exchange at this address instead.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Record order book, funding, open interest and liquidations until Ctrl-C."""
    from outrigger.market.recorder.exchange_recorder import exchange_recorder
    from outrigger.market.recorder.record import record as run_record
    from outrigger.market.recorder.recorder import Recorder
    from outrigger.market.recorder.settings import RecorderSettings
    from outrigger.market.store.schema import Kind
    from outrigger.replay.overlay import exchange_overlay

    named = exchange_overlay(address, exchange)["exchange"]["ccxt_config"] if address else None
    paces = {Kind.BOOK: every, Kind.METRICS: max(every, 60.0), Kind.LIQUIDATIONS: 0.0}
    kept = RecorderSettings(interval_s=paces, retain_days=retain)

    def build() -> Recorder:
        return exchange_recorder(
            exchange, words(pairs), store, kept, levels=levels, liquidations=address is None, config=named
        )

    progress = Console(stderr=True)
    for_s = None if minutes is None else minutes * 60
    health = run_record(build, for_s=for_s, say=lambda line: progress.print(line, highlight=False))
    if as_json:
        print_json(health.to_dict())
    else:
        console.print(health.line())


def download(
    pairs: PairsOption = "",
    start: Annotated[str | None, typer.Option("--from", help="First day, such as 2025-05-01.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day.")] = None,
    source: Annotated[
        Path | None, typer.Option("--import", help="Import a directory of archives instead.")
    ] = None,
    positioning: Annotated[
        Path | None, typer.Option(help="Import a directory of a vendor's positioning files instead.")
    ] = None,
    prices: Annotated[
        Path | None,
        typer.Option(help="With --positioning: data directory whose candles show which depth is stale."),
    ] = None,
    store: StoreOption = STORE,
    exchange: Annotated[
        str | None,
        typer.Option(
            help="Whose history an import is; binance, or aggregate for --positioning, unless said."
        ),
    ] = None,
    parallel: Annotated[int, typer.Option(min=1, help="Requests at a time.")] = 4,
    base_url: Annotated[str | None, typer.Option(help="Where the archives are, if elsewhere.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Fetch days that the store holds once more.")
    ] = False,
    keep_refused: Annotated[
        Path | None, typer.Option(help="Keep downloaded files that cannot be used in this directory.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch Binance's daily book and metrics archives into the store, checked, or import them from disk."""
    from outrigger.market.archives.directory import import_directory
    from outrigger.market.archives.download import BASE_URL
    from outrigger.market.archives.download import download as run_download
    from outrigger.market.store.store import MarketStore

    _check_sources(source, positioning, prices, exchange)
    named = exchange or ("binance" if positioning is None else "aggregate")
    with _archive_progress() as show, MarketStore(store, named) as into:
        if positioning is not None:
            report = _import_positioning(into, positioning, prices, show)
        elif source is not None:
            report = import_directory(into, source, words(pairs) or None, show)
        else:
            if start is None or end is None:
                raise SettingsError("say which days: --from 2025-05-01 --to 2025-05-31")
            report = run_download(
                into,
                words(pairs),
                moment(start).date(),
                moment(end).date(),
                base_url=base_url or BASE_URL,
                parallel=parallel,
                again=again,
                aside=keep_refused,
                progress=show,
            )
    _print_report(report, store / named, as_json=as_json)


def _check_sources(
    source: Path | None, positioning: Path | None, prices: Path | None, exchange: str | None
) -> None:
    if source is not None and positioning is not None:
        raise SettingsError("--import and --positioning are two kinds of files: give one of them at a time")
    if prices is not None and positioning is None:
        raise SettingsError("--prices says which positioning depth is stale: it goes with --positioning DIR")
    if source is None and positioning is None and exchange not in (None, "binance"):
        raise SettingsError(
            f"the archives that can be fetched are Binance's, not of {exchange}: leave --exchange out, "
            "or import files of your own with --import DIR"
        )


@contextmanager
def _archive_progress() -> Iterator[ShowProgress]:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("archives", total=None)

        def show(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield show


def _import_positioning(
    into: MarketStore, directory: Path, prices: Path | None, show: ShowProgress
) -> ArchiveReport:
    from outrigger.market.archives.market_prices import market_prices
    from outrigger.market.archives.positioning import import_positioning, positioning_pairs

    known = None if prices is None else market_prices(prices, positioning_pairs(directory))
    return import_positioning(into, directory, known, show)


def _print_report(report: ArchiveReport, where: Path, *, as_json: bool) -> None:
    """Print what became of the files; ends the command with 1 where some could not be used."""
    if as_json:
        print_json(report.to_dict())
    else:
        console.print(f"{report.rows:,} rows stored in {where}", highlight=False)
        defects = report.defects or "none"
        console.print(f"files: {report.outcomes}; readings with defects: {defects}", soft_wrap=True)
        for refused in report.refused:
            console.print(f"{refused.outcome}: {refused.message}", highlight=False, markup=False)
    if report.refused:
        raise typer.Exit(1)


def features(
    pair: Annotated[str, typer.Option(help="Such as BTC/USDT:USDT.")],
    start: Annotated[str, typer.Option("--from", help="First moment (UTC).")],
    end: Annotated[str, typer.Option("--to", help="Last moment (UTC).")],
    store: StoreOption = STORE,
    exchange: ExchangeOption = "binance",
    timeframe: Annotated[str, typer.Option(help="Clock.")] = "5m",
    max_age: Annotated[int | None, typer.Option(min=1, help="Seconds a reading counts for.")] = None,
    datadir: Annotated[
        Path | None, typer.Option(help="Take funding from the candles of this data directory.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write all rows to this CSV file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the store says of a pair: book, funding and open-interest features at each closed candle."""
    from outrigger.commands.features import feature_table
    from outrigger.market.candles import read_candles
    from outrigger.market.store.store import MarketStore

    asked = (pair, moment(start), moment(end))
    funding = None if datadir is None else read_candles(datadir, pair, "1h", "funding_rate")
    found = feature_table(
        MarketStore(store, exchange), *asked, timeframe=timeframe, max_age_s=max_age, funding=funding
    )
    if out is not None:
        found.write_csv(out)
    if as_json:
        print_json(found.to_dict())
    else:
        console.print(found.table())


def liquidations(
    datadir: Annotated[Path, typer.Option("--datadir", help="A Freqtrade data directory.")],
    pair: Annotated[str, typer.Option(help="Such as BTC/USDT:USDT.")],
    start: Annotated[str | None, typer.Option("--from", help="First moment shown (UTC).")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last moment shown (UTC).")] = None,
    timeframe: Annotated[str, typer.Option(help="Candles to read.")] = "5m",
    plot: Annotated[Path | None, typer.Option(help="Write a heatmap to this HTML file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Estimate where forced liquidations are waiting: an estimate from volume, open interest and leverage."""
    from outrigger.commands.liquidation_chart import write_chart
    from outrigger.commands.liquidations import as_table, level_map

    first, last = (moment(text) if text else None for text in (start, end))
    found = level_map(datadir, pair, first, last, timeframe=timeframe)
    if plot is not None:
        write_chart(found, plot)
    if as_json:
        print_json(found.to_dict())
    else:
        console.print(as_table(found))


def add_to(app: typer.Typer) -> None:
    """Register the commands.

    Parameters
    ----------
    app : Typer
        The command line they become part of.
    """
    for command in (record, download, features, liquidations):
        app.command()(command)
