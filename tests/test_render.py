"""The renderer: rays, cameras, figures. What pictures must show is computed, not compared to a golden."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from conftest import make_walk
from mbench.datasets.shards import Shards
from mbench.errors import ConfigError, MBenchError
from mbench.motion import Motion, Pose
from mbench.motion.canonical import yaw
from mbench.motion.skeleton import BONES, INDEX, PELVIS
from mbench.render import render, render_strip
from mbench.render.camera import Camera, axes_towards, framing
from mbench.render.figure import still
from mbench.render.frames import draw, figure_of
from mbench.render.look import Look, look_of
from mbench.render.skeleton_figure import skeleton_figure
from mbench.render.view import VIEWS, cameras
from motions import posed

NOWHERE = np.zeros((1, 3))  # a path of one point is no line; the floor is clear around it


@pytest.fixture(scope="module")
def walk() -> Motion:
    return make_walk(2.0)


def sphere(radius: float, centre: tuple[float, float, float], rings: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices (V, 3) and faces (F, 3) of a ball."""
    polar = np.pi * np.arange(1, rings) / rings
    around = 2 * np.pi * np.arange(2 * rings) / (2 * rings)
    ring = np.stack([np.cos(around), np.sin(around), 0 * around], axis=-1)
    body = np.sin(polar)[:, None, None] * ring + np.cos(polar)[:, None, None] * [0, 0, 1]
    points = np.concatenate([[[0, 0, 1]], body.reshape(-1, 3), [[0, 0, -1]]])
    n, i = 2 * rings, np.arange(2 * rings)
    j = (i + 1) % n
    faces = [np.stack([0 * i, 1 + i, 1 + j], axis=-1)]
    for k in range(rings - 2):
        a, b = 1 + k * n, 1 + (k + 1) * n
        faces += [np.stack([a + i, b + i, b + j], axis=-1), np.stack([a + i, b + j, a + j], axis=-1)]
    last = 1 + (rings - 2) * n
    faces.append(np.stack([last + i, 0 * i + len(points) - 1, last + j], axis=-1))
    return points * radius + centre, np.concatenate(faces)


def one_picture(vertices: np.ndarray, faces: np.ndarray, camera: Camera, device: str = "cpu") -> np.ndarray:
    return next(draw(still(faces, vertices[None].astype(np.float32)), [camera], Look(), NOWHERE, device))


def level_camera(height: float, distance: float, fov: float = 40.0, size: int = 256) -> Camera:
    """Return a camera on the +y side that looks along -y."""
    return Camera(np.array([0, distance, height]), axes_towards(90, 0), float(np.tan(np.radians(fov) / 2)), size, size)


@pytest.mark.parametrize(("radius", "distance"), [(0.5, 4.0), (1.0, 5.0), (0.2, 3.0)])
def test_silhouette_of_a_ball_has_the_analytic_radius(radius, distance):
    camera = level_camera(20.0, distance)
    ball = one_picture(*sphere(radius, (0, 0, 20)), camera)
    empty = one_picture(*sphere(radius, (0, 1000, 20)), camera)
    covered = np.abs(ball.astype(int) - empty).max(axis=-1) > 4
    # A ball is seen as a disc of angular radius asin(R / d), so its edge is at tan of that: R / sqrt(d^2 - R^2).
    expected = 128 / camera.tangent * radius / np.sqrt(distance**2 - radius**2)
    rows, columns = np.nonzero(covered)
    assert np.sqrt(covered.sum() / np.pi) == pytest.approx(expected, abs=0.6)
    assert columns.max() - columns.min() + 1 == pytest.approx(2 * expected, abs=2)
    assert (rows + 0.5).mean() == pytest.approx(128, abs=0.3)


