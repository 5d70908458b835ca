"""The `outrigger` command: reads arguments, calls one function, prints what it returns."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from outrigger import __version__
from outrigger.errors import OutriggerError, SettingsError
from outrigger.health_cli import add_to as add_health_to
from outrigger.ledger_cli import add_to as add_ledger_to
from outrigger.market_cli import STORE, JsonOption, add_to, moment, print_json, words
from outrigger.override_cli import add_to as add_overrides_to
from outrigger.regime_cli import add_to as add_regimes_to
from outrigger.review_cli import add_to as add_review_to
from outrigger.study_cli import add_to as add_study_to
from outrigger.tuning_cli import add_to as add_tuning_to

app = typer.Typer(
    name="outrigger",
    help="Volatility-scaled trailing stops and risk-first sizing for Freqtrade perpetual futures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()

DataOption = Annotated[Path, typer.Option("--datadir", help="A Freqtrade data directory.")]


def _version(shown: bool) -> None:
    if shown:
        console.print(f"outrigger {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Volatility-scaled trailing stops and risk-first sizing for Freqtrade perpetual futures."""


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where market, results and report go.")] = Path("user_data/demo"),
    days: Annotated[int, typer.Option(min=1, help="Days to trade.")] = 14,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the synthetic market.")] = 7,
    datadir: Annotated[
        Path | None, typer.Option(help="Your own data directory instead of a synthetic market.")
    ] = None,
    timerange: Annotated[str | None, typer.Option(help="With --datadir: like Freqtrade's.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="With --datadir: base timeframe.")] = None,
    policies: Annotated[str, typer.Option(help="Stop policies, comma-separated.")] = "",
    config: Annotated[Path, typer.Option(help="Freqtrade configuration.")] = Path("config.json"),
    as_json: JsonOption = False,
) -> None:
    """Several stops on one market through the real freqtrade backtesting: a table and a report, offline."""
    from outrigger.demo.run import DEMO_POLICIES, Comparison, run_comparison, run_demo

    named = (("--timerange", timerange), ("--timeframe", timeframe))
    options = tuple(word for name, value in named if value for word in (name, value))
    if options and datadir is None:
        raise SettingsError(f"{options[0]} goes with --datadir: the synthetic market has its own range")
    asked = Comparison(out, words(policies) or DEMO_POLICIES, config, options)
    progress = Console(stderr=True)
    if datadir is None:
        result = run_demo(asked, days=days, seed=seed, console=progress)
    else:
        result = run_comparison(asked, datadir, console=progress)
    if as_json:
        print_json(result.to_dict())
    else:
        console.print(result.table())


@app.command()
def synth(
    out: Annotated[Path, typer.Option(help="Directory to write; replaced if it holds a synthetic market.")],
    days: Annotated[int, typer.Option(min=1, help="Days of one-minute candles.")] = 30,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same market.")] = 7,
    pairs: Annotated[str, typer.Option(help="Comma-separated, such as BTC,ETH.")] = "",
    warmup_days: Annotated[int, typer.Option(min=0, help="Days of 5m and coarser candles before.")] = 45,
    as_json: JsonOption = False,
) -> None:
    """Write a synthetic market as a Freqtrade data directory."""
    from rich.progress import Progress

    from outrigger.replay.synth import DEFAULT_PAIRS, write_market

    wanted = words(pairs) or DEFAULT_PAIRS
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("synthetic market", total=None)

        def show(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        manifest = write_market(out, days, seed, wanted, warmup_days=warmup_days, progress=show)
    if as_json:
        print_json(manifest.to_dict())
    else:
        console.print(f"Synthetic market of {len(wanted)} pairs × {days} days in {out} (seed {seed})")
        console.print(f"Backtest it: outrigger offline --datadir {out} -- backtesting --cache none")


@app.command()
def serve(
    datadir: DataOption,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8099,
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    start: Annotated[str | None, typer.Option(help="Recorded time to replay from (UTC).")] = None,
    replay: Annotated[bool, typer.Option(help="Shift the data by whole days so that it goes on now.")] = True,
    exchange: Annotated[str, typer.Option(help="Whose REST to speak: binance or bybit.")] = "binance",
) -> None:
    """Serve a data directory as Binance's USDⓈ-M or Bybit's v5 REST on loopback, until Ctrl-C."""
    from outrigger.replay.exchange import ReplayServer
    from outrigger.replay.exchange import serve as run_server
    from outrigger.replay.synth import is_synthetic
    from outrigger.replay.venues import venue_named

    venue = venue_named(exchange)

    def announce(server: ReplayServer) -> None:
        market = f"the synthetic market in {datadir}" if is_synthetic(datadir) else datadir
        console.print(f"Replay exchange, {venue.title}, at {server.url}, fed from {market}. Ctrl-C ends it.")

    begin = moment(start) if start else None
    run_server(datadir, port, host=host, replay=replay, start=begin, venue=venue, announce=announce)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def offline(
    context: typer.Context,
    datadir: DataOption,
    start: Annotated[str | None, typer.Option(help="Recorded time to replay from (UTC).")] = None,
    exchange: Annotated[str | None, typer.Option(help="binance or bybit; the configuration's.")] = None,
) -> None:
    """Run the unmodified freqtrade command without a network: offline --datadir DIR -- backtesting."""
    from outrigger.replay.exchange import ReplayServer
    from outrigger.replay.offline import offline as run_offline
    from outrigger.replay.synth import is_synthetic

    def announce(server: ReplayServer) -> None:
        if is_synthetic(datadir):
            Console(stderr=True).print(f"Synthetic market in {datadir}: this shows that it works, no more.")

    begin = moment(start) if start else None
    raise typer.Exit(run_offline(datadir, context.args, exchange=exchange, start=begin, announce=announce))


@app.command("explain-stop")
def explain_stop(
    side: Annotated[str, typer.Option(help="long or short.")] = "long",
    entry: Annotated[float | None, typer.Option(min=0.0, help="Entry price.")] = None,
    path: Annotated[str | None, typer.Option(help="Closing prices after the entry, comma-separated.")] = None,
    sigma: Annotated[float | None, typer.Option(min=0.0, help="Constant forecast for --path.")] = None,
    data: Annotated[Path | None, typer.Option(help="Freqtrade data directory, instead of --path.")] = None,
    pair: Annotated[str, typer.Option(help="Pair, with --data.")] = "BTC/USDT:USDT",
    opened: Annotated[str | None, typer.Option(help="Time of the fill (UTC), with --data.")] = None,
    timeframe: Annotated[str, typer.Option(help="Base timeframe, with --data.")] = "1m",
    export: Annotated[Path | None, typer.Option(help="Backtest result to take the trade from.")] = None,
    trade: Annotated[int, typer.Option(min=1, help="Number of the trade in --export.")] = 1,
    policy: Annotated[str | None, typer.Option(help="volatility, trailing, chandelier or fixed.")] = None,
    width: Annotated[float | None, typer.Option(help="Width of policies trailing and fixed.")] = None,
    activation: Annotated[float | None, typer.Option(help="Favourable move that arms the trail.")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration; default config.json.")] = None,
    store: Annotated[Path, typer.Option(help="Recordings of book and open interest.")] = STORE,
    every: Annotated[bool, typer.Option("--every", help="Show every candle.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Write an interactive chart to this HTML file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say where a trade's stop was at each closed candle, what it was made of, and when it armed."""
    from outrigger.commands import explain_stop as command
    from outrigger.commands import stop_arguments as given
    from outrigger.market.store.store import MarketStore

    given.refuse_mixture(path, data, export)
    settings = given.stop_settings(config, policy, width, activation)
    if data is None:
        known = given.require_entry(entry)
        told = command.along_path(given.side_of(side), known, given.prices_of(path), settings.stop, sigma)
    else:
        if export is not None:
            asked = given.trade_of_export(data, export, trade)
        else:
            filled = moment(opened) if opened else None
            asked = given.trade_by_hand(data, pair, timeframe, side, filled, entry)
        told = command.on_candles(asked, settings, MarketStore(store, settings.market.source or "binance"))
    if plot is not None:
        from outrigger.commands.stop_chart import write_chart

        write_chart(told, plot)
    if as_json:
        print_json(told.to_dict())
    else:
        console.print(command.as_table(told, every_candle=every))


@app.command()
def doctor(
    config: Annotated[list[Path] | None, typer.Option(help="Configuration file, repeatable.")] = None,
    datadir: Annotated[Path | None, typer.Option(help="Data directory to check.")] = None,
    timerange: Annotated[str | None, typer.Option(help="Like Freqtrade's: 20250504-20250620.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="Base timeframe if not the configured one.")] = None,
    exchange: Annotated[bool, typer.Option(help="Ask the exchange too.")] = True,
    live: Annotated[
        bool | None,
        typer.Option(help="Look at the account with the key, reading only; where a key is configured."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check configuration, data, versions, exchange and account; say what to do about each finding."""
    from outrigger.doctor.diagnose import diagnose
    from outrigger.doctor.finding import exit_code
    from outrigger.doctor.report import print_report

    files = [str(file) for file in config or [Path("config.json")]]
    findings = diagnose(files, datadir, timerange, timeframe, check_exchange=exchange, check_account=live)
    if as_json:
        print_json([finding.to_dict() for finding in findings])
    else:
        print_report(findings, console)
    raise typer.Exit(exit_code(findings))


add_to(app)
add_regimes_to(app)
add_review_to(app)
add_tuning_to(app)
add_study_to(app)
add_overrides_to(app)
add_ledger_to(app)
add_health_to(app)


def main() -> None:
    """Run the command line; what Outrigger refuses, or the disk, is told without a traceback."""
    try:
        app()
    except (OutriggerError, OSError) as error:
        told = Text.assemble(("error:", "bold red"), f" {error}")
        # Wrapped lines would break the commands that a message tells the reader to copy.
        Console(stderr=True).print(told, soft_wrap=True)
        sys.exit(1)
