"""Publishing a distillation: a folder in the format of ViMoGen-228K, put in place in one step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mbench.datasets.vimogen228k import UNIFIED
from mbench.errors import MBenchError
from mbench.files import append_lines, atomic_write, write_json
from mbench.motion import BENCHMARK_FPS
from mbench.provenance import now, provenance
from mbench.seeds import seed_of
from vimogen.codec import Codec
from vimogen.data.statistics import write_statistics
from vimogen.distil.figure import draw
from vimogen.distil.prompts import Wanted
from vimogen.distil.readme import FIGURE, REJECTED, readme_of
from vimogen.distil.recipe import DistilRecipe
from vimogen.distil.store import CARD, MADE_BY, MOTIONS, Store
from vimogen.distil.summary import NO_FAMILY, summary_of

SUBSET = "distilled"
COMMAND = "vimogen distil"
STATISTICS = "statistics.npz"


def publish(
    store: Store, wanted: Sequence[Wanted], recipe: DistilRecipe, codec: Codec, teacher: Mapping[str, Any], output: Path
) -> None:
    """Write everything beside the motions and give the folder its name.

    Args:
        store: with all prompts finished.
        wanted: all prompts.
        recipe: of the distillation.
        codec: of the generator; a student has to have the same.
        teacher: card of the generator.
        output: the folder's name.

    Raises:
        MBenchError: nothing may be kept, or the folder can't be written.
    """
    folder, records = store.folder, {record["prompt"]: record for record in store.records}
    rows = [row for own in wanted for row in rows_of(own, records[own.prompt.id], recipe)]
    if not rows:
        raise MBenchError(
            f"{folder}: no prompt has a motion that may be kept; of the first, {store.records[0]['reason']}"
        )
    numbers = summary_of(list(records.values()), rows, recipe.candidates)
    _remove_strays(folder, {row["motion_path"] for row in rows})
    _write_rejected(folder / REJECTED, wanted, records)
    write_statistics(folder / STATISTICS, codec)
    draw(folder / FIGURE, rows, numbers["best_of"])
    _write_texts(folder, rows, card_of(store.made_by, recipe, teacher, numbers))
    try:
        (folder / MADE_BY).unlink()
        folder.rename(output)
    except OSError as error:
        raise MBenchError(f"{output}: can't be written: {error.strerror or error}") from error


def _write_texts(folder: Path, rows: Sequence[Mapping[str, Any]], card: Mapping[str, Any]) -> None:
    """Write rows and card."""
    for name in (UNIFIED, f"{SUBSET}.json"):
        write_json(folder / name, rows)
    with atomic_write(folder / "README.md", "w") as file:
        file.write(readme_of(card))
    write_json(folder / CARD, card)


def rows_of(wanted: Wanted, record: Mapping[str, Any], recipe: DistilRecipe) -> list[dict[str, Any]]:
    """Return the rows of a prompt's motions, in the published format, with fields of ours.

    `seed` and `frames` give the noise that the motion was made of (`vimogen.flow.noise_of`). `held_out` is false: a
    student learns all of it; `held_out_action` says whether its generator's text branch did.
    """
    candidates = [record["candidates"][number] for number in record["kept"]]
    prompt = wanted.prompt
    about = {
        "subset": SUBSET, "split": split_of(prompt.id, recipe), "motion_text_annot": [prompt.text],
        "video_text_annot": [], "fps": BENCHMARK_FPS, "seconds": wanted.frames / BENCHMARK_FPS,
        "frames": wanted.frames, "prompt_id": prompt.id, "family": wanted.family or NO_FAMILY,
        "held_out": False, "held_out_action": wanted.held_out, "gate": record["gate"],
        "candidates": len(record["candidates"]),
    }  # fmt: skip
    return [
        {
            "id": (name := f"{prompt.id}-{own['number']}"),
            "motion_path": f"{MOTIONS}/{name}.pt",
            **about,
            **{field: own[field] for field in ("seed", "branch", "match", "quality")},
        }
        for own in candidates
    ]


def split_of(prompt_id: str, recipe: DistilRecipe) -> str:
    """Return train or val, drawn by the prompt: all motions of one are in the same split."""
    return "val" if seed_of(recipe.seed, prompt_id, "split") < recipe.val * 2**32 else "train"


def _remove_strays(folder: Path, named: set[str]) -> None:
    """Remove motions of a batch that was killed before it was noted, and chosen otherwise afterwards."""
    for path in (folder / MOTIONS).iterdir():
        if f"{MOTIONS}/{path.name}" not in named:
            path.unlink()


def _write_rejected(path: Path, wanted: Sequence[Wanted], records: Mapping[str, Mapping[str, Any]]) -> None:
    """Write a line for each prompt without a motion, with the reason."""
    path.unlink(missing_ok=True)
    lines = [
        {"id": own.prompt.id, "text": own.prompt.text, "family": own.family, "reason": records[own.prompt.id]["reason"]}
        for own in wanted
        if not records[own.prompt.id]["kept"]
    ]
    append_lines(path, [json.dumps(line, ensure_ascii=False) for line in lines])


def card_of(
    made_by: Mapping[str, Any], recipe: DistilRecipe, teacher: Mapping[str, Any], numbers: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the card as JSON values."""
    return {
        "made_with": COMMAND,
        "made_at": now(),
        "made_by": dict(made_by),
        "teacher": dict(teacher),
        "recipe": recipe.model_dump(mode="json", exclude={"output", "device", "workers"}),
        **numbers,
        "provenance": provenance(),
    }
