"""The outcome of a comparison of forecasts, as numbers, as JSON and as the rows of a table."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from outrigger.volatility.candidates import REFERENCE
from outrigger.volatility.diebold_mariano import DieboldMariano


@dataclass(frozen=True, slots=True)
class Score:
    """One forecast's result.

    Parameters
    ----------
    name : str
        The forecast.
    qlike : float
        Mean loss over all pairs, each pair weighing the same.
    by_pair : dict of str to float
        Mean loss of each pair.
    against_reference : DieboldMariano
        Test of this forecast against the reference; negative is better than it.
    """

    name: str
    qlike: float
    by_pair: dict[str, float]
    against_reference: DieboldMariano


@dataclass(frozen=True, slots=True)
class Comparison:
    """All forecasts on the same rows, best first.

    Parameters
    ----------
    data, train_data : str
        Names of the data directories scored on and fitted on.
    train_until, test_from, test_until : str
        ISO times; training candles closed by the first, scored rows closed between the other two.
    horizon_hours : float
        Hours ahead.
    lag_bars : int
        Newey-West lag of the tests, in candles.
    rows : int
        Scored rows, all pairs together.
    scores : tuple of Score
        Best first.
    winner_against_runner_up : DieboldMariano
        Test of the first against the second.
    shipped_qlike : float
        Loss of the model in the package on the same rows; in sample where it was fitted on them.
    """

    data: str
    train_data: str
    train_until: str
    test_from: str
    test_until: str
    horizon_hours: float
    lag_bars: int
    rows: int
    scores: tuple[Score, ...]
    winner_against_runner_up: DieboldMariano
    shipped_qlike: float

    def score(self, name: str) -> Score:
        """Give the score of one forecast by its name.

        Parameters
        ----------
        name : str
            As in `scores`.

        Returns
        -------
        Score
        """
        return next(score for score in self.scores if score.name == name)

    def to_json(self) -> str:
        """Give the result as a JSON document."""
        return json.dumps(asdict(self), indent=1)

    def table_rows(self) -> list[tuple[str, ...]]:
        """Give the table: name, QLIKE, change against the reference, statistic, p, QLIKE of each pair."""
        base = self.score(REFERENCE).qlike
        return [
            (
                score.name,
                f"{score.qlike:.4f}",
                f"{score.qlike / base - 1:+.1%}",
                f"{score.against_reference.statistic:+.1f}",
                f"{score.against_reference.p_value:.1e}",
                *(f"{value:.3f}" for value in score.by_pair.values()),
            )
            for score in self.scores
        ]
