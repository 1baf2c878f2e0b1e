"""The page of a model card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mbench.files import read_json
from mbench.motion import BENCHMARK_FPS
from model_card.cells import DASH, or_dash, table
from model_card.facts import Facts
from model_card.limits import limits
from model_card.scores import scores
from model_card.training import data, training
from vimogen.models import BASE

RESULTS = Path(__file__).parents[2] / "docs" / "vimogen_results.md"
PICTURE = "images/{}_{}.png"


def page(facts: Facts, failures: Mapping[str, Any] | None, tables: Path) -> str:
    """Return the page.

    Args:
        facts: of the model.
        failures: counts of `model_card.failures`, None where no gallery was drawn.
        tables: folder of the tables of experiments.
    """
    measured = {"mbench-mini": None, **(facts.card.get("measured") or {})}
    parts = {
        None: what(facts),
        "How to use it": use(facts),
        "Training": training(facts),
        "Data and licences": data(facts),
        "Curves": curves(facts),
        **{f"Scores on {suite}": scores(own, facts.name) for suite, own in measured.items()},
        "Experiments": experiments(tables),
        "What it can't do": limits(facts),
        "Failures": gallery(facts, failures),
    }
    made = f"<!-- Written by `python scripts/vimogen_card.py {facts.name}`; changes by hand are lost. -->"
    sections = [text if title is None else f"## {title}\n\n{text}" for title, text in parts.items()]
    return "\n\n".join([f"# {facts.name}", made, *sections]) + "\n"


def what(facts: Facts) -> str:
    """Return what the model is."""
    sampling, text = facts.config.get("sampling", {}), facts.config.get("text", {})
    branches = {True: "text, and a reference motion where one is given", False: "text", None: DASH}
    gate = "; hard gate and learned gate" if facts.config.get("network", {}).get("soft_gate") else ""
    rows = [
        ("parameters", or_dash(facts.card.get("parameters"), "{:,}")),
        ("branches", branches[facts.follows_references] + gate),
        ("steps", f"{or_dash(sampling.get('steps'))}, sampler {or_dash(sampling.get('sampler'))}, "
                  f"guidance {or_dash(sampling.get('guidance', {}).get('scale'), '{:g}')}"),
        ("reads", f"an English text (the first {or_dash(text.get('limit'))} tokens of {or_dash(text.get('name'))}), "
                  f"{facts.span} s, a seed" + (", a reference motion or none" if facts.follows_references else "")),
        ("makes", f"22 joints and their rotations, {BENCHMARK_FPS:g} fps"),
        ("weights", f"fp16, {facts.files} file{'s' * (facts.files != 1)}, {facts.size / 1e6:.1f} MB"
                    if facts.files else DASH),
        ("licence", or_dash(facts.card.get("licence"))),
    ]  # fmt: skip
    paper = or_dash(facts.card.get("paper"), "After {}.")
    return f"{paper}\n\n" + table(("", ""), rows)


def use(facts: Facts) -> str:
    """Return the two commands."""
    model = f" --model {BASE} --reference choreographer" if facts.name == BASE else ""
    return (
        f'```\nvimogen generate "a person walks in a circle, then bows" --seconds 6 --out walk.mp4{model}\n'
        f"mbench evaluate examples/{facts.name}.yaml\n```\n\n"
        "[Options, formats, batches](vimogen_generate.md); [references and the gate](vimogen_reference.md); "
        "[files of the weights](vimogen_weights.md)."
    )


def curves(facts: Facts) -> str:
    """Return the picture, and the numbers of the last evaluation of each stage."""
    stages = facts.card.get("stages") or []
    if not stages:
        return DASH
    last = [((own.get("curve") or {}).get("evaluations") or [{}])[-1] for own in stages]
    names = dict.fromkeys(name for own in last for name in own if name != "step")
    header = ("last evaluation", *(f"{own.get('run', DASH)}, step {or_dash(line.get('step'), '{:,}')}"
                                   for own, line in zip(stages, last, strict=True)))  # fmt: skip
    rows = [(f"`{name}`", *(or_dash(own.get(name), "{:.3g}") for own in last)) for name in names]
    return (
        f"![Losses and evaluations by step, a row a stage]({PICTURE.format(facts.name, 'curves')})\n\n"
        "The parts of the loss are weighted and add up to it, but for the adversarial ones. Errors are mean squares "
        "of the predicted motion, normalised, on validation clips, by noise level. Quality is that of motions made of "
        "validation captions, as [scores](evaluate.md#the-table): 1 is what real motion reads, 0 the fault. "
        "Below, the values of these metrics as measured.\n\n" + (table(header, rows) if rows else DASH)
    )


def experiments(tables: Path) -> str:
    """Return which experiments there are, and where they stand."""
    lines = []
    for heading, name in _headings(RESULTS.read_text(encoding="utf-8")):
        anchor = heading.lower().replace(" ", "-")
        path = tables / f"{name}.json"
        titles = [own["title"] for own in read_json(path)["tables"]] if path.is_file() else []
        lines.append(f"- [{heading}]({RESULTS.name}#{anchor}): {'; '.join(titles) or 'not measured yet'}")
    return "\n".join(lines)


def _headings(text: str) -> list[tuple[str, str]]:
    """Return heading and name of each block of the page of results."""
    found, heading = [], ""
    for line in text.splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif line.startswith("<!-- vimogen_"):
            found.append((heading, line.removeprefix("<!-- ").removesuffix(" -->")))
    return found


def gallery(facts: Facts, failures: Mapping[str, Any] | None) -> str:
    """Return the picture of failures, and how many there are."""
    if failures is None:
        return f"Not drawn: `python scripts/vimogen_card.py {facts.name} --failures results/{facts.name}/RUN` does."
    asked, missing = failures["asked"], failures["missing"]
    return (
        f"![The {failures['drawn']} clips of the lowest match]({PICTURE.format(facts.name, 'failures')})\n\n"
        f"The {failures['drawn']} clips of mbench-mini of which the embedded judge is least sure that they show their "
        "text; beside the match, the text of the suite that it picks. Of "
        f"{asked} clips it is surer than one half of {asked - failures['refused']}, and {failures['below_chance']} are "
        "below chance: it is surer of more than half of the other texts of the suite than of their own. "
        f"Motions that are missing: {missing}."
    )