def test_every_ray_meets_the_face_that_brute_force_finds(walk):
    from mbench.render.frames import _tracer
    from mbench.render.kernel_rays import FACES, NOTHING

    look = look_of(None, 128, "follow")
    camera = cameras(walk, look)[7]
    figure = skeleton_figure(walk, look)
    vertices = figure.vertices(7, 8)[0]
    tracer = _tracer(figure, [camera], look, NOWHERE, "cpu")
    tracer.draw(vertices, camera)
    met = tracer._nearest.numpy()
    met = np.where(met == int(NOTHING), -1, met % int(FACES))
    rng = np.random.default_rng(0)
    rows, columns = rng.integers(0, 128, (2, 400))
    rays = camera.rays(np.stack([columns, rows], axis=-1) + 0.5)
    corners = vertices[figure.faces].astype(np.float64)
    for row, column, ray in zip(rows, columns, rays, strict=True):
        expected, distances = brute_force(camera.eye, ray, corners)
        if expected < 0:
            assert met[row, column] < 0
        elif met[row, column] != expected:  # two faces that meet in the ray's point
            assert distances[met[row, column]] == pytest.approx(distances[expected], abs=1e-4)
    assert (met >= 0).sum() > 500


def brute_force(eye: np.ndarray, ray: np.ndarray, corners: np.ndarray) -> tuple[int, np.ndarray]:
    """Return the nearest face in front of the floor (-1: none) and all distances; Moeller and Trumbore, 1997."""
    a, e1, e2 = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    p = np.cross(ray, e2)
    det = (e1 * p).sum(axis=1)
    det = np.where(np.abs(det) < 1e-14, np.nan, det)
    u = ((eye - a) * p).sum(axis=1) / det
    q = np.cross(eye - a, e1)
    v = (ray * q).sum(axis=1) / det
    t = (e2 * q).sum(axis=1) / det
    floor = -eye[2] / ray[2] if ray[2] < 0 else np.inf
    inside = (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0) & (t < floor)
    distances = np.where(inside, t, np.inf)
    nearest = int(np.argmin(distances))
    return (nearest if np.isfinite(distances[nearest]) else -1), distances


def test_projection_and_rays_are_each_others_inverse():
    rng = np.random.default_rng(1)
    camera = Camera(rng.normal(size=3), axes_towards(33, 20), 0.4, 320, 200)
    pixels = rng.uniform(0, 200, (50, 2))
    depth = rng.uniform(1, 9, 50)
    rays = camera.rays(pixels)
    points = camera.eye + rays * (depth / (rays @ camera.axes[2]))[:, None]
    assert camera.project(points) == pytest.approx(np.column_stack([pixels, depth]))
    assert camera.project(camera.eye - camera.axes[2])[2] == pytest.approx(-1)


@pytest.mark.parametrize("seed", range(5))
def test_framing_has_every_ball_in_the_picture_and_no_room_to_spare(seed):
    rng = np.random.default_rng(seed)
    points, radius = rng.normal(size=(30, 3)) * rng.uniform(0.2, 5, 3), rng.uniform(0.05, 0.4, 30)
    axes, size = axes_towards(rng.uniform(0, 360), rng.uniform(0, 60)), (int(rng.integers(100, 400)), 200)
    camera = framing(points, radius, axes, rng.uniform(20, 80), *size, margin=0.0)
    surface = rng.normal(size=(3000, 3))
    surface /= np.linalg.norm(surface, axis=1, keepdims=True)
    seen = camera.project(points[:, None] + radius[:, None, None] * surface)
    assert (seen[..., 2] > 0).all()
    shares = (seen[..., :2] / size).reshape(-1, 2)
    assert shares.min() > -1e-6 and shares.max() < 1 + 1e-6
    spans = np.ptp(shares, axis=0)
    assert spans.max() == pytest.approx(1, abs=0.02)


def test_same_motion_gives_the_same_bytes_whatever_the_number_of_threads(walk, monkeypatch):
    short = walk.replace(joints=walk.joints[:16])

    def digest() -> str:
        pictures = render(short, style="skeleton", size=128, view="follow", device="cpu")
        return hashlib.sha256(b"".join(picture.tobytes() for picture in pictures)).hexdigest()

    first = digest()
    assert digest() == first
    for cores in (1, 5):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        assert digest() == first


def test_pictures_come_one_a_frame_in_order(walk):
    pictures = list(render(walk, style="skeleton", size=128, device="cpu"))
    assert len(pictures) == len(walk)
    assert {(p.shape, p.dtype) for p in pictures} == {((128, 128, 3), np.dtype(np.uint8))}
    backwards = list(render(walk.replace(joints=walk.joints[::-1]), style="skeleton", size=128, device="cpu"))
    assert np.array_equal(backwards[::-1], pictures) and not np.array_equal(backwards, pictures)


