import json

import numpy as np
import pytest

from outrigger.errors import DataError, SettingsError
from outrigger.settings.signals import SignalSettings
from outrigger.signals.indicators import measure_charts, signals
from outrigger.signals.study import main, pair_entries, run
from tests.signals.walk import QUICK, walk_charts


@pytest.fixture(scope="module")
def datadir(tmp_path_factory):
    root = tmp_path_factory.mktemp("market")
    (root / "futures").mkdir()
    for seed, coin in enumerate(("AAA", "BBB")):
        for timeframe, candles in walk_charts(12 * 1440, seed=seed, base="5m").items():
            candles.to_feather(root / "futures" / f"{coin}_USDT_USDT-{timeframe}-futures.feather")
    return root


def test_study_command_prints_json_of_both_pairs(datadir, capsys):
    args = ["--datadir", str(datadir), "--timeframe", "5m", "--settings", json.dumps(QUICK), "--draws", "200"]
    assert main([*args, "--json"]) == 0
    study = json.loads(capsys.readouterr().out)
    assert set(study["pairs"]) == {"AAA/USDT:USDT", "BBB/USDT:USDT"}
    assert sum(study["pairs"].values()) == study["verdicts"][0]["events"] > 20
    assert {v["horizon_hours"] for v in study["verdicts"]} == {1.0, 4.0, 24.0}
    assert study["per_pair_day"] == pytest.approx(sum(study["pairs"].values()) / study["pair_days"])


def test_study_command_prints_a_table(datadir, capsys):
    args = ["--datadir", str(datadir), "--timeframe", "5m", "--settings", json.dumps(QUICK)]
    assert main(args) == 0
    assert "a pair and day" in capsys.readouterr().out


def test_study_of_two_halves_counts_the_events_of_the_whole(datadir):
    settings = SignalSettings(**QUICK)
    whole = run(datadir, "5m", settings, draws=200)
    parts = [
        run(datadir, "5m", settings, until="2025-01-07", draws=200),
        run(datadir, "5m", settings, since="2025-01-07", draws=200),
    ]
    for pair, count in whole.pairs.items():
        assert sum(part.pairs[pair] for part in parts) == count


def test_pair_entries_include_the_first_moment_and_exclude_the_last():
    settings = SignalSettings(**QUICK)
    frames = walk_charts(12 * 1440, base="5m")
    fired = signals(measure_charts(frames, "5m", settings, "A"), "5m", settings)["entry"]
    rows = np.flatnonzero(fired)
    rows = rows[(rows > 1000) & (rows < len(fired) - 400)]
    since, until = frames["5m"]["date"].iloc[rows[0]], frames["5m"]["date"].iloc[rows[-1]]
    entries = pair_entries(frames, "A", settings, "5m", since=since, until=until)
    assert entries.moves.shape[0] == rows[-1] - rows[0]
    np.testing.assert_array_equal(entries.at, rows[:-1] - rows[0])
    np.testing.assert_array_equal(entries.side, fired.to_numpy()[rows[:-1]])


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--timeframe", "1m"], "no 1m futures candles"),
        (["--draws", "50"], "too few"),
        (["--since", "yesterday-ish"], "is not a date"),
        (["--settings", '{"chanel": 1}'], "chanel"),
    ],
)
def test_study_command_refuses_bad_input_without_a_traceback(datadir, capsys, extra, message):
    assert main(["--datadir", str(datadir), "--timeframe", "5m", *extra]) == 2
    assert message in capsys.readouterr().err


def test_study_of_a_pair_without_its_slow_chart_says_how_to_download_it(tmp_path):
    (tmp_path / "futures").mkdir()
    walk_charts(3000)["1m"].to_feather(tmp_path / "futures" / "AAA_USDT_USDT-1m-futures.feather")
    with pytest.raises(DataError, match="no 15m candles of AAA/USDT:USDT"):
        run(tmp_path, "1m", SignalSettings())
    with pytest.raises(SettingsError, match="200"):
        run(tmp_path, "1m", SignalSettings(), draws=199)


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["binance-1m-2025-02", "binance-1m-2025-05"])
def test_study_of_real_1m_candles_has_sensible_trade_counts(market, name):
    study = run(market / name, "1m", SignalSettings(), draws=200)
    assert 0.3 <= study.per_pair_day <= 3.0
    assert all(0.3 <= 6 * count / study.pair_days <= 3.0 for count in study.pairs.values())
