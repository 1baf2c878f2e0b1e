"""Self-contact: the same pairs as exact arithmetic and as CGAL, by warp and by numpy."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from exact_contact import exact_pairs
from mbench.body.contact import MeshError, body_penetration, self_intersections
from mbench.body.device import warp_device
from mbench.errors import ConfigError
from meshes import both, crossing_stacks, sphere, torus, wobbled

BACKENDS = ["warp", "numpy"]
TRIANGLE = [(0, 0, 0), (4, 0, 0), (0, 4, 0)]


def pairs_of(vertices, faces, backend="warp") -> list[np.ndarray]:
    if backend == "warp":
        pytest.importorskip("warp", reason="needs the extra body")
    return self_intersections(vertices, faces, device="cpu", backend=backend)


def as_set(pairs: np.ndarray) -> set[tuple[int, int]]:
    return {(int(i), int(j)) for i, j in pairs}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("other", "crosses"),
    [
        ([(1, 1, -1), (1, 1, 1), (9, 9, 1)], True),  # an edge through the middle
        ([(1, 1, 0), (1, 1, 2), (2, 1, 2)], True),  # a corner on the face
        ([(0, 0, 0), (-1, -1, 1), (-1, -2, 1)], True),  # corner on corner, but no vertex shared by index
        ([(2, -1, 0), (2, 1, 0), (2, 0, 3)], True),  # an edge in the plane, over the border
        ([(1, 1, 0), (2, 1, 0), (1, 1, 3)], True),  # an edge in the plane, inside
        ([(1, 0, -1), (1, 0, 1), (1, -3, 0)], True),  # edge across edge, in one point
        ([(-2, 0, 0), (-1, 0, 0), (-1, 0, 2)], False),  # an edge on the line of an edge, beyond its end
        ([(1, 1, 0), (3, 1, 0), (1, 3, 0)], False),  # in one plane, overlapping
        ([(0, 0, 1), (4, 0, 1), (0, 4, 1)], False),  # parallel
        ([(3, 3, -1), (3, 3, 1), (9, 9, 1)], False),  # through the plane, past the triangle
        ([(1, 1, 1), (1, 1, 2), (9, 9, 1)], False),  # on one side
    ],
)
def test_what_counts(other, crosses, backend):
    vertices = np.array(TRIANGLE + other, dtype=np.float32)
    expected = {(0, 1)} if crosses else set()
    assert as_set(pairs_of(vertices, np.arange(6).reshape(2, 3), backend)[0]) == expected
    assert set(exact_pairs(vertices, np.arange(6).reshape(2, 3))) == expected


@pytest.mark.parametrize("backend", BACKENDS)
def test_triangles_that_share_a_vertex_never_count(backend):
    # Both pass through each other's middle; the second is drawn once with a corner of the first, once with a copy.
    vertices = np.array([*TRIANGLE, (1, 1, 2), (1, 1, -2), (0, 0, 0)], dtype=np.float32)
    assert as_set(pairs_of(vertices, [[0, 1, 2], [0, 3, 4]], backend)[0]) == set()
    assert as_set(pairs_of(vertices, [[0, 1, 2], [5, 3, 4]], backend)[0]) == {(0, 1)}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", range(3))
def test_small_integers_touch_in_every_way(seed, backend):
    # On a grid of 4 x 4 x 4 nearly every pair is a special case, and float64 is exact.
    corners = np.random.default_rng(seed).integers(0, 4, (60, 3, 3))
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    corners = corners[areas > 0]
    faces = np.arange(corners.size // 3).reshape(-1, 3)
    vertices = corners.reshape(-1, 3).astype(np.float32)
    expected = exact_pairs(vertices, faces)
    assert len(expected) > 300
    assert sorted(as_set(pairs_of(vertices, faces, backend)[0])) == expected


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("mesh", [sphere(1), torus(10, 6)], ids=["sphere", "torus"])
def test_against_exact_arithmetic(mesh, backend):
    frames = wobbled(mesh, 5, seed=1)
    expected = [exact_pairs(frame, mesh[1]) for frame in frames]
    assert sum(map(len, expected)) > 40
    assert [sorted(as_set(pairs)) for pairs in pairs_of(frames, mesh[1], backend)] == expected


def cgal_pairs(vertices: np.ndarray, faces: np.ndarray) -> set[tuple[int, int]]:
    """Return the pairs that CGAL's exact kernel finds, less those that share a vertex."""
    cgal = pytest.importorskip("igl.copyleft.cgal", reason="needs libigl, of the extra test")
    result = cgal.remesh_self_intersections(vertices.astype(np.float64), faces.astype(np.int64), detect_only=True)
    pairs = np.sort(np.asarray(result[2]).reshape(-1, 2), axis=1)
    shared = (faces[pairs[:, 0]][:, :, None] == faces[pairs[:, 1]][:, None, :]).any(axis=(1, 2))
    return as_set(pairs[~shared])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("mesh", [sphere(3), torus(40, 20)], ids=["sphere", "torus"])
