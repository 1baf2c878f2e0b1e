"""Draw what a generator makes of prompts: one filmstrip a clip, its prompt above, nothing picked.

    python scripts/vimogen_sheet.py OUT.png [--model vimogen-light] [--prompts FILE] [--first 12] [--seeds 0 1 2]

Prompts are those of a file (a text a line, or seconds, a tab and a text) or of a suite. Without --seeds the first
prompt gets seed 0, the next one seed 1, and so on. Behind each prompt stands how far the pelvis went.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mbench.config import ModelConfig
from mbench.errors import one_line
from mbench.models.build import build_model
from mbench.motion import Motion
from mbench.motion.skeleton import PELVIS
from mbench.progress import progress
from mbench.render import render_strip
from mbench.suites import load_suite
from mbench.suites.prompt import Prompt
from vimogen.orders import model_config, read_prompts, reference_config

FRAMES, TITLE, COLOURS = 8, 22, 128
TALL = 5  # a filmstrip is at most this many times as wide as high
INK, GREY = "#333a45", "#8a8f98"
Asked = tuple[Prompt, int]


def asked_of(options: argparse.Namespace) -> list[Asked]:
    """Return prompts and seeds, in the order of the sheet."""
    if options.prompts is not None:
        texts = read_prompts(options.prompts, options.seconds)
        prompts = [Prompt(str(number), text, seconds) for number, (text, seconds) in enumerate(texts)]
    else:
        prompts = list(load_suite(options.suite).prompts)
    chosen = prompts[: options.first]
    if options.seeds:
        return [(prompt, seed) for prompt in chosen for seed in options.seeds]
    return list(zip(chosen, range(len(chosen)), strict=True))


def config_of(options: argparse.Namespace) -> ModelConfig:
    """Return the model that the command line names."""
    source, _ = reference_config(options.reference)
    return model_config(options.model, {"reference": source, "gate": options.gate, "steps": options.steps})


def cell(asked: Asked, made: Motion | Exception, width: int, style: str) -> Image.Image:
    """Return the filmstrip of a motion under its title, or why there is none."""
    prompt, seed = asked
    return titled([f"{prompt.text}  ({title_of(made, seed)})"], made, width, style)


def titled(lines: Sequence[str], made: Motion | Exception, width: int, style: str) -> Image.Image:
    """Return the filmstrip of a motion, or why there is none, under lines: the first in ink, the others in grey."""
    title = TITLE * len(lines)
    height = title + width // TALL
    image = Image.new("RGB", (width, height), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(13)
    for number, line in enumerate(lines):
        draw.text((3, 3 + TITLE * number), line, GREY if number else INK, font)
    if isinstance(made, Exception):
        draw.text((3, title + 3), one_line(made), GREY, font)
        return image
    strip = Image.fromarray(render_strip(made, FRAMES, style, size=256))
    scale = min(width / strip.width, (height - title) / strip.height)
    strip = strip.resize((round(strip.width * scale), round(strip.height * scale)), Image.Resampling.LANCZOS)
    image.paste(strip, (0, title))
    return image


def title_of(made: Motion | Exception, seed: int) -> str:
    """Return what stands behind a prompt."""
    if isinstance(made, Exception):
        return f"seed {seed}"
    path = np.linalg.norm(np.diff(made.joints[:, PELVIS, :2], axis=0), axis=1).sum()
    gate = made.meta.get("vimogen", {}).get("gate", {})
    followed = ", follows a reference" if gate.get("used") else ""
    return f"seed {seed}, {made.seconds:g} s, {path:.1f} m{followed}"


def sheet(cells: list[Image.Image], columns: int) -> Image.Image:
    """Return cells of one size as a table, row by row."""
    width, height = cells[0].size
    image = Image.new("RGB", (width * columns, height * -(-len(cells) // columns)), "white")
    for number, own in enumerate(cells):
        image.paste(own, (width * (number % columns), height * (number // columns)))
    return image


def main() -> None:
    """Make the motions and the picture, reduced to a small palette."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", help="a registered model or a folder of weights")
    parser.add_argument("--reference", help="as for vimogen generate")
    parser.add_argument("--gate")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--prompts", type=Path)
    parser.add_argument("--suite", default="mbench-mini")
    parser.add_argument("--seconds", type=float, default=5.0, help="of a prompt in a file that does not say")
    parser.add_argument("--first", type=int, default=12, help="how many prompts")
    parser.add_argument("--seeds", type=int, nargs="+")
    parser.add_argument("--columns", type=int, default=2)
    parser.add_argument("--width", type=int, default=760, help="pixels of a filmstrip")
    parser.add_argument("--style", default="skeleton", help="skeleton or mesh")
    options = parser.parse_args()
    asked = asked_of(options)
    model = build_model(config_of(options))
    if (prepare := getattr(model, "prepare", None)) is not None:
        prepare([prompt for prompt, _ in asked])
    made = list(model.generate([prompt for prompt, _ in asked], [seed for _, seed in asked]))
    cells = []
    with progress("draw", len(asked)) as advance:
        for one, motion in zip(asked, made, strict=True):
            cells.append(cell(one, motion, options.width, options.style))
            advance(1)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    picture = sheet(cells, options.columns).quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(options.out, optimize=True)
    print(f"{options.out}: {len(cells)} clips of {model.card.name}, {options.out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
