"""The Docker files, as far as they can be judged without Docker: paths, versions, commands, secrets."""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from freqtrade.commands.arguments import Arguments
from freqtrade.configuration.config_validation import validate_config_schema
from freqtrade.configuration.environment_vars import environment_vars_to_dict
from freqtrade.enums import RunMode
from freqtrade.exceptions import ConfigurationError
from freqtrade.misc import deep_merge_dicts
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from outrigger import cli
from outrigger.doctor.case import read_config
from tests.conftest import REPOSITORY

DOCKER = REPOSITORY / ".docker"
LOCK = REPOSITORY / "requirements.lock"
VARIABLE = re.compile(r"\$\{(\w+):\?[^}]+\}")

# Bytes that the C library keeps at the end of its heap when a huge piece and 20 MB of small ones are freed.
KEPT = """
import ctypes
fields = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
Told = type("Told", (ctypes.Structure,), {"_fields_": [(name, ctypes.c_size_t) for name in fields]})
c = ctypes.CDLL("libc.so.6")
c.malloc.restype, c.malloc.argtypes, c.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
c.mallinfo2.restype = Told
c.free(c.malloc(24 << 20))
for piece in [c.malloc(100_000) for _ in range(200)]:
    c.free(piece)
print(c.mallinfo2().keepcost)
"""


