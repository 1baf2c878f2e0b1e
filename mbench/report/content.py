"""What a report is made from: one run folder, read once."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.errors import MBenchError, PluginError, UnknownNameError
from mbench.metrics.anchors import Anchors, load_anchors
from mbench.metrics.base import METRICS, MetricInfo
from mbench.motion import Motion
from mbench.render.strip import strip_svg
from mbench.results import Generation, RunFolder, ScoreRow
from mbench.suites.prompt import Prompt
from mbench.summary import prompt_means

Floats = NDArray[np.float64]
AS_WRITTEN = {
    "fid": "FID", "fid_infinity": "FID∞", "kid": "KID", "mm_dist": "MM-Dist", "multimodality": "MultiModality",
    "r_precision_1": "R-Precision@1", "r_precision_2": "R-Precision@2", "r_precision_3": "R-Precision@3",
}  # fmt: skip
FRAMES = 8  # of a strip
HEIGHT = 160  # pixels of a strip of bodies


@dataclass(frozen=True)
class Content:
    """A finished run.

    Attributes:
        folder: where it lies.
        prompts: of the run, in the order of the suite.
        run: `run.json`.
        result: `result.json`.
        generations: rows of `index.jsonl` by (prompt, replicate).
        rows: rows of `scores.csv` by metric, only those of the version that the result summarises.
        anchors: what 0 and 1 stand for; None where the result was scored with others than this version's.
        pictures: whether bodies are drawn where stick figures would do; it takes about a second a clip.
    """

    folder: RunFolder
    prompts: Sequence[Prompt]
    run: dict[str, Any]
    result: dict[str, Any]
    generations: dict[tuple[str, int], Generation]
    rows: dict[str, list[ScoreRow]]
    anchors: Anchors | None
    pictures: bool = False

    @property
    def metrics(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the summaries of `result.json`, dimensions of the benchmark first, then by name."""
        return sorted(self.result["metrics"].items(), key=lambda item: (not item[1]["is_dimension"], item[0]))

    @cached_property
    def texts(self) -> dict[str, str]:
        """Return the text of each prompt by id."""
        return {prompt.id: prompt.text for prompt in self.prompts}

    @property
    def expected(self) -> int:
        """Return how many motions the run is to have."""
        return int(self.result["prompts"] * self.result["replicates"])

    def by_prompt(self, metric: str) -> dict[str, float]:
        """Return {prompt: mean over its replicates} of a metric."""
        return prompt_means(row for row in self.rows.get(metric, []) if row.prompt)

    @cached_property
    def _strips(self) -> dict[tuple[str, int], str]:
        return {}

    def strip(self, prompt: str, replicate: int) -> str | None:
        """Return the skeleton strip of a motion as SVG, None where its file is gone, changed or unreadable."""
        key = (prompt, replicate)
        if key not in self._strips and (motion := self._motion(key)) is not None:
            self._strips[key] = strip_svg(motion, frames=FRAMES)
        return self._strips.get(key)

    @cached_property
    def _drawn(self) -> dict[tuple[str, int], str]:
        return {}

    def picture(self, prompt: str, replicate: int) -> str | None:
        """Return the strip of a motion as bodies, a JPEG in a data URI; None as for `strip`, or without `pictures`."""
        key = (prompt, replicate)
        if self.pictures and key not in self._drawn and (motion := self._motion(key)) is not None:
            self._drawn[key] = strip_jpeg(motion)
        return self._drawn.get(key)

    def _motion(self, key: tuple[str, int]) -> Motion | None:
        generation = self.generations.get(key)
        if generation is None or generation.file is None:
            return None
        try:
            return self.folder.load(generation)
        except (MBenchError, OSError):
            return None


def strip_jpeg(motion: Motion) -> str:
    """Return eight frames of a motion as bodies side by side, a JPEG in a data URI of about 15 kB."""
    from PIL import Image

    from mbench.render import render_strip

    file = io.BytesIO()
    Image.fromarray(render_strip(motion, FRAMES, size=HEIGHT)).save(file, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def read_content(folder: RunFolder, prompts: Sequence[Prompt], pictures: bool = False) -> Content:
    """Read everything that a report shows; for `pictures` see `Content`.

    Raises:
        MBenchError: the run is not finished, or one of its files is broken.
    """
    result = folder.read_result()
    rows: dict[str, list[ScoreRow]] = {name: [] for name in result["metrics"]}
    for row in folder.read_scores().values():
        if row.metric in rows and row.version == result["metrics"][row.metric]["version"]:
            rows[row.metric].append(row)
    anchors = load_anchors()
    same = anchors if anchors.version == result["anchors"] else None
    return Content(folder, prompts, folder.read_run() or {}, result, folder.generations(), rows, same, pictures)


def definition(name: str) -> MetricInfo | None:
    """Return the facts of a metric, None where its plugin is not installed here."""
    try:
        return METRICS.get(name).info
    except (UnknownNameError, PluginError):
        return None


def title(name: str) -> str:
    """Return a metric's name for a heading: `quality/foot_sliding` → `Foot sliding`, `fidelity/fid` → `FID`."""
    bare = name.split("/")[-1]
    return AS_WRITTEN.get(bare) or bare.replace("_", " ").capitalize()


def section_id(name: str) -> str:
    """Return a metric's name as an id of the page."""
    return "m-" + "".join(c if c.isalnum() else "-" for c in name)


def unit(text: str) -> str:
    """Return a unit as one writes it: `m/frame^2` → `m/frame²`."""
    return text.replace("^2", "²").replace("^3", "³")
