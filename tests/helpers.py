"""What several test files do: run the command line, make small suites."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def environment(**extra: str) -> dict[str, str]:
    path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "COLUMNS": "200", **extra}


def mbench(*arguments: Any, cwd: Path | None = None, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run `mbench` as a user would, in a process of its own."""
    command = [sys.executable, "-m", "mbench", *map(str, arguments)]
    if "evaluate" in arguments and "--pictures" not in arguments and len(arguments) > 1:
        command.append("--no-pictures")  # bodies in the report take a second a clip
    return subprocess.run(command, cwd=cwd, env=environment(**extra), capture_output=True, text=True, timeout=300)


def write_small_suite(path: Path, prompts: int = 6, seconds: float = 2.0) -> Path:
    """Write a suite of plain prompts that score the five joint dimensions."""
    lines = ["name: small", "version: '1'", "description: for tests", "licence: Apache-2.0", "prompts:"]
    for number in range(prompts):
        lines.append(
            f"- {{id: p{number:02d}, text: walk number {number} of many, seconds: {seconds}, dimensions: [quality]}}"
        )
    path.write_text("\n".join(lines) + "\n")
    return path


def write_model(folder: Path, model: str, metrics: str = "[quality]", prompts: int = 6, run: str = "{}") -> Path:
    """Write a model.yaml beside a small suite, and return its path."""
    write_small_suite(folder / "suite.yaml", prompts)
    path = folder / "model.yaml"
    path.write_text(
        f"model: {model}\nsuite: suite.yaml\nmetrics: {metrics}\nrun: {run}\noutput: {folder / 'results'}\n"
    )
    return path


def one_line_error(result: subprocess.CompletedProcess[str], *words: str) -> str:
    """Check that a command failed with exit code 2 and one line that has these words; return the line."""
    assert result.returncode == 2, (result.returncode, result.stdout, result.stderr)
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in lines[0]
    for word in words:
        assert word in lines[0], f"{word!r} is not in {lines[0]!r}"
    return lines[0]
