"""Freqtrade's own `plot-dataframe` draws the strategy's columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from outrigger.bot.plots import PLOT_CONFIG
from outrigger.replay.offline import offline
from outrigger.replay.synth import write_market
from tests.conftest import REPOSITORY


@pytest.mark.engine
def test_plot_dataframe_draws_every_column_of_the_plot_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datadir, home = tmp_path / "market", tmp_path / "home"
    home.mkdir()
    write_market(datadir, 2, 3, ("BTC",), warmup_days=12)
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setenv("COLUMNS", "200")
    asked = ["plot-dataframe", "--userdir", str(home), "--pairs", "BTC/USDT:USDT", "--no-trades"]
    with (tmp_path / "log").open("wb") as log:
        code = offline(datadir, asked, output=log)
    assert code == 0, (tmp_path / "log").read_text()
    page = (home / "plot" / "freqtrade-plot-BTC_USDT_USDT-1m.html").read_text(encoding="utf-8")
    named = [*PLOT_CONFIG["main_plot"], *(name for plot in PLOT_CONFIG["subplots"].values() for name in plot)]
    assert [name for name in named if f'"name":"{name}"' not in page] == []
