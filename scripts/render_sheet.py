"""Make docs/images/render_sheet.png: twelve motions of the choreographer as the renderer draws them.

python scripts/render_sheet.py [docs/images/render_sheet.png]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from baselines.choreographer import Choreographer
from mbench.render import render_strip
from mbench.suites.prompt import Prompt

SHEET = Path(__file__).parents[1] / "docs" / "images" / "render_sheet.png"
TEXTS = (
    "a person walks forward",
    "a person runs in a circle",
    "a person jumps forward",
    "a person kicks with the right leg",
    "a person waves with the left hand",
    "a person sits down",
    "a person throws a ball",
    "a person does jumping jacks",
    "a person crawls forward",
    "a person picks something up from the floor",
    "a person dances",
    "a person squats twice",
)
SECONDS, FRAMES, COLUMNS = 4.0, 8, 2
CELL = (680, 164)
TEXT_HEIGHT, COLOURS = 22, 256


def cell(text: str) -> Image.Image:
    """Return the filmstrip of what the choreographer makes of a prompt, its text above."""
    (motion,) = Choreographer().generate([Prompt("sheet", text, SECONDS)], [0])
    if isinstance(motion, Exception):
        raise motion
    strip = Image.fromarray(render_strip(motion, FRAMES, size=256))
    width, height = CELL[0], CELL[1] - TEXT_HEIGHT
    scale = min(width / strip.width, height / strip.height)
    strip = strip.resize((round(strip.width * scale), round(strip.height * scale)), Image.Resampling.LANCZOS)
    image = Image.new("RGB", CELL, "white")
    image.paste(strip, (0, TEXT_HEIGHT))
    ImageDraw.Draw(image).text((2, 3), text, "#333a45", ImageFont.load_default(13))
    return image


def main() -> None:
    """Draw the sheet, in a palette, which makes it small."""
    cells = [np.array(cell(text)) for text in TEXTS]
    rows = [np.concatenate(cells[i : i + COLUMNS], axis=1) for i in range(0, len(cells), COLUMNS)]
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else SHEET
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet = Image.fromarray(np.concatenate(rows))
    sheet.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
