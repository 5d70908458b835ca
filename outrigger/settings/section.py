"""What every part of the `"outrigger"` block has in common.

A parameter is declared once, with its unit, its limits, its effect and, where hyperopt may move it,
its search range. The README's table, the error messages, `config.json` and Freqtrade's hyperopt
parameters are all made from that one declaration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo


class Section(BaseModel):
    """A frozen part of the settings; unknown keys, wrong types, NaN and infinity are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Tune:
    """Where hyperopt may look for a better value.

    Parameters
    ----------
    space : str
        Freqtrade's name of the search space: `"stop"` or `"enter"`.
    low, high : float
        The range searched, in the parameter's own unit; both ends inside its limits.
    decimals : int
        Digits after the point; 0 searches whole numbers.
    switch : str or None
        Setting of the same section without which this one does nothing: while it is off, nothing is searched.
    """

    space: str
    low: float
    high: float
    decimals: int
    switch: str | None = None

    def active(self, section: object) -> bool:
        """Tell whether the setting does anything, and is worth a search, as the section is configured."""
        return self.switch is None or bool(getattr(section, self.switch))


def parameter(
    default: Any,
    effect: str,
    *,
    unit: str,
    ge: float | None = None,
    le: float | None = None,
    tune: Tune | None = None,
) -> Any:
    """Declare one setting.

    Parameters
    ----------
    default : object
        The value used where the configuration is silent.
    effect : str
        What a larger or different value does, in one sentence for a trader.
    unit : str
        The unit of the value as printed in the README: "fraction of price", "sigma", "hours".
    ge, le : float, optional
        Smallest and largest value allowed.
    tune : Tune, optional
        Search range for hyperopt; None keeps hyperopt away.

    Returns
    -------
    object
        A pydantic field, typed Any so that the annotation of the attribute stands.
    """
    return Field(default, ge=ge, le=le, description=effect, json_schema_extra={"unit": unit, "tune": tune})  # type: ignore[dict-item]


def unit_of(field: FieldInfo) -> str:
    """Unit that a setting was declared with."""
    extra = field.json_schema_extra
    return str(extra["unit"]) if isinstance(extra, dict) else ""


def tune_of(field: FieldInfo) -> Tune | None:
    """Search range that a setting was declared with, or None."""
    extra = field.json_schema_extra
    tune = extra.get("tune") if isinstance(extra, dict) else None
    return tune if isinstance(tune, Tune) else None
