"""`mbench data`: what is in text-motion datasets, and suites from them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mbench.cli.output import number, print_json, print_table

SKIPPED_SHOWN = 10
KINDS = {"shards": "motion shards", "humanml3d": "HumanML3D", "vimogen228k": "ViMoGen-228K"}

app = typer.Typer(help="Text-motion datasets.", no_args_is_help=True)


@app.command()
def info(
    path: Annotated[
        Path, typer.Argument(help="A folder of motion shards, a HumanML3D folder, or ViMoGen-228K's JSON.")
    ],
    check: Annotated[bool, typer.Option(help="Read every motion too; those that can't be read are skipped.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with every row that was skipped.")] = False,
) -> None:
    """Show what is in a text-motion dataset: clips, hours, splits, sources, licences, captions, what was left out."""
    from mbench.datasets import load_dataset
    from mbench.datasets.statistics import describe

    dataset = load_dataset(path)
    found = describe(dataset.checked() if check else dataset)
    if as_json:
        print_json(found)
        return
    count, hours = found["clips"], number(found["hours"], 3)
    typer.echo(f"{found['name']}: {KINDS[found['kind']]}, {count:,} clip{'s' if count != 1 else ''}, {hours} hours\n")
    rows = [[split or "(none)", *_amount(part)] for split, part in found["splits"].items()]
    print_table(["split", "clips", "hours"], rows)
    typer.echo()
    rows = [
        [part["source"] or "(none)", part["licence"] or "(none stated)", *_amount(part)] for part in found["sources"]
    ]
    print_table(["source", "licence", "clips", "hours"], rows, left=2)
    typer.echo()
    for line in [*_about_captions(found["captions"]), *_about_clips(found), *_about_the_rest(found)]:
        typer.echo(line)


def _amount(part: dict[str, Any]) -> list[str]:
    return [f"{part['clips']:,}", number(part["hours"], 3)]


def _times(counts: dict[str, int]) -> str:
    """Return counts as `walk × 12, run × 3`."""
    return ", ".join(f"{name or '(none)'} × {count:,}" for name, count in counts.items())


def _about_captions(captions: dict[str, Any]) -> list[str]:
    """Return the lines on captions."""
    lines = [f"captions: {captions['count']:,}; clips without any: {captions['clips_without']:,}"]
    if captions["count"]:
        mean, median = number(captions["words_mean"], 3), number(captions["words_median"], 3)
        lines += [
            f"captions by: {_times(captions['by_source'])}; of a part of the clip: {captions['of_a_part']:,}",
            f"words a caption: {mean} mean, {median} median",
            f"distinct captions: {captions['distinct']:,}; vocabulary: {captions['vocabulary']:,} words",
            f"frequent words: {_times(captions['frequent'])}",
        ]
    return lines


def _about_clips(found: dict[str, Any]) -> list[str]:
    """Return the lines on actors, frame rates and lengths."""
    actors, lengths = found["actors"], found["seconds"]
    return [
        f"actors: {actors['count']:,}; clips that name none: {actors['clips_without']:,}",
        f"frames a second: {_times(found['fps'])}",
        f"seconds: {', '.join(f'{number(value, 4)} {name}' for name, value in lengths.items())}",
    ]


def _about_the_rest(found: dict[str, Any]) -> list[str]:
    """Return the lines on marked clips, on what was read otherwise than it stands, and on what was left out."""
    skipped = found["skipped"]
    lines = [f"marked: {_times(found['notes'])}"] if found["notes"] else []
    lines += [f"note: {what}: {count:,}" for what, count in found["remarks"].items()]
    lines += [f"skipped: {len(skipped):,}"]
    lines += [f"skipped: {name}: {why}" for name, why in list(skipped.items())[:SKIPPED_SHOWN]]
    if len(skipped) > SKIPPED_SHOWN:
        lines += [f"skipped: … and {len(skipped) - SKIPPED_SHOWN:,} more (--json names all)"]
    return lines


@app.command()
def suite(
    dataset: Annotated[Path, typer.Argument(help="A folder of motion shards.")],
    out: Annotated[Path, typer.Argument(help="A new folder for suite.yaml, motions/ and model.yaml.")],
    limit: Annotated[int | None, typer.Option(min=1, help="At most N clips, drawn evenly over the actions.")] = None,
    split: Annotated[str | None, typer.Option(help="train, val or test; all where it is not given.")] = None,
    source: Annotated[str | None, typer.Option(help="One source of the dataset; all where it is not given.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the draw.")] = 0,
) -> None:
    """Make a suite from the captions of real motions, with the motions beside it, ready for `mbench evaluate`."""
    from mbench.suites.from_dataset import suite_from_dataset

    written = suite_from_dataset(dataset, out, limit, split, source, seed)
    typer.echo(f"{written} prompts with their motions; next: mbench evaluate {out / 'model.yaml'}")
