"""The prompt files of the official release, `MBench_eval_info.json` and `MBench_final.json`, read unchanged.

Both hold 450 prompts. The first has a row for each pair of prompt and dimension and counts time in frames at 20 fps;
the second has a row for each prompt and counts in seconds. What they repeat is left out, and the suite's notes say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mbench.errors import ConfigError, did_you_mean
from mbench.motion import BENCHMARK_FPS
from mbench.suites.names import CONSISTENCY, GROUPS, expand_dimensions
from mbench.suites.prompt import DIMENSIONS, Prompt
from mbench.suites.suite import Suite
from mbench.suites.validation import text_key
from mbench.yamlfile import shown, validation_message

BLOCKS = {
    "motion_quality": GROUPS["quality"],
    "pose_quality": GROUPS["pose"],
    "motion_condition_consistency": GROUPS["consistency"],
    "motion_generalizability": GROUPS["generalization"],
}  # of MBench_final.json; in MBench_eval_info.json Pose_Quality is the dimension alone


def _duration(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number")
    return value


Number = Annotated[int, Field(ge=0)]
Duration = Annotated[float, BeforeValidator(_duration)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    prompt: str
    dimension: str
    motion_duration: Duration
    auxiliary_info: Any = None


class EvalInfoRow(_Row):
    """A row of `MBench_eval_info.json`."""

    id: Number


class FinalRow(_Row):
    """A row of `MBench_final.json`."""

    global_id: Number
    motion_path: str | None = None


class _EvalInfo(BaseModel):
    rows: list[EvalInfoRow]


class _Final(BaseModel):
    rows: list[FinalRow]


def suite_of_official(rows: list[Any], path: Path) -> Suite:
    """Return the suite of an official file; ids are the global ids as text.

    Args:
        rows: content of the file, a JSON list.
        path: of the file; `motion_path` is relative to its folder.

    Raises:
        ConfigError: it is neither of the two files; row, field, what was found and expected, in one line.
    """
    first = rows[0] if rows and isinstance(rows[0], dict) else {}
    if "global_id" in first:
        prompts, notes = _read_final(_rows(rows, _Final, path), path)
    elif "id" in first and "motion_duration" in first:
        prompts, notes = _read_eval_info(_rows(rows, _EvalInfo, path), path)
    else:
        raise ConfigError(
            f"{path}: holds a list; expected a suite (fields name and prompts), or the rows of MBench_eval_info.json "
            f"(id, motion_duration) or MBench_final.json (global_id); its first row has {sorted(first) or 'no fields'}"
        )
    description = f"Official prompts of MBench, read from {path.name}."
    return Suite(path.stem, "official", description, tuple(prompts), source=str(path), notes=tuple(notes))


def _rows(rows: list[Any], model: type[_EvalInfo] | type[_Final], path: Path) -> list[Any]:
    try:
        checked: list[Any] = model.model_validate({"rows": rows}).rows
    except ValidationError as error:
        raise ConfigError(f"{path}: {validation_message(error, model)}") from error
    return checked


def _read_eval_info(rows: Sequence[EvalInfoRow], path: Path) -> tuple[list[Prompt], list[str]]:
    """Join the rows of each prompt; where they differ the first one counts."""
    notes: list[str] = []
    dimensions: dict[int, list[str]] = {}
    first: dict[int, EvalInfoRow] = {}
    for index, row in enumerate(rows):
        name = _known(row.dimension, DIMENSIONS, f"{path}: rows[{index}].dimension")
        kept, scored = first.setdefault(row.id, row), dimensions.setdefault(row.id, [])
        if name in scored:
            notes.append(f"prompt {row.id}: a second row for {row.dimension} (rows[{index}]) is left out")
        if (row.prompt, row.motion_duration) != (kept.prompt, kept.motion_duration):
            notes.append(f"prompt {row.id}: rows[{index}] differs in wording or duration; the first row counts")
        scored.append(name)
        if name == CONSISTENCY:
            first[row.id] = kept.model_copy(update={"auxiliary_info": row.auxiliary_info})
    prompts = [
        _prompt(number, row, expand_dimensions(dimensions[number]), row.motion_duration / BENCHMARK_FPS, notes, path)
        for number, row in sorted(first.items())
    ]
    return prompts, notes + _repeated(prompts)


def _read_final(rows: Sequence[FinalRow], path: Path) -> tuple[list[Prompt], list[str]]:
    notes: list[str] = []
    prompts = []
    for row in sorted(rows, key=lambda row: row.global_id):
        block = _known(row.dimension, BLOCKS, f"{path}: global_id {row.global_id}, dimension")
        reference = path.parent / row.motion_path if row.motion_path else None
        prompts.append(_prompt(row.global_id, row, BLOCKS[block], row.motion_duration, notes, path, reference))
    return prompts, notes + _repeated(prompts)


def _known(name: str, known: dict[str, Any], where: str) -> str:
    """Return the key of a dimension or block in the published spelling."""
    key = name.strip().lower()
    if key not in known:
        titles = [title.title() for title in known]
        hint = did_you_mean(name, titles) or f"; expected one of {', '.join(titles)}"
        raise ConfigError(f"{where}: found {name!r}{hint}")
    return key


def _prompt(
    number: int,
    row: _Row,
    dimensions: tuple[str, ...],
    seconds: float,
    notes: list[str],
    path: Path,
    reference: Path | None = None,
) -> Prompt:
    candidates = _candidates(number, row, notes, path) if CONSISTENCY in dimensions else ()
    return Prompt(str(number), row.prompt, seconds, dimensions, candidates, (), reference)


def _candidates(number: int, row: _Row, notes: list[str], path: Path) -> tuple[str, ...]:
    """Return the distractors, each once and without the prompt; notes say what was left out."""
    texts = row.auxiliary_info
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ConfigError(f"{path}: prompt {number}, auxiliary_info: found {shown(texts)}; expected a list of texts")
    kept: dict[str, str] = {}
    for text in texts:
        key = text_key(text)
        if key == text_key(row.prompt):
            notes.append(f"prompt {number}: the prompt itself is among its candidates; left out there")
        elif key in kept:
            notes.append(f"prompt {number}: candidate {text!r} is there twice; kept once")
        else:
            kept[key] = text
    return tuple(kept.values())


def _repeated(prompts: Sequence[Prompt]) -> list[str]:
    """Return a note for every prompt that says what an earlier one says; both are kept."""
    first: dict[str, Prompt] = {}
    pairs = [(prompt, first.setdefault(text_key(prompt.text), prompt)) for prompt in prompts]
    return [f"prompt {p.id}: has the text of prompt {before.id}; both kept" for p, before in pairs if p is not before]
