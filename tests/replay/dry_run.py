"""A real dry run in a process of its own, ended by a signal once it has sold."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path


def run_until_sold(script: str, datadir: Path) -> tuple[int, str]:
    """Exit code of a script that trades on a data directory, and all that it printed."""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(datadir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as child:
        assert child.stdout is not None
        deadline = threading.Timer(120, os.killpg, (child.pid, signal.SIGKILL))
        deadline.start()
        printed = ""
        for line in child.stdout:
            printed += line
            if "MARKET_SELL has been fulfilled" in line:
                child.send_signal(signal.SIGTERM)
                break
        printed += child.stdout.read()
        code = child.wait()
        deadline.cancel()
    return code, printed
