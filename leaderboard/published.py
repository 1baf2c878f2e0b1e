"""Numbers that papers report, `leaderboard/published.yaml`: shown beside measured ones and never ranked with them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mbench.errors import ConfigError
from mbench.suites.prompt import DIMENSIONS
from mbench.yamlfile import load_yaml, validation_message

BUILTIN = Path(__file__).with_name("published.yaml")
KIND = "reported by the paper"
Text = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class PublishedColumn(_Strict):
    """A column of a published table.

    Attributes:
        key: of the values.
        title: for a heading.
        better: which direction is better, as the source says.
        metric: the dimension that it stands for, None where it is none of the nine.
    """

    key: Text
    title: Text
    better: Literal["lower", "higher"]
    metric: str | None = None

    @model_validator(mode="after")
    def _names_a_dimension(self) -> PublishedColumn:
        if self.metric is not None and self.metric not in {f"{p}/{d}" for d, p in DIMENSIONS.items()}:
            raise ValueError("pillar/dimension of one of the nine dimensions, or no metric")
        return self


class PublishedRow(_Strict):
    """A row of a published table.

    Attributes:
        name: as the source writes it.
        values: by key of the column; what the source does not print is not there.
        doubts: by key of the column, why a value looks wrong in the source.
    """

    name: Text
    values: Annotated[dict[str, float], Field(min_length=1)]
    doubts: dict[str, Text] = {}


class PublishedTable(_Strict):
    """A table of a paper.

    Attributes:
        id: unique; for addresses.
        title: for a heading.
        source: of all its numbers.
        url: of the source.
        columns: in order.
        rows: in the order of the source.
        notes: what a reader must know of it.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    title: Text
    source: Text
    url: Annotated[str, Field(pattern=r"^https://")]
    columns: Annotated[list[PublishedColumn], Field(min_length=1)]
    rows: Annotated[list[PublishedRow], Field(min_length=1)]
    notes: list[Text] = []

    @model_validator(mode="after")
    def _fits_together(self) -> PublishedTable:
        keys = [column.key for column in self.columns]
        _check_once(keys, "column")
        _check_once([row.name for row in self.rows], "row")
        for row in self.rows:
            if unknown := sorted(set(row.values) - set(keys)):
                raise ValueError(f"keys of columns in the values of {row.name!r}, not {', '.join(unknown)}")
            if unknown := sorted(set(row.doubts) - set(row.values)):
                raise ValueError(f"doubts of {row.name!r} on values that it has, not {', '.join(unknown)}")
        return self


class _Published(_Strict):
    schema_: Annotated[Literal[1], Field(alias="schema")]
    tables: Annotated[list[PublishedTable], Field(min_length=1)]

    @model_validator(mode="after")
    def _unique(self) -> _Published:
        _check_once([table.id for table in self.tables], "table")
        return self


def _check_once(names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"every {what} once; {', '.join(twice)} is there twice")


def load_published(path: Path | None = None) -> tuple[PublishedTable, ...]:
    """Return the tables that papers print, the models on MBench first.

    Args:
        path: another file of the same form; None for the one of the package.

    Raises:
        ConfigError: it can't be read, or a field is missing, unknown or wrong.
    """
    return _builtin() if path is None else _read(path)


@cache
def _builtin() -> tuple[PublishedTable, ...]:
    return _read(BUILTIN)


def _read(path: Path) -> tuple[PublishedTable, ...]:
    try:
        return tuple(_Published.model_validate(load_yaml(path)).tables)
    except ValidationError as error:
        raise ConfigError(f"{path}: {validation_message(error, _Published)}") from error
