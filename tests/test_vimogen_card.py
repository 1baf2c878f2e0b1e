"""The pages of shipped models: what is known is on them, and what is not is a dash."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mbench.card import Card
from mbench.errors import ConfigError
from mbench.motion import Motion
from mbench.results import RunFolder
from motions import posed

PROJECT = Path(__file__).parents[1]
LIGHT, BASE = "vimogen-light", "vimogen-base"
TEXTS = ("a person walks", "a person waves", "a person sits down", "a person jumps")
STAGE = {
    "run": "my-flow", "started_from": None, "steps": 1200, "seconds": 600,
    "recipe": {"batch": 8, "train": {"precision": "fp32"}, "losses": {"drift": 0.1, "contact": 0}, "adversarial": 0.5},
    "data": {"folder": "made", "subsets": {"distilled": {"clips": 2500, "hours": 1.5}}},
    "curve": {
        "losses": [{"step": 1, "loss": 2.0, "flow": 1.5, "drift": 0.5}, {"step": 9, "loss": 1.0, "flow": 1.0}],
        "evaluations": [{"step": 9, "error_at_0.3": 0.25, "jitter_degree": 0.01, "root_drift_end_m": 0.125}],
    },
}  # fmt: skip
METRICS = {
    "quality/dynamic_degree": {
        "value": 0.02, "low": 0.01, "high": 0.03, "n": 4, "missing": 1, "unit": "m/frame", "better": "higher",
        "is_dimension": True, "score": 0.25,
    },
    "quality/jitter_degree": {
        "value": 0.04, "low": 0.03, "high": 0.05, "n": 5, "unit": "m/frame^2", "better": "lower", "is_dimension": True,
        "score": 0.9,
    },
    "fidelity/multimodality": {"value": None, "unit": "distance", "reasons": {"needs replicates": 1}, "judge": "j.1"},
}  # fmt: skip
CARD: dict[str, Any] = {
    "name": LIGHT, "version": "1", "licence": "CC BY-NC 4.0", "trained_on": "motions", "parameters": 1234567,
    "recipe": {"frames": [40, 200]}, "machine": "an abacus", "stages": [STAGE],
    "sources": [{"folder": "made", "source": BASE, "made": True, "licence": "MIT | old", "clips": 2500}, "a licence"],
    "measured": {"mbench-mini": {"pillars": {"quality": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 5}},
                                 "metrics": METRICS}},
}  # fmt: skip


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the script as a module."""
    monkeypatch.syspath_prepend(str(PROJECT / "scripts"))
    return importlib.import_module("vimogen_card")


