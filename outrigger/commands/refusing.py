"""How a command that is run as a module ends where Outrigger refuses something: one red line and status 2."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from rich.console import Console

from outrigger.errors import OutriggerError

P = ParamSpec("P")
REFUSED = 2


def refusing(command: Callable[P, int]) -> Callable[P, int]:
    """Turn what a command refuses into a message on standard error and an exit status.

    Parameters
    ----------
    command : callable
        Gives an exit status, or raises `OutriggerError`.

    Returns
    -------
    callable
        The same, which gives 2 instead of raising.
    """

    @wraps(command)
    def ended(*arguments: P.args, **named: P.kwargs) -> int:
        try:
            return command(*arguments, **named)
        except OutriggerError as error:
            Console(stderr=True).print(f"error: {error}", style="red", markup=False)
            return REFUSED

    return ended