def instructions() -> list[tuple[str, str]]:
    """Instructions of the Dockerfile and their arguments, continued lines joined."""
    lines = [line for line in (DOCKER / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    parts = (line.partition(" ") for line in joined.splitlines() if line.strip())
    return [(name, rest.strip()) for name, _, rest in parts]


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
    return found


def argument(name: str) -> str:
    (found,) = [text for kind, text in instructions() if kind == "ARG" and text.startswith(f"{name}=")]
    return shlex.split(found)[0].partition("=")[2]


def closure(*roots: str) -> set[str]:
    """Distributions that these need, extras and all, as they are installed here."""
    wanted, seen = [(canonicalize_name(name), frozenset[str]()) for name in roots], set()
    while wanted:
        name, extras = wanted.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        for needed in map(Requirement, metadata.requires(name) or []):
            known = [{"extra": extra} for extra in ("", *extras)]
            if needed.marker is None or any(needed.marker.evaluate(one) for one in known):
                wanted.append((canonicalize_name(needed.name), frozenset(needed.extras)))
    return {name for name, _ in seen}


def accepted(words: list[str]) -> None:
    """Parse a command line with the command's own parser."""
    program, *arguments = words
    if program == "freqtrade":
        assert Arguments(arguments).get_parsed_arg()["command"]
    else:
        assert program == "outrigger"
        command = typer.main.get_command(cli.app).commands[arguments[0]]  # type: ignore[attr-defined]
        command.make_context(arguments[0], arguments[1:])


def test_image_is_freqtrades_in_the_version_of_the_lock() -> None:
    locked = re.search(r"^freqtrade==(\S+)", LOCK.read_text(), flags=re.MULTILINE)
    assert locked is not None
    assert argument("FREQTRADE") == locked[1]
    assert compose()["x-outrigger"]["image"].endswith(f":{locked[1]}")
    images = [text.split()[0] for kind, text in instructions() if kind == "FROM"]
    assert set(images) == {"freqtradeorg/freqtrade:${FREQTRADE}"}


def test_libraries_that_are_added_are_those_that_freqtrade_lacks() -> None:
    missing = closure("freqtrade-outrigger") - closure("freqtrade") - {"freqtrade-outrigger"}
    assert argument("ADDED").split() == sorted(missing)
    assert argument("BUILDING").split() == sorted(closure("hatchling") - closure("freqtrade"))


@pytest.mark.parametrize("names", ["ADDED", "BUILDING"])
def test_libraries_are_cut_out_of_the_lock_with_version_and_hashes(names: str) -> None:
    (program,) = [
        text[: text.index("requirements.lock")]
        for kind, text in instructions()
        if kind == "RUN" and f"${names}" in text
    ]
    program = program.removesuffix("/tmp/").replace(f"${names}", argument(names))
    cut = subprocess.run(
        [*shlex.split(program), str(LOCK)], check=True, capture_output=True, text=True
    ).stdout
    found = dict(re.findall(r"^(\S+)==(\S+)", cut, flags=re.MULTILINE))
    assert sorted(found) == argument(names).split()
    assert all(metadata.version(name) == version for name, version in found.items())
    # Each block is whole: it ends where the continued lines end.
    assert cut.count("--hash=sha256:") == cut.count("\n") - len(found)
    assert not cut.rstrip().endswith("\\")


def test_what_is_copied_is_there_and_let_through() -> None:
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    copied = [
        word
        for kind, text in instructions()
        if kind == "COPY" and "--from" not in text
        for word in text.split()[:-1]
        if not word.startswith("--")
    ]
    assert [name for name in copied if not (REPOSITORY / name).exists()] == []
    assert [name for name in copied if f"!{name}" not in ignored] == []
    assert "*" in ignored
    assert not any("user_data" in line for line in ignored if line.startswith("!"))


def test_image_does_not_run_as_root() -> None:
    assert [text for kind, text in instructions() if kind == "USER"][-1] == "ftuser"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the image's C library is glibc")
def test_allocator_of_the_image_gives_back_what_is_freed_after_a_huge_answer() -> None:
    def kept(environment: dict[str, str]) -> int:
        ran = subprocess.run(
            [sys.executable, "-c", KEPT], check=True, capture_output=True, text=True, env=environment
        )
        return int(ran.stdout)

    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    image = dict(text.split("=") for kind, text in instructions() if kind == "ENV")
    assert kept(plain) > 10 << 20
    assert kept(plain | image) < 1 << 20


def test_commands_of_the_image_are_accepted() -> None:
    known = dict(instructions())
    entry = json.loads(known["ENTRYPOINT"])
    accepted([*entry, *json.loads(known["CMD"])])
    accepted(json.loads(known["HEALTHCHECK"].partition("CMD ")[2]))


def test_commands_of_the_services_are_accepted() -> None:
    services = compose()["services"]
    assert set(services) == {"bot", "recorder"}
    entry = json.loads(dict(instructions())["ENTRYPOINT"])
    for service in services.values():
        accepted([*service.get("entrypoint", entry), *service["command"]])


def test_bot_and_its_watcher_read_the_same_configuration() -> None:
    watcher = json.loads(dict(instructions())["HEALTHCHECK"].partition("CMD ")[2])
    named = [word for word in watcher if word.endswith(".json")]
    command = compose()["services"]["bot"]["command"]
    assert [word for word in command if word.endswith(".json")] == named
    # The heartbeat is found by the database: a bot told of another one is not watched.
    assert not {"--db-url", "--userdir", "--user-data-dir"} & set(command)


def test_services_outlive_a_crash_and_end_in_peace() -> None:
    for service in compose()["services"].values():
        assert service["restart"] == "unless-stopped"
        assert re.fullmatch(r"\d+[sm]", service["stop_grace_period"])
        assert service["cap_drop"] == ["ALL"]
        for volume in service["volumes"]:
            assert (DOCKER / volume.split(":")[0]).exists()


def test_user_interface_is_published_to_this_machine_only() -> None:
    ports = compose()["services"]["bot"]["ports"]
    api = json.loads((DOCKER / "api.json").read_text())["api_server"]
    assert ports == [f"127.0.0.1:8080:{api['listen_port']}"]
    assert "ports" not in compose()["services"]["recorder"]


def test_recorder_records_what_the_bot_trades() -> None:
    command = compose()["services"]["recorder"]["command"]
    config = json.loads((REPOSITORY / "config.json").read_text())
    named = dict(zip(command[1::2], command[2::2], strict=True))
    assert named["--pairs"].split(",") == config["exchange"]["pair_whitelist"]
    assert named["--exchange"] == config["exchange"]["name"]
    assert int(named["--retain"]) == config["outrigger"]["market"]["retain_days"]


def test_secrets_come_from_the_environment_and_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = compose()["services"]["bot"]["environment"]
    assert all(VARIABLE.fullmatch(value)[1] == name for name, value in environment.items())  # type: ignore[index]
    files = [REPOSITORY / "config.json", DOCKER / "api.json"]

    def checked() -> dict[str, Any]:
        config = read_config(files)
        for path in ("config_files",):
            config.pop(path)
        deep_merge_dicts({"runmode": RunMode.DRY_RUN, "stoploss": -0.3, "minimal_roi": {}}, config)
        config["dataformat_trades"] = "feather"
        validate_config_schema(config)
        return config

    with pytest.raises(ConfigurationError, match="password"):
        checked()
    for name in environment:
        monkeypatch.setenv(name, "x" * 40)
    assert set(environment_vars_to_dict()["api_server"]) == {"password", "jwt_secret_key"}
    assert checked()["api_server"]["password"] == "x" * 40


def test_no_secret_is_committed() -> None:
    api = json.loads((DOCKER / "api.json").read_text())["api_server"]
    assert not {"password", "jwt_secret_key", "ws_token"} & set(api)
    assert ".env" in (DOCKER / ".gitignore").read_text().splitlines()
    assert (
        not Path(DOCKER / ".env").exists()
        or subprocess.run(
            ["git", "check-ignore", "--quiet", str(DOCKER / ".env")], cwd=REPOSITORY, check=False
        ).returncode
        == 0
    )