def test_against_cgal(mesh, backend):
    frames = wobbled(mesh, 20, seed=2)
    expected = [cgal_pairs(frame, mesh[1]) for frame in frames]
    assert sum(bool(pairs) for pairs in expected) >= 15
    assert [as_set(pairs) for pairs in pairs_of(frames, mesh[1], backend)] == expected


@pytest.mark.parametrize("backend", BACKENDS)
def test_two_spheres(backend):
    one = sphere(3)

    def at(x):
        return pairs_of(*both(one, sphere(3, centre=(x, 0.01, 0.02))), backend)[0]

    assert len(at(2.5)) == 0  # apart
    assert len(pairs_of(*both(one, sphere(3, radius=0.5)), backend)[0]) == 0  # one inside the other: no surface crosses
    pairs = at(1.0)
    assert (pairs[:, 0] < len(one[1])).all() and (pairs[:, 1] >= len(one[1])).all()
    # They meet in a circle about their axis, and a triangle that crosses another reaches it within one edge length.
    vertices, faces = both(one, sphere(3, centre=(1.0, 0.01, 0.02)))
    middle = np.array([0.5, 0.005, 0.01])
    axis = middle / np.linalg.norm(middle)
    away = vertices[faces[pairs.ravel()]].mean(axis=1) - middle
    along = away @ axis
    from_circle = np.hypot(along, np.linalg.norm(away - along[:, None] * axis, axis=1) - np.sqrt(1 - middle @ middle))
    assert from_circle.max() < 0.16 < np.sqrt(1 - middle @ middle)
    # Walking round the circle leaves and enters a triangle of either sphere at every pair: it is closed.
    angles = np.sort(np.arctan2(away[:, 2], away[:, 1]))
    assert np.diff(angles).max() < 0.2


@pytest.mark.parametrize("backend", BACKENDS)
def test_moving_and_turning_the_mesh_changes_nothing(backend):
    mesh = torus(16, 8)
    # On a grid of 2^-12 m a shift by whole metres and a quarter turn are exact in float32.
    frames = np.round(wobbled(mesh, 3, seed=5) * 4096) / 4096
    quarter = frames[..., [1, 0, 2]] * np.array([-1, 1, 1])
    expected = [as_set(pairs) for pairs in pairs_of(frames, mesh[1], backend)]
    assert sum(map(len, expected)) > 100
    for moved in (frames + np.array([3, -17, 100]), quarter, frames[..., [1, 2, 0]], frames * -1):
        assert [as_set(pairs) for pairs in pairs_of(moved, mesh[1], backend)] == expected


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_order_of_faces_corners_and_frames_does_not_matter(backend):
    mesh = torus(16, 8)
    frames = wobbled(mesh, 4, seed=4)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(mesh[1]))
    shuffled = np.stack([rng.permutation(face) for face in mesh[1][order]])
    here = pairs_of(frames, mesh[1], backend)
    there = pairs_of(frames[::-1], shuffled, backend)[::-1]
    assert [as_set(np.sort(order[pairs], axis=1)) for pairs in there] == [as_set(pairs) for pairs in here]
    alone = [pairs_of(frame, mesh[1], backend)[0] for frame in frames]  # a frame does not see the tree of another
    for pairs, again in zip(here, alone, strict=True):
        np.testing.assert_array_equal(pairs, again)
        np.testing.assert_array_equal(pairs, np.unique(pairs, axis=0))  # sorted, and every pair once


@pytest.mark.parametrize("backend", BACKENDS)
def test_more_pairs_than_faces(backend):
    # 20 triangles that each cross 20 others: 400 pairs of 40 faces, more than the first buffer holds.
    vertices, faces = crossing_stacks(20)
    assert as_set(pairs_of(vertices, faces, backend)[0]) == {(i, 20 + j) for i in range(20) for j in range(20)}
    assert body_penetration(vertices, faces, backend=backend, device="cpu").tolist() == [1000]
    # 8 of each of the first 20 triangles; the others have no pair with a higher number.
    assert body_penetration(vertices, faces, max_collisions=8, backend=backend).tolist() == [400]