def test_the_floor_hides_what_is_below_it_and_takes_the_shadow_of_what_is_above():
    camera = Camera(np.array([0, 3.0, 2.0]), axes_towards(90, 35), 0.4, 128, 128)
    empty = one_picture(*sphere(0.2, (0, 500, 1)), camera)
    below = one_picture(*sphere(0.3, (0, 0, -0.4)), camera)
    assert np.array_equal(below, empty)
    resting = one_picture(*sphere(0.2, (0, 0, 0.2)), camera)
    darker = empty.astype(int).sum(axis=-1) - resting.sum(axis=-1)
    column, row, _ = camera.project([0.0, -0.03, 0.0]).astype(int)
    assert darker[row + 3 : row + 9, column - 3 : column + 3].min() > 5 or darker.max() > 60
    assert (np.abs(resting.astype(int) - empty).max(axis=-1) > 0).sum() < 128 * 128 / 3


def assert_in_picture(motion: Motion, style: str, step: int, *looks: Look) -> None:
    """Check that all vertices of every `step`-th frame are in the picture, and that they fill a good part of it."""
    figure = figure_of(motion, style, "default", looks[0])
    frames = range(0, len(motion), step)
    skins = [figure.vertices(t, t + 1)[0] for t in frames]
    for look in looks:
        views = cameras(motion, look)
        seen = np.array([views[t].project(skin) for t, skin in zip(frames, skins, strict=True)])
        assert seen[..., 2].min() > 0
        assert seen[..., :2].min() >= 0 and seen[..., :2].max() <= look.size
        assert np.ptp(seen[..., :2].reshape(-1, 2), axis=0).max() > look.size / 2


@pytest.mark.parametrize("preset", [None, "mbench"])
@pytest.mark.parametrize("view", ["fixed", "follow", "front", "side"])
def test_a_ten_metre_walk_stays_in_the_picture(view, preset):
    for angle in (0.0, 2.0):
        assert_in_picture(yaw(make_walk(10.0), angle), "skeleton", 10, look_of(preset, 256, view))


CLIPS = {
    "walk": "bandai1_walk_musical_001",
    "jump": "cmu_13_11",
    "cartwheel": "cmu_49_07",
    "crawl": "dm_humanoid3d_crawl",
}


@pytest.mark.parametrize("clip", CLIPS)
def test_all_of_a_real_body_stays_in_the_picture(shared, clip):
    shards = Shards(shared / "mocap")
    motion = shards.motion(next(shards.where(id=CLIPS[clip])))
    assert_in_picture(motion, "mesh", 8, *(look_of(None, 256, view) for view in VIEWS))


def test_a_camera_that_follows_keeps_the_pelvis_near_the_middle(walk):
    long = make_walk(12.0)
    views = cameras(long, look_of(None, 256, "follow"))
    columns = np.array([v.project(long.joints[t, PELVIS])[0] for t, v in enumerate(views)])
    assert np.abs(columns - 128).max() < 256 * 0.2
    assert np.ptp(columns[40:-40]) < 4  # what is left of the walk's rhythm
    assert len({id(view) for view in cameras(walk, look_of(None, 256, "fixed"))}) == 1


@pytest.mark.parametrize("angle", [0.0, 1.0, 3.0, -2.0])
def test_front_and_side_are_those_of_the_person(angle):
    person = yaw(make_walk(1.0), angle)
    left, right = person.joints[0, INDEX["left_wrist"]], person.joints[0, INDEX["right_wrist"]]
    front = cameras(person, look_of(None, 256, "front"))[0]
    assert front.project(right)[0] < 100 and front.project(left)[0] > 156
    assert front.project(left)[2] == pytest.approx(front.project(right)[2], abs=0.02)
    side = cameras(person, look_of(None, 256, "side"))[0]
    assert side.project(right)[2] < side.project(left)[2] - 1.0


def test_left_is_blue_and_right_is_orange(walk):
    pictures = next(render(walk, style="skeleton", size=256, view="front", device="cpu")).astype(int)
    redder = pictures[..., 0] - pictures[..., 2]
    orange, blue = np.nonzero(redder > 50)[1], np.nonzero(redder < -50)[1]
    assert len(orange) > 200 and len(blue) > 200 and orange.mean() < 128 < blue.mean()


