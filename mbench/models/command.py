"""`command`: any external program, in its own environment, as a model.

The program is started once a batch. It reads a JSON-lines file of requests and writes one motion file a request, in any
readable format, at the path the request names, with a suffix of its choice.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mbench.config import resolve_path
from mbench.errors import ConfigError, MBenchError, PluginError
from mbench.io import read_motion
from mbench.models.base import MODELS, Card
from mbench.models.find import find_motion
from mbench.models.program import run_program
from mbench.motion import BENCHMARK_FPS, Motion
from mbench.suites.prompt import Prompt


class Command:
    """A model behind a command line.

    A request is one line `{"id", "text", "seconds", "frames", "fps", "seed", "output"}`: `frames` is at 20 fps;
    `output` is the path to write, without its suffix. A request whose file is not written is a missing motion.

    Args:
        run: the command; `{requests}` stands for the request file and `{output}` for the folder of the motions.
        name: what results and the leaderboard call the model.
        version: raise it when the program's output changes: it is part of the run id.
        workdir: where the program runs; relative to the YAML file.
        timeout: seconds that one batch may take.
        up: up axis of the files; detected where it is not given.
        fps: frame rate of the files, where they do not hold it.
        licence: of the model, for the card.
        base: the folder that a relative `workdir` starts from.

    Raises:
        ConfigError: `{requests}` or `{output}` is missing, or the timeout is not positive.
    """

    def __init__(
        self,
        run: str,
        name: str = "command",
        version: str = "1",
        workdir: str = ".",
        timeout: float = 3600,
        up: str | None = None,
        fps: float | None = None,
        licence: str = "not stated",
        base: Path = Path(),
    ) -> None:
        for placeholder in ("{requests}", "{output}"):
            if placeholder not in run:
                raise ConfigError(f"model 'command': run is {run!r}; expected it to hold {placeholder}")
        if isinstance(timeout, str | bool) or timeout <= 0:
            raise ConfigError(f"model 'command': timeout is {timeout!r}; expected seconds > 0")
        self._run, self._timeout = run, timeout
        self._workdir = resolve_path(workdir, base)
        self._how: dict[str, Any] = {"up": up, "fps": fps}
        self.card = Card(name=name, version=version, kind="learned", licence=licence, notes=f"command: {run}")

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Motion | Exception]:
        """Run the program on a batch and yield what it wrote, or why there is nothing."""
        with tempfile.TemporaryDirectory(prefix="mbench-") as scratch:
            output = Path(scratch) / "motions"
            output.mkdir()
            names = [f"{index:06d}" for index in range(len(prompts))]  # two replicates of one prompt share a batch
            requests = Path(scratch) / "requests.jsonl"
            rows = (_request(p, s, output / n) for p, s, n in zip(prompts, seeds, names, strict=True))
            requests.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
            places = {"{requests}": str(requests), "{output}": str(output)}
            failure = run_program(self._run, places, self._workdir, self._timeout, "model 'command'")
            for name in names:
                yield self._result(output, name, failure)

    def _result(self, output: Path, name: str, failure: str | None) -> Motion | Exception:
        try:
            path = find_motion(output, name)
            if path is None:
                return PluginError(failure or "the command ended well but wrote no file for this prompt")
            return read_motion(path, **self._how)
        except MBenchError as error:
            return PluginError(str(error).replace(f"{output}{os.sep}", ""))


def _request(prompt: Prompt, seed: int, output: Path) -> dict[str, Any]:
    """Return the request of one prompt."""
    frames = round(prompt.seconds * BENCHMARK_FPS)
    return {
        "id": prompt.id, "text": prompt.text, "seconds": prompt.seconds, "frames": frames, "fps": BENCHMARK_FPS,
        "seed": seed, "output": str(output),
    }  # fmt: skip


MODELS.add("command", Command)
