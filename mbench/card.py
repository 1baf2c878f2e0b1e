"""What a model, judge, body or dataset is, for those who read numbers made with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Card:
    """What a model, judge, body or dataset is.

    Attributes:
        name: registered name.
        version: raised whenever its output for the same input changes.
        kind: learned, rule-based, control or files.
        paper: citation or link, empty where there is none.
        licence: of code and weights.
        weights: sha256 of the weights (or of the files), empty where there are none.
        trained_on: data, steps, time; empty for what was not trained.
        notes: anything a reader of its numbers must know.
        captions: of a model, the captions that it was trained on: an absolute path or `package:path` of a text file
            with a caption a line, or of an .npz of vectors (`mbench.training_captions`); empty where it lists none.
    """

    name: str
    version: str
    kind: str
    licence: str
    paper: str = ""
    weights: str = ""
    trained_on: str = ""
    notes: str = ""
    captions: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the card as JSON values; `captions` only where there are some, since most cards are of no model."""
        return {field: value for field, value in asdict(self).items() if value or field != "captions"}
