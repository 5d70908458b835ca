from __future__ import annotations

import asyncio
import hashlib
import threading
from collections import Counter
from datetime import date

import pytest
from aiohttp import web

from outrigger.errors import DataError
from outrigger.market.archives.download import download
from outrigger.market.store.defect_notes import DefectNote
from outrigger.market.store.schema import Kind
from outrigger.market.store.store import MarketStore
from tests.market.archives.archive_samples import book, metrics_text, text, zipped

PAIR = "BTC/USDT:USDT"
DAY = date(2025, 3, 1)
PREFIX = "/data/futures/um/daily/bookDepth/BTCUSDT/BTCUSDT-bookDepth-"
GOOD = zipped(text(book(200)))


class Host:
    """A loopback host of archives; `answers` maps a path to statuses and bodies, the last one for good."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.first: dict[str, list[web.Response]] = {}
        self.asked: Counter[str] = Counter()
        self.busiest = self._busy = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve)

    def put(self, path: str, content: bytes, checksum: str | None = None) -> None:
        self.files[path] = content
        stated = checksum or hashlib.sha256(content).hexdigest()
        self.files[path + ".CHECKSUM"] = f"{stated}  {path.rsplit('/', 1)[-1]}\n".encode()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked[request.path] += 1
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        for _ in range(5):
            await asyncio.sleep(0)
        self._busy -= 1
        if self.first.get(request.path):
            return self.first[request.path].pop(0)
        if request.path not in self.files:
            return web.Response(status=404)
        return web.Response(body=self.files[request.path])

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(app)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        self._loop.run_until_complete(site.start())
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    def __enter__(self) -> Host:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


@pytest.fixture
def host():
    with Host() as running:
        yield running


class Waits(list):
    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


def fetch(host: Host, store: MarketStore, end: date = DAY, **more):
    more.setdefault("kinds", ("bookDepth",))
    return download(store, [PAIR], DAY, end, base_url=host.url, wait=more.pop("wait", Waits()), **more)


def test_download_good_days_are_stored_and_not_fetched_again(host, tmp_path) -> None:
    host.put(f"{PREFIX}2025-03-01.zip", GOOD)
    host.put("/data/futures/um/daily/metrics/BTCUSDT/BTCUSDT-metrics-2025-03-01.zip", zipped(metrics_text()))
    store, seen = MarketStore(tmp_path), []
    report = fetch(host, store, kinds=("bookDepth", "metrics"), progress=lambda *step: seen.append(step))
    assert report.outcomes == {"stored": 2}
    assert sorted(step[1:] for step in seen) == [(1, 2), (2, 2)]
    assert len(store.read(PAIR, Kind.BOOK)) == 200
    assert len(store.read(PAIR, Kind.METRICS)) == 288
    before = host.asked.total()
    assert fetch(host, store, kinds=("bookDepth", "metrics")).outcomes == {"already_present": 2}
    assert host.asked.total() == before
    # Two rows of the first day became known on the second: that is not the second day's archive.
    later = fetch(host, store, date(2025, 3, 2), kinds=("metrics",))
    assert [delivery.outcome for delivery in later.deliveries] == ["already_present", "missing"]


def test_download_each_fault_is_named_and_the_rest_goes_on(host, tmp_path) -> None:
    host.put(f"{PREFIX}2025-03-01.zip", b"<html>not available in your region</html>")
    host.put(f"{PREFIX}2025-03-02.zip", GOOD[:-300])
    host.put(f"{PREFIX}2025-03-03.zip", GOOD, checksum="0" * 64)
    host.put(f"{PREFIX}2025-03-04.zip", GOOD)
    del host.files[f"{PREFIX}2025-03-04.zip.CHECKSUM"]
    host.put(f"{PREFIX}2025-03-05.zip", zipped(b"no,archive\n"))
    host.first[f"{PREFIX}2025-03-06.zip"] = [web.Response(status=403)]
    host.put(f"{PREFIX}2025-03-08.zip", GOOD)
    store = MarketStore(tmp_path / "store")
    report = fetch(host, store, date(2025, 3, 8), aside=tmp_path / "aside")
    assert [delivery.outcome for delivery in report.deliveries] == [
        "html_instead_of_zip",
        "truncated_zip",
        "wrong_checksum",
        "no_checksum",
        "unreadable",
        "http_error",
        "missing",
        "stored",
    ]
    assert len(store.read(PAIR, Kind.BOOK)) == 200
    assert all(delivery.message for delivery in report.refused)
    kept = sorted(path.name for path in (tmp_path / "aside").iterdir())
    assert kept[1] == "BTCUSDT-bookDepth-2025-03-02.zip.truncated_zip"
    assert len(kept) == 5
    assert report.to_dict()["outcomes"]["stored"] == 1


def test_download_busy_host_is_asked_again_after_waiting(host, tmp_path) -> None:
    path = f"{PREFIX}2025-03-01.zip"
    host.put(path, GOOD)
    host.first[path] = [web.Response(status=429, headers={"Retry-After": "7"}), web.Response(status=503)]
    waits = Waits()
    assert fetch(host, MarketStore(tmp_path), wait=waits).outcomes == {"stored": 1}
    assert waits == [7.0, 2.0]


def test_download_host_that_stays_down_gives_up_with_a_name(host, tmp_path) -> None:
    host.first[f"{PREFIX}2025-03-01.zip"] = [web.Response(status=500) for _ in range(9)]
    waits = Waits()
    assert fetch(host, MarketStore(tmp_path), wait=waits).outcomes == {"http_error": 1}
    assert waits == [1.0, 2.0, 4.0, 8.0]


def test_download_parallel_is_limited(host, tmp_path) -> None:
    report = fetch(host, MarketStore(tmp_path), date(2025, 3, 20), parallel=3)
    assert report.outcomes == {"missing": 20}
    assert 1 <= host.busiest <= 3


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (OSError(28, "No space left on device"), r"No space left.*make room"),
        (PermissionError(13, "Permission denied"), r"Permission denied.*allow writing"),
    ],
)
def test_download_disk_that_refuses_stops_with_a_message_and_resumes(host, tmp_path, refusal, said) -> None:
    class Refusing(MarketStore):
        def replace_day(self, *_: object) -> None:
            raise refusal

    host.put(f"{PREFIX}2025-03-01.zip", GOOD)
    with pytest.raises(DataError, match=said):
        fetch(host, Refusing(tmp_path))
    assert fetch(host, MarketStore(tmp_path)).outcomes == {"stored": 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pairs": []}, "without pairs"),
        ({"pairs": ["BTC/USDT"]}, "perpetual"),
        ({"end": date(2025, 2, 1)}, "exchange them"),
        ({"parallel": 99}, "1 to 16"),
        ({"kinds": ("trades",)}, "choose from"),
    ],
)
def test_download_unusable_argument_is_refused(tmp_path, change, message) -> None:
    given = {"pairs": [PAIR], "start": DAY, "end": DAY, **change}
    with pytest.raises(DataError, match=message):
        download(MarketStore(tmp_path), **given)


def test_download_again_fetches_what_the_store_holds(host, tmp_path) -> None:
    host.put(f"{PREFIX}2025-03-01.zip", zipped(text(book(150))))
    store = MarketStore(tmp_path)
    fetch(host, store)
    host.put(f"{PREFIX}2025-03-01.zip", GOOD)
    assert fetch(host, store).outcomes == {"already_present": 1}
    assert fetch(host, store, again=True).outcomes == {"stored": 1}
    assert len(store.read(PAIR, Kind.BOOK)) == 200


def test_download_keeps_the_defects_of_each_day_until_a_sound_file_replaces_it(host, tmp_path) -> None:
    faulty = book(200)
    faulty.loc[faulty.index[3], "depth"] *= -1
    host.put(f"{PREFIX}2025-03-01.zip", zipped(text(faulty)))
    store = MarketStore(tmp_path)
    fetch(host, store)
    notes = MarketStore(tmp_path).defect_notes(PAIR, Kind.BOOK)
    assert notes == {DAY: (DefectNote("bookDepth", "negative_depth", 1, 2),)}
    assert fetch(host, store).outcomes == {"already_present": 1}
    assert MarketStore(tmp_path).defect_notes(PAIR, Kind.BOOK) == notes
    host.put(f"{PREFIX}2025-03-01.zip", GOOD)
    fetch(host, store, again=True)
    assert MarketStore(tmp_path).defect_notes(PAIR, Kind.BOOK) == {}
