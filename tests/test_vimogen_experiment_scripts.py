"""The scripts of the experiments on tiny random weights: they run, write their tables, and make nothing twice."""

from __future__ import annotations

import importlib.util
import json
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mbench.errors import ConfigError
from vimogen.experiments import arms
from vimogen.experiments.ablations import OF_DATA, OF_LOSSES, RECIPES
from vimogen.experiments.marks import METRIC_NAMES
from vimogen.experiments.tables import PAGE
from vimogen_folders import row_of, write_folder
from vimogen_weights import write_weights

PROJECT = Path(__file__).parents[1]
Run = Callable[..., dict[str, Any]]
CAPTIONS = ("a person waves", "a person sits down", "a person walks forward", "a person turns left", "a person kicks")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with tiny weights, data, and runs of ablations."""
    made = tmp_path_factory.mktemp("experiments")
    write_weights(made / "base", soft_gate=True)
    write_weights(made / "light", reference=False)
    rows = [row_of(n, split="test", motion_text_annot=[text]) for n, text in enumerate(CAPTIONS)]
    write_folder(made / "data", rows, shortest=41)
    for name in RECIPES:
        write_weights(made / "runs" / name / "weights", steps=1)
    return made


@pytest.fixture
def run(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs a script and gives its JSON; pages and tables go to a new folder."""
    (tmp_path / PAGE).write_text((PROJECT / "docs" / PAGE).read_text())

    def runs(name: str, *options: str) -> dict[str, Any]:
        own = ["--limit", "2", "--out", str(tmp_path), "--work", str(folder / "work")]
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *own, *options])
        script(name).main()
        assert (tmp_path / "tables" / f"{name}.md").is_file()
        assert f"--limit 2 --out {tmp_path}" in (tmp_path / PAGE).read_text()
        return dict(json.loads((tmp_path / "tables" / f"{name}.json").read_text()))

    return runs


def script(name: str) -> Any:
    """Return a script of benchmarks as a module."""
    spec = importlib.util.spec_from_file_location(name, PROJECT / "benchmarks" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows_of(result: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the rows of a table by the first column."""
    return {next(iter(row.values())): row for row in result["tables"][number]["rows"]}


def test_the_gate(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run("vimogen_gate", "--weights", str(folder / "base"))
    shown, apart, metrics = (rows_of(first, number) for number in range(3))
    assert list(shown) == ["text branch", "reference branch", "raw reference", "hard gate", "soft gate"]
    gain = shown["hard gate"]["match"]["value"] - shown["text branch"]["match"]["value"]
    assert apart["hard gate minus text branch"]["match"]["value"] == pytest.approx(gain)
    assert metrics["reference branch"]["reference used"]["value"] == 1
    assert metrics["text branch"]["reference used"]["value"] is None
    monkeypatch.setattr(arms, "_make", lambda *_: pytest.fail("a motion was made twice"))
    assert run("vimogen_gate", "--weights", str(folder / "base"))["tables"] == first["tables"]


def test_weights_without_a_learned_gate_are_refused_as_soft_ones(run: Run, folder: Path) -> None:
    with pytest.raises(ConfigError, match="has no learned gate"):
        run("vimogen_gate", "--weights", str(folder / "base"), "--soft", str(folder / "light"))


def test_distillation(run: Run, folder: Path) -> None:
    light, teacher = str(folder / "light"), str(folder / "base")
    result = run("vimogen_distilled", "--light", light, "--teacher", teacher, "--student", light)
    assert len(result["tables"]) == 3 * 3 + 1
    apart = rows_of(result, 1)["light minus student, not distilled"]
    assert apart["match"] == {"value": 0, "low": 0, "high": 0, "n": 2}  # they are the same weights
    assert set(rows_of(result, 2)) == {"match", "choice"}


def test_steps(run: Run, folder: Path, tmp_path: Path) -> None:
    options = ("--models", "vimogen-light", "--steps", "1", "2", "--samplers", "euler", "heun", "--repeats", "1")
    light = str(folder / "light")
    result = run("vimogen_steps", "--light", light, "--reflow", light, *options)
    rows, others = (table["rows"] for table in result["tables"])
    assert [row["match"] for row in others] == [row["match"] for row in rows]  # they are the same weights
    assert [(row["sampler"], row["steps"]) for row in rows] == [("euler", 1), ("euler", 2), ("heun", 1), ("heun", 2)]
    assert all(row["seconds of a 5 s clip"] > 0 for row in rows)
    assert rows[0]["match"] == rows[2]["match"]  # Heun's one step is Euler's
    assert rows[1]["match"] != rows[3]["match"]
    assert (tmp_path / "tables" / "vimogen_steps.png").is_file()


def test_data_and_losses(run: Run, folder: Path) -> None:
    options = ("--data", str(folder / "data"), "--runs", str(folder / "runs"))
    data = run("vimogen_data", *options)
    assert list(rows_of(data, 0)) == [*OF_DATA, "real capture"]
    assert rows_of(data, 0)["optical"]["KID"]["value"] > 0
    losses = run("vimogen_losses", *options)
    assert list(rows_of(losses, 0)) == list(OF_LOSSES)
    measured = rows_of(losses, 2)["all"]
    assert all(measured[name]["value"] is not None for name in ("pose against positions (mm)", "spread of bones (mm)"))
    assert measured["root drift at the end (m)"]["n"] == 4


def test_held_in_actions_and_quality(run: Run, folder: Path) -> None:
    options = ("--data", str(folder / "data"), "--light", str(folder / "light"))
    held = run("vimogen_heldin", *options)["tables"][0]["rows"][2]
    assert held["times chance"]["value"] == pytest.approx(10 * held["10-way choice"]["value"])
    rows = run("vimogen_quality", *options)["tables"][0]["rows"]
    assert len(rows) == len(METRIC_NAMES)
    for row in rows:
        made, real = row["vimogen-light"]["value"], row["real capture"]["value"]
        least = real / 2 if row["better"] == "higher" else 0
        assert row["within a factor of 2"] == (least <= made <= 2 * real)


def test_the_runner_says_what_is_done(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own = ["--recipes", str(PROJECT / "examples" / "ablations"), "--data", str(folder / "data")]
    monkeypatch.setattr(sys, "argv", ["vimogen_ablations.py", *own, "--runs", str(folder / "runs")])
    module = script("vimogen_ablations")
    module.main()
    assert capsys.readouterr().out.split() == [word for name in RECIPES for word in (name, "done")]
    log = tmp_path / "optical" / "log.jsonl"
    log.parent.mkdir()
    log.write_text('{"step": 150, "seconds": 60.0}\n')
    monkeypatch.setattr(sys, "argv", ["a.py", *own, "--runs", str(tmp_path), "--only", "optical", "no_drift"])
    module.main()
    said = capsys.readouterr().out
    assert "150 of 600 steps, about 3 min left" in said
    assert "600 steps to go" in said


def test_another_number_of_steps_keeps_the_shape_of_the_recipes(tmp_path: Path) -> None:
    module, recipes = script("vimogen_ablations"), PROJECT / "examples" / "ablations"
    own = {"recipes": recipes, "data": tmp_path, "runs": tmp_path}
    for name in RECIPES:
        as_written = module.recipe_of(name, Namespace(**own, steps=None))
        assert module.recipe_of(name, Namespace(**own, steps=600)) == as_written  # which has 600
        half = module.recipe_of(name, Namespace(**own, steps=300))
        assert (half.settings.steps, half.settings.decay) == (300, 75)
        assert half.adversarial_from == (150 if name == "adversarial" else 0)
        assert half.output == str(tmp_path / name)
