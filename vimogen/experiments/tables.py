"""Tables of experiments: markdown and JSON files, and the blocks of a page that show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mbench.errors import FormatError
from mbench.files import atomic_write, write_json
from vimogen.experiments.estimates import Estimate

PAGE = "vimogen_results.md"
Cell = str | float | int | bool | Estimate | None


@dataclass(frozen=True)
class Table:
    """A table of a result.

    Attributes:
        title: what it shows.
        header: names of the columns.
        rows: a cell a column.
        notes: sentences below it.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    def markdown(self) -> str:
        """Return it as text."""
        lines = [f"**{self.title}**", "", _line(self.header), "|" + "---|" * len(self.header)]
        lines += [_line([_text(cell) for cell in row]) for row in self.rows]
        return "\n".join([*lines, *(f"\n{note}" for note in self.notes)])

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        rows = [dict(zip(self.header, map(_value, row), strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "notes": list(self.notes)}


@dataclass(frozen=True)
class Result:
    """What an experiment has found.

    Attributes:
        name: of the script, and of the files.
        command: that made it.
        tables: in order.
        facts: what the numbers depend on, e.g. weights and judge.
        pictures: {what it shows: file name beside the tables}.
    """

    name: str
    command: str
    tables: tuple[Table, ...]
    facts: tuple[str, ...] = ()
    pictures: dict[str, str] = field(default_factory=dict)

    def markdown(self, folder: str = "") -> str:
        """Return all of it as text; `folder` is where its pictures are, from the page."""
        shown = [f"![{what}]({folder}{name})" for what, name in self.pictures.items()]
        made = f"`{self.command}`" + "".join(f"\n{fact}" for fact in self.facts)
        return "\n\n".join([made, *(table.markdown() for table in self.tables), *shown])

    def publish(self, out: Path) -> None:
        """Write `tables/<name>.md` and `.json`, and the block of the page in `out`, if there is one.

        Raises:
            FormatError: the page has no block of this name.
            MBenchError: a file can't be written.
        """
        tables = [table.to_dict() for table in self.tables]
        write_json(
            out / "tables" / f"{self.name}.json", {"command": self.command, "facts": self.facts, "tables": tables}
        )
        _write(out / "tables" / f"{self.name}.md", self.markdown() + "\n")
        page = out / PAGE
        if page.is_file():
            _write(page, with_block(page.read_text(encoding="utf-8"), self.name, self.markdown("tables/"), str(page)))


def with_block(page: str, name: str, content: str, where: str = PAGE) -> str:
    """Return a page with the content between the marks of a name exchanged.

    Raises:
        FormatError: the page has no such marks.
    """
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise FormatError(f"{where}: has no block {begin} … {end}; expected one to write the table to")
    return f"{before}{begin}\n{content}\n{end}{after}"


def _write(path: Path, text: str) -> None:
    with atomic_write(path, "w") as file:
        file.write(text)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(cell: Cell) -> str:
    """Return a cell as text."""
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return f"{cell:.3g}" if isinstance(cell, float) else str(cell)


def _value(cell: Cell) -> Any:
    """Return a cell as a JSON value."""
    return asdict(cell) if isinstance(cell, Estimate) else cell