def write(script: Any, folder: Path, card: dict[str, Any], name: str = LIGHT, run: Path | None = None) -> str:
    """Write a card into a folder of weights and return the page made of it."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "card.json").write_text(json.dumps(card))
    (folder / "tables").mkdir(exist_ok=True)
    facts = script.read_facts(name, folder)
    path: Path = script.write_card(facts, folder, folder / "out", run, folder / "tables")
    return path.read_text()


def section(page: str, title: str) -> str:
    return page.split(f"## {title}\n")[1].split("\n## ")[0]


def test_what_is_known_is_on_the_page(script: Any, tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "vimogen_gate.json").write_text(json.dumps({"tables": [{"title": "All arms"}]}))
    page = write(script, tmp_path, CARD)
    assert "| parameters | 1,234,567 |" in page and "2 to 10 s, a seed" in page
    row = "| `my-flow` | nothing | 1,200 of 8 clips, fp32 | 10 | flow loss; drift 0.1; adversarial 0.5 | "
    assert row + "distilled: 2,500, 1.50 h |" in page
    assert "an abacus; 10 minutes in all" in page
    assert f"| motions of `{BASE}` | MIT \\| old | 2,500 | — |" in page and "| — | a licence | — | — |" in page
    assert f"stage `my-flow` were distilled from: `{BASE}`." in page
    assert "| `root_drift_end_m` | 0.125 |" in section(page, "Curves")
    experiments = section(page, "Experiments")
    assert "[The gate](vimogen_results.md#the-gate): All arms" in experiments
    assert "[Losses](vimogen_results.md#losses): not measured yet" in experiments
    assert Image.open(tmp_path / "out" / "images" / f"{LIGHT}_curves.png").size[0] > 1000


def test_scores_have_intervals_and_what_is_missing_is_a_dash(script: Any, tmp_path: Path) -> None:
    scores = section(write(script, tmp_path, CARD), "Scores on mbench-mini")
    assert "| quality | 0.5 [0.4, 0.6] | — | 5 |" in scores and "| fidelity | — | — | — |" in scores
    assert "| dynamic_degree | 0.02 [0.01, 0.03] | m/frame | higher | 0.102 | 0.25 | 4 (1 missing) |" in scores
    assert "| foot_sliding | — | — | — | 0.00298 | — | — |" in scores
    assert "| fidelity/multimodality | — | distance | — | — | needs replicates |" in scores
    far = scores.split("by more than a factor of 2: ")[1].split(". ")[0]
    assert "dynamic_degree" in far and "jitter_degree" not in far and "foot_sliding" not in far


def test_a_card_that_says_nothing_gives_dashes(script: Any, tmp_path: Path) -> None:
    page = write(script, tmp_path, {})
    assert "| parameters | — |" in page and "— minutes in all" in page and "names no stages" in page
    assert "Sources and licences of the clips: —" in page and "Not measured on these weights" in page
    assert "| ground_penetration | — | — | — | 0 | — | — |" in page, "0 is what real motion reads"
    assert "Worse than" not in page and "| generalization | — | — | — |" in page
    assert not (tmp_path / "out" / "images").exists()


def test_a_stage_of_an_older_card_has_dashes(script: Any, tmp_path: Path) -> None:
    page = write(script, tmp_path, {"stages": [{"run": "a"}, {"run": "b", "seconds": 60}], "started_from": "a"})
    assert "| `a` | — | — of — clips, — | — | — | — |" in page, "what an earlier stage started from is not told"
    assert "| `b` | `a` | — of — clips, — | 1 | — | — |" in page
    assert "— minutes in all" in page, "a sum of which a part is missing"


@pytest.mark.parametrize("name", [LIGHT, BASE])
def test_the_shipped_cards_render(script: Any, tmp_path: Path, name: str) -> None:
    shipped = PROJECT / "vimogen" / "weights"
    facts = script.read_facts(name, shipped)
    page = script.write_card(facts, shipped, tmp_path).read_text()
    assert f"{facts.card['parameters']:,}" in page and facts.card["licence"] in page
    assert all(f"`{stage['run']}`" in page for stage in facts.card["stages"])
    links = {part.split(")")[0].split("#")[0] for part in page.split("](")[1:]}
    own = {f"{BASE}.md", f"{LIGHT}.md", f"images/{name}_curves.png"}  # pages that the script makes
    assert not [link for link in links - own if not (PROJECT / "docs" / link).is_file()]


class Told:
    """A judge that believes a motion by how far its pelvis stands to the side, and always picks the third text."""

    card = Card("told", "1", "rule-based", "CC0")

    def match(self, motions: Any, texts: Any) -> list[float | Exception]:
        own = [float(motion.joints[0, 0, 0]) for motion in motions]
        return [ValueError("no") if x > 0.9 else (x if text == TEXTS[round(x * 10)] else 0.15)
                for x, text in zip(own, texts, strict=True)]  # fmt: skip

    def choose(self, motions: Any, candidates: Any) -> list[int]:
        return [2] * len(motions)


def clips() -> list[tuple[str, str, Motion]]:
    """Return a clip a text: the pelvis stands 0, 0.1, 0.2 and 1 m to the side."""
    made = []
    for number, (text, x) in enumerate(zip(TEXTS, (0.0, 0.1, 0.2, 1.0), strict=True)):
        joints = posed(number).joints.copy()
        joints[..., 0] += x - joints[0, 0, 0]
        made.append((f"p{number}", text, Motion(joints.astype(np.float32), 20)))
    return made


def test_failures_are_the_lowest_matches(script: Any) -> None:
    failures = importlib.import_module("model_card.failures")
    shown = failures.judged(clips(), Told())
    assert [own.prompt for own in failures.worst(shown, 2)] == ["p0", "p1"]
    assert [own.preferred for own in shown] == [1.0, 1.0, 0.0, None]
    assert shown[3].match is None, "no answer is no match of 0"
    assert failures.counts(shown, 3) == {"clips": 4, "missing": 3, "asked": 3, "refused": 3, "below_chance": 2}
    assert failures.lines_of(shown[1]) == [TEXTS[1], f"match 0.1; the judge sees sit: {TEXTS[2]}"]
    assert failures.lines_of(shown[0])[1].startswith("match below 0.001;")


def write_run(folder: Path, card: dict[str, Any]) -> Path:
    """Write what `mbench evaluate` leaves of three motions, of which one is missing."""
    run = RunFolder(folder)
    prompts = [{"id": f"p{number}", "text": text} for number, text in enumerate(TEXTS[:3])]
    run.write_run({"card": card, "prompts": prompts})
    rows = [run.add_motion(posed(number), f"p{number}", 0, 1, 0.1) for number in range(2)]
    run.add_to_index([*rows, type(rows[0])("p2", 0, 1, reason="it broke")])
    return folder


def test_the_gallery_of_a_run(script: Any, tmp_path: Path) -> None:
    from vimogen.checkpoint import card_of
    from vimogen_weights import write_weights

    folder = tmp_path / LIGHT
    write_weights(folder, reference=False)
    card = {**json.loads((folder / "card.json").read_text()), **CARD}
    run = write_run(tmp_path / "run", card_of(folder).to_dict())
    page = section(write(script, tmp_path, card, run=run), "Failures")
    assert f"images/{LIGHT}_failures.png" in page and "Of 2 clips" in page and "Motions that are missing: 1." in page
    assert Image.open(tmp_path / "out" / "images" / f"{LIGHT}_failures.png").size[0] == 2 * 760
    stale = write_run(tmp_path / "stale", {"name": LIGHT, "weights": "00ff"})
    with pytest.raises(ConfigError, match="other weights of vimogen-light"):
        write(script, tmp_path, card, run=stale)
    other = write_run(tmp_path / "other", {"name": "static", "weights": ""})
    with pytest.raises(ConfigError, match="a run of 'static'; expected one of 'vimogen-light'"):
        write(script, tmp_path, card, run=other)
    with pytest.raises(ConfigError, match=r"holds no run\.json"):
        write(script, tmp_path, card, run=tmp_path / "nothing")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("vimogen-lite", "{}", "did you mean 'vimogen-light'"), (LIGHT, "[]", "no mapping"), (BASE, "", "can't be read")],
)  # fmt: skip
def test_what_the_user_can_put_right_is_one_line(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, name: str, content: str, said: str
) -> None:
    (tmp_path / LIGHT).mkdir()
    if content:
        (tmp_path / LIGHT / "card.json").write_text(content)
    monkeypatch.setattr(sys, "argv", ["vimogen_card.py", name, "--weights", str(tmp_path), "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as left:
        script.main()
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1
