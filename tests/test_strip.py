"""Filmstrips: projection, figures, SVG and files."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from mbench.errors import MotionError
from mbench.motion import Motion, Pose
from mbench.motion.skeleton import INDEX, REST_OFFSETS
from mbench.render import filmstrip, save_strip, strip_svg
from mbench.render.strip import figures, pick_frames, project

SVG = "{http://www.w3.org/2000/svg}"


def test_picked_frames_run_from_first_to_last() -> None:
    assert pick_frames(100, 8).tolist()[0] == 0
    assert pick_frames(100, 8).tolist()[-1] == 99
    assert len(pick_frames(100, 8)) == 8
    assert pick_frames(3, 8).tolist() == [0, 1, 2]
    assert pick_frames(1, 8).tolist() == [0]


@pytest.mark.parametrize(
    ("view", "right", "ahead"),
    [("front", -1.0, 0.0), ("side", 0.0, 1.0), (-90.0, 0.0, -1.0), (180.0, 1.0, 0.0)],
)
def test_views(view: str | float, right: float, ahead: float) -> None:
    """From the front the person's right is on the left; from their right they face to the right."""
    seen = project(np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]]), view, tilt=0.0)
    assert seen[:, 0] == pytest.approx([right, ahead, 0.0], abs=1e-12)
    assert seen[:, 1] == pytest.approx([0, 0, 1.0], abs=1e-12)


def test_near_things_are_near() -> None:
    front, back = project(np.array([[0, 1.0, 1.0], [0, -1.0, 1.0]]), "front")
    assert front[2] > back[2]
    assert front[1] < back[1]  # the camera looks down


def test_figures_stand_around_their_own_pelvis(walk: Motion) -> None:
    picked, seen = figures(walk, 6, "side")
    assert seen.shape == (len(picked), 24, 3)
    assert seen[:, 0, 0] == pytest.approx(np.zeros(6), abs=1e-6)
    toes, ankles = seen[:, INDEX["left_foot"], 0], seen[:, INDEX["left_ankle"], 0]
    assert (toes > ankles).all()  # facing right


def test_the_nose_needs_rotations(walk: Motion) -> None:
    _, seen = figures(walk, 3, "side")
    assert seen[:, 22] == pytest.approx(seen[:, 23])
    rotations = np.zeros((len(walk), 22, 4), dtype=np.float32)
    rotations[..., 3] = 1
    _, posed = figures(Motion(walk.joints, walk.fps, Pose(rotations, REST_OFFSETS)), 3, "side")
    assert (posed[:, 23, 0] > posed[:, 22, 0] + 0.1).all()


@pytest.mark.parametrize("frames", [1, 8])
def test_svg(walk: Motion, frames: int) -> None:
    text = strip_svg(walk, frames)
    root = ElementTree.fromstring(text)
    lines = [line.get("class") for line in root.iter(f"{SVG}polyline")]
    assert lines.count("l") == lines.count("r") == 2 * frames
    assert len(list(root.iter(f"{SVG}circle"))) == frames
    assert [label.text for label in root.iter(f"{SVG}text")] == [str(f) for f in pick_frames(len(walk), frames)]
    assert len(text.encode()) < 900 * frames + 600
    strokes = {line.get("class"): line.get("stroke") for line in root.iter(f"{SVG}polyline")}
    assert len(set(strokes.values())) == 3


def test_svg_of_eight_frames_is_small(walk: Motion) -> None:
    assert len(strip_svg(walk).encode()) < 8000


def test_svg_feet_touch_its_ground(walk: Motion) -> None:
    root = ElementTree.fromstring(strip_svg(walk, 4, "front"))
    ground = next(root.iter(f"{SVG}path")).get("d", "").split("H")[0].split()[1]
    lowest = max(
        float(point.split(",")[1]) for line in root.iter(f"{SVG}polyline") for point in line.get("points", "").split()
    )
    assert abs(lowest - float(ground)) < 12  # centimetres; feet nearer to the camera look lower


def test_filmstrip_and_files(walk: Motion, tmp_path: Path) -> None:
    assert isinstance(filmstrip(walk, 4, title="a walk"), Figure)
    png, svg = save_strip(walk, tmp_path / "a.png", 4), save_strip(walk, tmp_path / "a.svg", 4)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert svg.read_text() == strip_svg(walk, 4)


def test_wrong_view_and_no_frames_are_errors(walk: Motion) -> None:
    with pytest.raises(MotionError, match="view is 'top'"):
        strip_svg(walk, 4, "top")
    with pytest.raises(MotionError, match="at least 1"):
        filmstrip(walk, 0)
