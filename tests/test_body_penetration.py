"""Body_Penetration of the skinned body: against CGAL in real poses, and the metric and its mesh as a whole."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from conftest import make_walk
from mbench.body import mesh as meshes
from mbench.body.contact import self_intersections
from mbench.body.mesh import Mesh, MeshSettings
from mbench.errors import ConfigError
from mbench.metrics.body import body_penetration
from mbench.motion import Motion, Pose
from mocap import mocap
from motions import posed
from test_contact import as_set, cgal_pairs

pytest.importorskip("smplx", reason="needs the extra body")
pytest.importorskip("warp", reason="needs the extra body")


def skin(rotations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the skin (T, V, 3) and the faces of the default body in some poses."""
    from mbench.body import load_body

    body = load_body()
    vertices, _ = body.pose(rotations, np.zeros((len(rotations), 3), dtype=np.float32))
    return vertices.detach().numpy(), body.faces


@pytest.fixture(scope="module")
def real_poses(shared):
    """Return 20 frames of the default body in poses of motion capture, each of another clip; faces; CGAL's pairs."""
    first, second = sorted({row["shard"] for row in mocap(shared).rows})[:2]  # two files only, to be quick
    ids = [row["id"] for row in mocap(shared).rows if row["shard"] in (first, second)]
    clips = [mocap(shared).clip(ids[i])["rot"] for i in np.linspace(0, len(ids) - 1, 20).astype(int)]
    vertices, faces = skin(np.stack([rotations[len(rotations) // 2] for rotations in clips]))
    return vertices, faces, [cgal_pairs(frame, faces) for frame in vertices]


@pytest.mark.parametrize(("backend", "every"), [("warp", 1), ("numpy", 5)])
def test_real_poses_against_cgal(real_poses, backend, every):
    vertices, faces, expected = real_poses
    assert sum(map(len, expected[::every])) > 200
    found = self_intersections(vertices[::every], faces, "cpu", backend)
    assert [as_set(pairs) for pairs in found] == expected[::every]


def test_made_up_poses_against_cgal():
    vertices, faces = skin(posed(seed=3, frames=5, fps=2).pose.rotations)
    expected = [cgal_pairs(frame, faces) for frame in vertices]
    assert sum(map(len, expected)) > 100
    assert [as_set(pairs) for pairs in self_intersections(vertices, faces, "cpu")] == expected


def crossed_arms(*degrees: float) -> Motion:
    """Return a still figure whose arms are turned down from the T-pose, an angle a frame; beyond 90 into the body."""
    walk = posed(seed=0, frames=len(degrees))
    rotations = np.zeros((len(degrees), 22, 4), dtype=np.float32)
    rotations[..., 3] = 1
    half = np.deg2rad(degrees) / 2
    for shoulder, sign in ((16, -1), (17, 1)):
        rotations[:, shoulder, 1], rotations[:, shoulder, 3] = sign * np.sin(half), np.cos(half)  # about y
    return Motion(walk.joints, 20, Pose(rotations, walk.pose.offsets))


def test_arms_in_the_body_count():
    settings = MeshSettings(fit="never", device="cpu")
    values = []
    for degrees in (0, 45, 110):
        motion = crossed_arms(degrees)
        values.append(body_penetration(motion, Mesh(motion, settings)))
    assert values[0] == 0
    assert values[1] < 0.5 < 1 < values[2]


def test_the_metric_is_the_mean_over_frames_of_pairs_per_hundred_faces():
    motion = crossed_arms(0, 90, 110, 60, 120)
    mesh = Mesh(motion, MeshSettings(fit="never", device="cpu"))
    counts = [len(as_set(p) - as_set(mesh.rest_pairs)) for p in self_intersections(mesh.vertices, mesh.faces)]
    assert counts[0] == 0 < counts[2] < counts[4]
    assert body_penetration(motion, mesh) == pytest.approx(100 * sum(counts) / (5 * len(mesh.faces)), rel=1e-12)


def test_a_capsule_body_crosses_itself_at_rest_and_that_is_left_out():
    motion = crossed_arms(0)
    settings = MeshSettings(body="capsules", fit="never", device="cpu")
    mesh = Mesh(motion, settings)
    (pairs,) = self_intersections(mesh.vertices, mesh.faces)
    assert len(pairs) > 1000 < len(mesh.rest_pairs)
    # Not quite 0: capsules on one axis just touch along circles, and posed or at rest are rounded differently.
    assert body_penetration(motion, mesh) < 0.1 * len(pairs) / len(mesh.faces) * 100
    arms = crossed_arms(110)
    every = body_penetration(arms, Mesh(arms, settings))
    few = body_penetration(arms, Mesh(arms, MeshSettings("capsules", "never", max_collisions=1, device="cpu")))
    assert 0 < few < every


def test_joints_alone_are_fitted(tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path))
    motion = make_walk(0.5)
    value, reason = body_penetration.evaluate(motion, Mesh(motion, MeshSettings(device="cpu")))
    assert reason is None and 0 <= value < 3
    missing, reason = body_penetration.evaluate(motion, Mesh(motion, MeshSettings(fit="never")))
    assert missing is None and "fit: never" in reason and "joint positions only" in reason


def test_the_mesh_is_made_once_and_only_when_asked_for(monkeypatch):
    import mbench.body

    loads = []
    load = mbench.body.load_body
    monkeypatch.setattr(mbench.body, "load_body", lambda name: loads.append(name) or load(name))
    meshes._loaded.cache_clear()
    settings = MeshSettings(body="capsules", fit="never", device="cpu")
    one, other = Mesh(crossed_arms(0), settings), Mesh(crossed_arms(20), settings)
    assert loads == []
    assert one.vertices is one.vertices and one.rest_pairs is other.rest_pairs
    assert other.vertices.shape == one.vertices.shape and loads == ["capsules"]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"fit": "sometimes"}, "fit is 'sometimes'; expected always or never"), ({"max_collisions": 0}, "expected 1 or")],
)
def test_bad_settings_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        MeshSettings(**options)


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = "import mbench.metrics.body, sys; print(*{'torch', 'warp', 'smplx', 'roma'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []
