"""Values as JSON can hold them: a number that is not finite becomes null, never `NaN`."""

from __future__ import annotations

from math import isfinite
from typing import Any


def plain(value: Any) -> Any:
    """Make a nested value fit for strict JSON.

    Parameters
    ----------
    value : object
        Numbers, strings, lists, tuples and mappings, nested.

    Returns
    -------
    object
        The same with lists for tuples and None for numbers that are not finite.
    """
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return {key: plain(item) for key, item in value.items()} if isinstance(value, dict) else value