def test_capsules_are_closed_face_outward_and_lie_around_their_bones():
    motion = posed(4, 3)
    figure = skeleton_figure(motion, Look())
    vertices = figure.vertices(0, 3)
    edges = np.concatenate([figure.faces[:, [i, (i + 1) % 3]] for i in range(3)])
    assert {tuple(e) for e in edges.tolist()} == {tuple(e[::-1]) for e in edges.tolist()}
    assert len(np.unique(edges, axis=0)) == len(edges)
    count = vertices.shape[1] // (len(BONES) + 1)
    volume = np.einsum(
        "fi,fi->f", vertices[1][figure.faces[:, 0]], np.cross(*(vertices[1][figure.faces[:, k]] for k in (1, 2)))
    )
    pieces = volume.reshape(len(BONES) + 1, -1).sum(axis=1)
    assert (pieces > 0).all()
    for number, (parent, child) in enumerate(BONES):
        a, b = motion.joints[1, parent].astype(float), motion.joints[1, child].astype(float)
        skin = vertices[1, number * count : (number + 1) * count].astype(float)
        t = ((skin - a) @ (b - a) / ((b - a) @ (b - a))).clip(0, 1)
        away = np.linalg.norm(skin - a - t[:, None] * (b - a), axis=1)
        assert np.ptp(away) < 1e-5 and 0.02 < away.mean() < 0.08


def test_a_strip_has_as_many_figures_as_asked_for(walk):
    picture = render_strip(walk, 6, style="skeleton", size=128, device="cpu").astype(int)
    assert picture.shape[0] == 128 and picture.shape[1] % 6 == 0
    redder = np.split(picture[..., 0] - picture[..., 2], 6, axis=1)
    assert all((r > 50).sum() > 50 and (r < -50).sum() > 50 for r in redder)
    assert not np.array_equal(redder[0], redder[1])
    short = walk.replace(joints=walk.joints[:2])
    two = render_strip(short, 8, style="skeleton", size=128, device="cpu")
    assert two.shape[1] == 2 * render_strip(short, 1, style="skeleton", size=128, device="cpu").shape[1]


def test_the_frame_counter_changes_only_its_corner(walk):
    short = walk.replace(joints=walk.joints[:3])
    plain = list(render(short, style="skeleton", size=256, device="cpu"))
    counted = list(render(short, style="skeleton", size=256, device="cpu", frame_counter=True))
    for a, b in zip(plain, counted, strict=True):
        rows, columns = np.nonzero((a != b).any(axis=-1))
        assert len(rows) > 20 and rows.max() < 30 and columns.max() < 128
    assert not np.array_equal(counted[1][:30], counted[2][:30])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"style": "meshes"}, ["style is 'meshes'", "did you mean 'mesh'"]),
        ({"view": "folow"}, ["view is 'folow'", "did you mean 'follow'"]),
        ({"preset": "mbnch"}, ["preset is 'mbnch'", "did you mean 'mbench'"]),
        ({"size": 511}, ["size is 511", "even"]),
        ({"size": 0}, ["size is 0"]),
        ({"size": 20000}, ["size is 20000", "4096"]),
        ({"device": "gpu"}, ["device 'gpu'", "cuda"]),
        ({"style": "mesh", "body": "defalt"}, ["defalt", "default"]),
        ({"style": "mesh", "body": "nowhere/body.npz"}, ["nowhere/body.npz"]),
    ],
)
def test_bad_options_are_told_in_one_line_before_anything_is_drawn(walk, options, words):
    with pytest.raises(MBenchError) as error:
        render(walk, **{"style": "skeleton", **options})
    assert "\n" not in str(error.value)
    assert all(word in str(error.value) for word in words)


def test_a_strip_needs_a_frame(walk):
    with pytest.raises(MBenchError, match="0 frames"):
        render_strip(walk, 0, style="skeleton")