def test_pairs_of_the_rest_pose_do_not_count():
    mesh = torus(16, 8)
    frames = wobbled(mesh, 3, seed=1)
    pairs = pairs_of(frames, mesh[1], "numpy")
    rest = pairs[0]
    left = [len(as_set(p) - as_set(rest)) for p in pairs]
    assert left[0] == 0 < left[1]
    penetration = body_penetration(frames, mesh[1], rest, backend="numpy")
    np.testing.assert_array_equal(penetration, np.array(left) / len(mesh[1]) * 100)
    np.testing.assert_array_equal(body_penetration(frames, mesh[1], rest[:0], backend="numpy")[0:1], len(rest) / 2.56)


def test_at_most_so_many_of_those_that_count():
    vertices, faces = crossing_stacks(3)  # pairs (0, 3) (0, 4) (0, 5) (1, 3) ...
    rest = np.array([(0, 3), (1, 3), (1, 4)])
    penetration = body_penetration(vertices, faces, rest, max_collisions=2, backend="numpy")
    assert penetration.tolist() == [(2 + 1 + 2) / 6 * 100]


def test_tensors_and_single_frames_are_taken():
    torch = pytest.importorskip("torch")
    vertices, faces = crossing_stacks(3)
    (expected,) = pairs_of(vertices, faces, "numpy")
    (pairs,) = pairs_of(torch.tensor(vertices[None], requires_grad=True), torch.tensor(faces), "numpy")
    np.testing.assert_array_equal(pairs, expected)
    assert pairs.dtype == np.int64


GOOD = crossing_stacks(2)


@pytest.mark.parametrize(
    ("vertices", "faces", "message"),
    [
        (GOOD[0][:, :2], GOOD[1], r"shape \(12, 2\); expected \(V, 3\)"),
        (GOOD[0], GOOD[1] + 1, r"name vertices 1 to 12; the mesh has 0 to 11 .*counted from 1"),
        (GOOD[0], GOOD[1] - 1, "name vertices -1 to 10"),
        (GOOD[0], GOOD[1].reshape(-1, 4), r"shape \(3, 4\)"),
        (GOOD[0], GOOD[1][:0], "F > 0"),
        (GOOD[0], GOOD[1].astype(float), "float64"),
        (np.stack([GOOD[0], np.where(np.arange(12)[:, None] == 7, np.nan, GOOD[0])]), GOOD[1], "frame 1, vertex 7"),
    ],
)
def test_bad_meshes_are_refused(vertices, faces, message):
    with pytest.raises(MeshError, match=message):
        self_intersections(vertices, faces)


def test_bad_options_are_refused():
    with pytest.raises(ConfigError, match="backend 'cgal' is unknown"):
        self_intersections(*GOOD, backend="cgal")
    with pytest.raises(ConfigError, match="max_collisions is 0"):
        body_penetration(*GOOD, max_collisions=0)
    pytest.importorskip("warp", reason="needs the extra body")
    for name in ("tpu", "cpu:1", "cuda:x"):
        with pytest.raises(ConfigError, match="expected auto, cpu, cuda or cuda:N"):
            warp_device(name)
    with pytest.raises(ConfigError, match="'cuda:99' is not here"):
        warp_device("cuda:99")


@pytest.fixture
def gpu() -> str:
    warp = pytest.importorskip("warp", reason="needs the extra body")
    warp_device("auto")
    if not warp.get_cuda_device_count():
        pytest.skip("needs a CUDA device, and warp sees none")
    return "cuda"


def test_a_gpu_finds_the_same(gpu):
    mesh = sphere(4)
    frames = wobbled(mesh, 10, seed=6)
    for ours, theirs in zip(pairs_of(frames, mesh[1]), self_intersections(frames, mesh[1], gpu, "warp"), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_warp_is_silent_and_numpy_does_without_it():
    code = "import sys, numpy as np\nfrom mbench.body.contact import self_intersections as s\n"
    mesh = "(np.random.default_rng(0).random((30, 3)), np.arange(30).reshape(-1, 3)"
    run = [sys.executable, "-c", f"{code}print(len(s{mesh}, 'cpu', 'numpy')[0]), 'warp' in sys.modules)"]
    numpy_only = subprocess.run(run, capture_output=True, text=True, check=True)
    pytest.importorskip("warp", reason="needs the extra body")
    run = [sys.executable, "-c", f"{code}print(len(s{mesh}, 'auto', 'warp')[0]), 'torch' in sys.modules)"]
    compiled = subprocess.run(run, capture_output=True, text=True, check=True)
    assert compiled.stdout == numpy_only.stdout and compiled.stdout.split()[1] == "False"
    assert compiled.stderr == numpy_only.stderr == ""
