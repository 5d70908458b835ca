"""A real PostgreSQL server on loopback, in a temporary directory, for as long as some tests run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
USERS = ("postgres", "nobody")


def binary(name: str) -> Path | None:
    """Where one of PostgreSQL's commands is: on the path, or where distributions put it."""
    found = shutil.which(name, path=os.pathsep.join([*map(str, PLACES), os.environ.get("PATH", "")]))
    return Path(found) if found else None


def absence() -> str | None:
    """Why no server can be started here; None where one can."""
    missing = [name for name in ("initdb", "pg_ctl", "postgres") if binary(name) is None]
    if missing:
        return f"PostgreSQL's {', '.join(missing)} not found on PATH or in /usr/lib/postgresql/*/bin"
    if os.geteuid() == 0 and (shutil.which("runuser") is None or _user() is None):
        return "PostgreSQL refuses to run as root, and there is no runuser or no user to run it as"
    return None


@contextmanager
def server() -> Iterator[str]:
    """Start a server of its own and yield the SQLAlchemy URL of an empty database with a password."""
    # Not one of pytest's directories: those of root are closed to the user that the server runs as.
    home = Path(tempfile.mkdtemp(prefix="outrigger-postgres-"))
    data, secret, port = home / "data", home / "password", _free_port()
    secret.write_text("s3cret\n")
    if os.geteuid() == 0:
        shutil.chown(home, _user())
        shutil.chown(secret, _user())
    try:
        _run(
            "initdb", "-D", data, "-U", "outrigger", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync"
        )
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
        _run("pg_ctl", "-D", data, "-l", home / "log", "-o", options, "-w", "start")
        try:
            yield f"postgresql+psycopg://outrigger:s3cret@127.0.0.1:{port}/postgres"
        finally:
            _run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _run(name: str, *arguments: object) -> None:
    command = [str(binary(name)), *map(str, arguments)]
    if os.geteuid() == 0:
        command = ["runuser", "-u", str(_user()), "--", *command]
    # pg_ctl's child would keep a pipe open for ever.
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", check=False)
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}"


def _user() -> str | None:
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((user for user in USERS if user in known), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
