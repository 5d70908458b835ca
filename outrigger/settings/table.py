"""The README's table of parameters, made from the settings themselves.

`python -m outrigger.settings.table README.md` rewrites the part of the page between the two markers; a test
fails when the page and the settings disagree.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from outrigger.atomic import write_text
from outrigger.errors import SettingsError
from outrigger.settings.read import Settings
from outrigger.settings.section import Section, tune_of, unit_of

BEGIN, END = "<!-- settings: generated, do not edit -->", "<!-- /settings -->"


def markdown() -> str:
    """Lay out every parameter as Markdown, one table a section.

    Returns
    -------
    str
        Key, unit, default, allowed range, hyperopt's search range and effect.
    """
    return "\n".join(_sections())


def _sections() -> Iterator[str]:
    for name, section in Settings.model_fields.items():
        model = section.annotation
        if not (isinstance(model, type) and issubclass(model, Section)):
            continue
        yield f"\n**`{name}`** — {_first_sentence(model)}\n"
        yield "| key | default | unit | allowed | hyperopt | effect |"
        yield "|---|---|---|---|---|---|"
        for key, field in model.model_fields.items():
            cells = (f"`{key}`", _plain(field.default), unit_of(field), _allowed(field), _searched(field))
            yield f"| {' | '.join(cells)} | {field.description} |"


def _first_sentence(model: type[Section]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, int | float) else f"`{value}`"


def _allowed(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(field.annotation))
    if field.annotation is bool:
        return "true, false"
    bounds = {type(item).__name__: item for item in field.metadata}
    low, high = getattr(bounds.get("Ge"), "ge", None), getattr(bounds.get("Le"), "le", None)
    return "" if low is None or high is None else f"{low:g} to {high:g}"


def _searched(field: FieldInfo) -> str:
    tune = tune_of(field)
    return "" if tune is None else f"{tune.low:g} to {tune.high:g} (`{tune.space}`)"


def rewritten(page: str) -> str:
    """Replace the generated part of a page.

    Parameters
    ----------
    page : str
        Markdown with both markers.

    Returns
    -------
    str
        The page with the present table.

    Raises
    ------
    SettingsError
        If a marker is missing.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SettingsError(f"the page has no {BEGIN!r} … {END!r}: add both markers where the table belongs")
    return f"{before}{BEGIN}\n{markdown()}\n\n{END}{after}"


def main(argv: list[str]) -> None:
    """Rewrite the pages named on the command line."""
    for name in argv:
        page = Path(name)
        write_text(page, rewritten(page.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main(sys.argv[1:])
