"""Where the exchange binds, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from outrigger.errors import ReplayError
from outrigger.replay.exchange import ReplayServer, listening_socket, open_market, serve
from tests.replay.data_directory import write_market


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "example.org"])
def test_server_on_another_address_is_refused(host: str) -> None:
    with pytest.raises(ReplayError, match="only binds this machine's loopback"):
        listening_socket(host, 0)


def test_server_on_a_taken_port_says_so(tmp_path: Path) -> None:
    market = open_market(write_market(tmp_path, days=1, bases=("BTC",)), replay=False)
    with ReplayServer(market) as server:
        port = int(server.url.rsplit(":", 1)[1])
        with pytest.raises(ReplayError, match=f"port {port} on 127.0.0.1 is taken"):
            ReplayServer(market, port=port)
    with pytest.raises(ReplayError, match="cannot serve on 127"):
        listening_socket("127.0.0.1", 70_000)


def test_server_that_has_ended_frees_its_port(tmp_path: Path) -> None:
    market = open_market(write_market(tmp_path, days=1, bases=("BTC",)), replay=False)
    with ReplayServer(market) as server:
        port = int(server.url.rsplit(":", 1)[1])
    with ReplayServer(market, port=port), socket.create_connection(("127.0.0.1", port), timeout=5):
        pass


def test_serve_restores_the_signal_handlers(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    serve(
        write_market(tmp_path, days=1, bases=("BTC",)),
        0,
        announce=lambda _: signal.raise_signal(signal.SIGTERM),
    )
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_in_a_process_answers_until_a_signal_ends_it(tmp_path: Path, number: signal.Signals) -> None:
    write_market(tmp_path, days=1, bases=("BTC",))
    script = (
        "import sys; from pathlib import Path; from outrigger.replay.exchange import serve;"
        "serve(Path(sys.argv[1]), 0, announce=lambda s: print(s.url, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        url = child.stdout.readline().strip()
        with urllib.request.urlopen(f"{url}/fapi/v1/exchangeInfo", timeout=10) as answer:
            assert [row["symbol"] for row in json.load(answer)["symbols"]] == ["BTCUSDT"]
        child.send_signal(number)
        assert child.wait(timeout=20) == 0
