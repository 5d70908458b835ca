"""The command that says what a backtest's legs did: its page, its JSON, and what it refuses."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from outrigger.hedge.pairing import pairings
from outrigger.hedge.report import load, main
from outrigger.hedge.stopout_chart import stopout_chart
from outrigger.review.backtest_export import read_export
from tests.hedge.market_files import write_market
from tests.hedge.samples import FIVE, START_MS

AAA, BBB = "AAA/USDT:USDT", "BBB/USDT:USDT"
HOURS = 3_600_000


def exported(pair, side, opened, hours, tag, profit, reason):
    """A trade of 1,000 at 100, in the words of Freqtrade's export."""
    return {
        "pair": pair,
        "stake_amount": 200.0,
        "max_stake_amount": 200.0,
        "leverage": 5.0,
        "amount": 10.0,
        "open_rate": 100.0,
        "close_rate": 100.0,
        "fee_open": 0.0005,
        "fee_close": 0.0005,
        "profit_abs": profit,
        "funding_fees": -0.1,
        "exit_reason": reason,
        "stop_loss_abs": 95.0,
        "enter_tag": tag,
        "is_short": side < 0,
        "open_timestamp": START_MS + opened * HOURS,
        "close_timestamp": START_MS + (opened + hours) * HOURS,
    }


def seven_stopouts():
    """Seven stopped primaries, the later the worse, each with a leg that ran for an hour."""
    for number in range(1, 8):
        opened = 24 * number
        yield exported(AAA, 1, opened, 6, "long", -10.0 * number, "stop_loss")
        yield exported(BBB, -1, opened, 7, f"hedge:AAA#{number}", 4.0, "hedge_runner_stop")


@pytest.fixture
def datadir(tmp_path):
    return write_market(tmp_path / "data")


@pytest.fixture
def export(tmp_path):
    def write(trades, name="result.json"):
        body = {
            "trades": list(trades),
            "pairlist": [AAA, BBB],
            "timeframe": "5m",
            "stake_currency": "USDT",
            "backtest_start_ts": START_MS,
            "backtest_end_ts": START_MS + 10 * 24 * HOURS,
            "starting_balance": 10_000.0,
        }
        path = tmp_path / name
        path.write_text(json.dumps({"strategy": {"Outrigger": body}}))
        return path

    return write


def test_page_draws_the_five_worst_stopouts_and_tells_the_account(tmp_path, datadir, export):
    page = tmp_path / "legs.html"
    path = export(seven_stopouts())
    assert main(["--export", str(path), "--datadir", str(datadir), "--html", str(page)]) == 0
    text = page.read_text()
    assert "around the 5 worst stop-outs" in text
    for number in (3, 4, 5, 6, 7):
        assert f"hedge:AAA#{number}: AAA long -{10 * number}.00, BBB leg +4.00 (runner stop)" in text
    assert "hedge:AAA#2" not in text
    assert "largest drawdown" in text


def test_chart_marks_the_stop_and_the_legs_ends(datadir, export):
    result = read_export(export([*seven_stopouts()][:2]))[0]
    times, closes = load(result, datadir)
    figure = stopout_chart(pairings(result.trades), times, closes, "USDT")
    by_name = {trace.name: trace for trace in figure.data}
    opened = pd.Timestamp(START_MS + 24 * HOURS, unit="ms", tz="UTC")
    stopped = opened + pd.Timedelta(hours=6)
    assert [pd.Timestamp(at) for at in by_name["primary stopped"].x] == [stopped]
    assert by_name["primary stopped"].y[0] == -10.0
    assert [pd.Timestamp(at) for at in by_name["leg opened, closed"].x] == [
        opened,
        opened + pd.Timedelta(hours=7),
    ]
    assert by_name["both"].y[-1] == pytest.approx(-6.0)


def test_chart_without_a_stopout_says_so(datadir, export):
    trades = [
        exported(AAA, 1, 24, 6, "long", 10.0, "trailing_stop_loss"),
        exported(BBB, -1, 24, 6, "hedge:AAA#1", -4.0, "hedge_primary_profit"),
    ]
    result = read_export(export(trades))[0]
    figure = stopout_chart(pairings(result.trades), *load(result, datadir), "USDT")
    assert "no primary with a leg was stopped at a loss" in [note.text for note in figure.layout.annotations]


def test_json_has_every_leg_and_the_account_with_and_without(datadir, export, capsys):
    assert main(["--export", str(export(seven_stopouts())), "--datadir", str(datadir), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {
        "legs",
        "pooled",
        "hedged",
        "unhedged",
        "cost_bp_day",
        "legs_profit",
        "primaries_profit",
        "runners_profit",
        "cost",
    }
    assert len(told["legs"]) == 7
    assert {"effectiveness", "rho_squared", "effectiveness_beta_one", "runner_profit"} <= set(told["legs"][0])
    assert {"profit", "max_drawdown", "cvar_day", "cvar_trade"} == set(told["hedged"])
    assert (told["hedged"]["profit"], told["unhedged"]["profit"]) == (-252.0, -280.0)
    # Fees of 1, and .1 of funding, seven times.
    assert told["cost"] == pytest.approx(7.7)
    assert set(told["pooled"]) == {"5m", "1h"}


def test_backtest_with_the_hedge_off_stands_beside_it(datadir, export, capsys):
    hedged = export(seven_stopouts())
    alone = export([one for one in seven_stopouts() if one["pair"] == AAA][:6], "off.json")
    line = ["--export", str(hedged), "--datadir", str(datadir), "--against", str(alone)]
    assert main([*line, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["against"]["profit"] == -210.0
    assert told["against"]["max_drawdown"] > 0
    assert main(line) == 0
    assert "hedge off" in capsys.readouterr().out
    assert main([*line[:-1], str(hedged)]) == 2
    assert "takes a backtest without legs" in " ".join(capsys.readouterr().err.split())


def test_tables_name_legs_their_ends_and_the_totals(datadir, export, capsys):
    assert main(["--export", str(export(seven_stopouts())), "--datadir", str(datadir)]) == 0
    out = capsys.readouterr().out
    for words in ("AAA#7", "runner stop", "all, 1h", "with beta = 1", "largest drawdown", "-280.00"):
        assert words in out


def test_report_refuses_an_export_without_legs_in_words(datadir, export, capsys):
    path = export([exported(AAA, 1, 24, 6, "long", -10.0, "stop_loss")])
    assert main(["--export", str(path), "--datadir", str(datadir)]) == 2
    assert "no trade in it is a leg" in " ".join(capsys.readouterr().err.split())


def test_report_without_candles_of_a_traded_pair_names_the_file(datadir, export, capsys):
    (datadir / "futures" / "BBB_USDT_USDT-5m-futures.feather").unlink()
    assert main(["--export", str(export(seven_stopouts())), "--datadir", str(datadir)]) == 2
    assert "BBB_USDT_USDT-5m-futures" in "".join(capsys.readouterr().err.split())


def test_load_leaves_a_hole_where_candles_are_missing(datadir, export):
    file = datadir / "futures" / "BBB_USDT_USDT-5m-futures.feather"
    frame = pd.read_feather(file)
    frame.drop(index=[10, 11]).reset_index(drop=True).to_feather(file)
    times, closes = load(read_export(export(seven_stopouts()))[0], datadir)
    holes = times[pd.isna(closes[BBB])]
    # A candle closes five minutes after it opened; before the first and after the last there is none either.
    assert START_MS + 11 * FIVE in holes
    assert START_MS + 12 * FIVE in holes
    assert START_MS + 13 * FIVE not in holes
