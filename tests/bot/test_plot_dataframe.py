"""Freqtrade's own `plot-dataframe` draws the strategy's columns, and a browser shows them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from outrigger.bot.plots import PLOT_CONFIG
from outrigger.replay.offline import offline
from outrigger.replay.synth import write_market
from tests.conftest import REPOSITORY

NAMED = [*PLOT_CONFIG["main_plot"], *(name for plot in PLOT_CONFIG["subplots"].values() for name in plot)]
# Nothing that would look for the world outside.
BROWSER = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=20000",
    "--window-size=1400,1000",
]
pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("plot-dataframe")]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Page that `freqtrade plot-dataframe` writes."""
    place = tmp_path_factory.mktemp("plot")
    datadir, home = place / "market", place / "home"
    home.mkdir()
    write_market(datadir, 2, 3, ("BTC",), warmup_days=12)
    asked = ["plot-dataframe", "--userdir", str(home), "--pairs", "BTC/USDT:USDT", "--no-trades"]
    with pytest.MonkeyPatch.context() as patch, (place / "log").open("wb") as log:
        patch.chdir(REPOSITORY)
        patch.setenv("COLUMNS", "200")
        code = offline(datadir, asked, output=log)
    assert code == 0, (place / "log").read_text()
    return home / "plot" / "freqtrade-plot-BTC_USDT_USDT-1m.html"


def test_plot_dataframe_draws_every_column_of_the_plot_configuration(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [name for name in NAMED if f'"name":"{name}"' not in text] == []


def test_plot_dataframe_in_a_browser_shows_every_column(page: Path, tmp_path: Path) -> None:
    browser = os.environ.get("OUTRIGGER_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium on this machine: install one, or name it in OUTRIGGER_BROWSER")
    shown = subprocess.run(
        [browser, *BROWSER, f"--user-data-dir={tmp_path}", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    legend = re.findall(r'class="legendtext"[^>]*data-unformatted="([^"]+)"', shown)
    assert set(NAMED) <= set(legend)
    # Drawn, not only named: a line of each column with at least a hundred points.
    lines = re.findall(r'class="js-line"[^>]*\bd="([^"]+)"', shown)
    assert sum(line.count("L") + line.count(",") > 100 for line in lines) >= len(NAMED) - 1