def test_standing_still_lying_and_upside_down_are_drawn():
    """Degenerate cameras: no path, no heading (hips above each other), everything below the floor."""
    still_one = make_walk(0.5)
    lying = still_one.joints @ np.array([[0, 0, 1.0], [0, 1, 0], [-1, 0, 0]], dtype=np.float32)
    for joints in (still_one.joints[:1], lying, still_one.joints * (1, 1, -1) - (0, 0, 3)):
        for view in ("fixed", "follow"):
            pictures = list(render(Motion(joints[:2]), style="skeleton", size=128, view=view, device="cpu"))
            assert all(np.isfinite(p).all() for p in pictures)


def test_the_preset_is_the_published_view():
    look = look_of("mbench")
    assert (look.size, look.fps, look.view, look.fov, look.tilt) == (960, 20, "fixed", 60, 30)
    assert look.left == look.right == look.middle
    assert look_of("mbench", 256, "side").size == 256
    camera = cameras(make_walk(1.0), look)[0]
    assert np.degrees(np.arctan(camera.tangent)) == pytest.approx(30)
    assert np.degrees(np.arcsin(-camera.axes[2, 2])) == pytest.approx(30)


def test_cuda_draws_what_the_cpu_draws(walk):
    from mbench.body.device import warp_device

    if warp_device("auto") == "cpu":
        pytest.skip("needs a CUDA device")
    for style in ("skeleton", "mesh"):
        cpu, cuda = (list(render(walk, style=style, size=256, view="follow", device=d)) for d in ("cpu", "cuda"))
        difference = np.abs(np.array(cpu, dtype=int) - np.array(cuda))
        assert (difference > 2).mean() < 0.002 and difference.mean() < 0.05


def test_body_takes_the_bones_of_the_motion():
    from mbench.body import load_body
    from mbench.motion.kinematics import forward_kinematics, world_rotations
    from mbench.render.bones import joints_of
    from mbench.render.reshape import Reshaped

    body = load_body("capsules")
    motion = posed(2, 5)
    assert motion.pose is not None
    unchanged = Reshaped(body, 1.2, 1.2 * body.rest_offsets)
    plain, _ = body.pose(motion.pose.rotations, np.zeros((5, 3), dtype=np.float32))
    assert unchanged.posed(motion.pose.rotations, np.ones((5, 3))) == pytest.approx(1.2 * plain.numpy() + 1, abs=1e-5)
    longer = body.rest_offsets * 1.0
    longer[[INDEX["left_ankle"], INDEX["right_elbow"]]] *= 1.3
    shaped = Reshaped(body, 1.0, longer)
    # Plain linear blend skinning of the stretched T-pose.
    turns, rest = world_rotations(motion.pose.rotations), joints_of(shaped.offsets)
    joints = forward_kinematics(motion.pose.rotations, np.zeros((5, 3)), shaped.offsets)
    moved = np.einsum("tjab,vjb->tvja", turns, shaped.vertices[:, None] - rest) + joints[:, None]
    expected = np.einsum("vj,tvja->tva", body.weights, moved)
    assert shaped.posed(motion.pose.rotations, np.zeros((5, 3))) == pytest.approx(expected, abs=2e-5)
    sole = np.ptp(shaped.vertices[:, 2]) - np.ptp(body.rest_vertices[:, 2])
    assert sole == pytest.approx(0.3 * np.linalg.norm(body.rest_offsets[INDEX["left_ankle"]]), rel=0.1)


def test_the_body_is_lifted_onto_the_floor_but_not_out_of_deep_water():
    from mbench.body import load_body
    from mbench.motion.skeleton import N_JOINTS
    from mbench.render.body_figure import lift
    from mbench.render.reshape import Reshaped

    body = load_body("default")
    shaped = Reshaped(body, 1.0, body.rest_offsets)
    pose = Pose(np.tile(np.array([0, 0, 0, 1], dtype=np.float32), (2, N_JOINTS, 1)), body.rest_offsets)
    sole = -float(shaped.vertices[:, 2].min())
    for depth, expected in ((0.01, 0.01), (-0.05, 0.0)):
        rise = lift(shaped, pose, np.array([[0, 0, sole - depth]] * 2))
        assert rise == pytest.approx([0, 0, expected], abs=1e-4)
    assert lift(shaped, pose, np.array([[0, 0, sole - 0.5]] * 2))[2] < 0.08


def test_unknown_view_is_refused_by_cameras_too(walk):
    with pytest.raises(ConfigError, match="view is 'top'"):
        cameras(walk, Look(view="top"))
