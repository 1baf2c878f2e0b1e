"""Anchors: the scale on which the five published metrics are averaged."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest

from mbench.body.mesh import MeshSettings
from mbench.errors import ConfigError
from mbench.metrics.anchors import anchored, load_anchors
from mbench.metrics.base import METRICS
from mbench.versions import version_of

FIVE = {
    "quality/jitter_degree",
    "quality/dynamic_degree",
    "quality/ground_penetration",
    "quality/foot_sliding",
    "quality/foot_floating",
}
JUDGED = {"fidelity/motion_condition_consistency", "generalization/motion_generalizability"}
SKIN = {"quality/body_penetration", "quality/pose_quality"}
ROOT = Path(__file__).parents[1]


def test_the_five_have_anchors_that_agree_with_their_direction() -> None:
    anchors = load_anchors().by_metric
    assert set(anchors) == FIVE | SKIN | JUDGED
    for name, anchor in anchors.items():
        lower = METRICS.get(name).info.better == "lower"
        assert (anchor.reference < anchor.control) == lower
        assert anchor.control_is


@pytest.mark.parametrize("name", sorted(FIVE | SKIN))
def test_anchors_are_those_of_the_metrics_as_they_are(name: str) -> None:
    version = version_of(METRICS.get(name), MeshSettings())
    assert load_anchors().by_metric[name].metric_version == version, "run scripts/build_anchors.py again"
    assert anchored(name, 0.0, version) is not None
    assert anchored(name, 0.0, f"{version}+fit=never") is None, "values of another kind must not be put on this scale"


@pytest.mark.parametrize("name", sorted(FIVE))
def test_real_motion_scores_one_and_the_fault_zero(name: str) -> None:
    anchor = load_anchors().by_metric[name]
    middle = (anchor.reference + anchor.control) / 2
    beyond = anchor.reference + 2 * (anchor.control - anchor.reference)
    better = anchor.reference - (anchor.control - anchor.reference)
    scores = [anchored(name, value) for value in (better, anchor.reference, middle, anchor.control, beyond)]
    assert scores == pytest.approx([1, 1, 0.5, 0, 0])


def test_missing_stays_missing_and_spellings_are_accepted() -> None:
    assert anchored("quality/jitter_degree", None) is None
    assert anchored("quality/jerk", 10.0) is None
    assert anchored("Dynamic_Degree", 0.0) == 0.0


def test_provenance_names_source_licence_and_clips() -> None:
    provenance = load_anchors().provenance
    assert "CMU" in provenance["source"] and "free for all uses" in provenance["licence"]
    assert len(provenance["subject_trial"].split()) == provenance["clips"]


def document(**changes: object) -> dict[str, object]:
    anchors = {"quality/jerk": {"reference": 1, "control": 2, "control_is": "noise"}}
    return {"version": 1, "provenance": {}, "anchors": anchors, **changes}


def test_another_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "anchors.json"
    path.write_text(json.dumps(document()))
    assert load_anchors(path).by_metric["quality/jerk"].score(1.25) == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "can't be read as JSON"),
        ('{"version": 1}', "field 'provenance' is missing"),
        (json.dumps(document(version=2)), "version is 2"),
        (json.dumps(document(anchors=[])), "anchors is a list"),
        (json.dumps(document(anchors={"a/b": {"reference": 1}})), "anchor 'a/b': 'control'"),
        (json.dumps(document(anchors={"a/b": {"reference": 1, "control": 1, "control_is": ""}})), "no scale"),
        (
            json.dumps(document(anchors={"a/b": {"reference": float("nan"), "control": 1, "control_is": ""}})),
            "no scale",
        ),
    ],
)
def test_a_bad_file_is_told_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "anchors.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as error:
        load_anchors(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_the_script_makes_the_committed_file(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "anchors.json"
    words = ["build_anchors.py", str(shared / "mocap"), "--only", "joints", "judged", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", words)
    runpy.run_path(str(ROOT / "scripts" / "build_anchors.py"), run_name="__main__")
    again, committed = load_anchors(out).by_metric, load_anchors().by_metric
    for name, anchor in ((name, committed[name]) for name in FIVE | JUDGED):
        assert (again[name].reference, again[name].control) == pytest.approx(
            (anchor.reference, anchor.control), abs=2e-6
        )
