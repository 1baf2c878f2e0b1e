"""What the renderer writes: videos, filmstrips, animated bodies, and the command."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from conftest import make_walk
from helpers import mbench, one_line_error
from mbench.cli import main
from mbench.errors import ConfigError, MBenchError
from mbench.io import write_motion
from mbench.render import write_video
from motions import posed

av = pytest.importorskip("av")


def pictures(count: int, height: int = 64, width: int = 96) -> list[np.ndarray]:
    """Return pictures with a square that moves."""
    made = np.full((count, height, width, 3), (40, 90, 200), dtype=np.uint8)
    for t in range(count):
        made[t, 20:40, 2 * t : 2 * t + 20] = (220, 120, 30)
    return list(made)


def decoded(path: Path) -> tuple[object, np.ndarray]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24", src_colorspace="ITU709") for frame in container.decode(stream)]
        return stream.codec_context, np.array(frames)


def atoms(data: bytes) -> list[str]:
    """Return the names of the top-level boxes of an mp4, in order."""
    found, at = [], 0
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        found.append(name.decode())
        at += size
    return found


@pytest.mark.parametrize("fps", [20.0, 29.97, 12.5, 120.0])
def test_a_video_comes_back_with_its_frames_rate_and_colours(tmp_path, fps):
    path = tmp_path / "new" / "video.mp4"
    made = pictures(25)
    assert write_video(iter(made), path, fps) == 25
    context, frames = decoded(path)
    assert (context.name, context.pix_fmt, context.width, context.height) == ("h264", "yuv420p", 96, 64)
    assert frames.shape == (25, 64, 96, 3)
    assert np.abs(frames.astype(int) - made).mean() < 3
    assert np.abs(frames[:, 50:].astype(int) - (40, 90, 200)).max() <= 4
    with av.open(str(path)) as container:
        assert float(container.streams.video[0].average_rate) == pytest.approx(fps, rel=1e-4)
        assert container.duration / 1e6 == pytest.approx(25 / fps, abs=1 / fps)


def test_a_browser_can_start_a_video_before_it_has_all_of_it(tmp_path):
    write_video(pictures(5), tmp_path / "a.mp4", 20)
    names = atoms((tmp_path / "a.mp4").read_bytes())
    assert names.index("moov") < names.index("mdat")


def test_a_video_that_fails_leaves_the_old_one_and_no_scraps(tmp_path):
    path = tmp_path / "a.mp4"
    write_video(pictures(3), path, 20)
    before = path.read_bytes()

    def failing():
        yield from pictures(4)
        raise RuntimeError("the model stopped")

    with pytest.raises(RuntimeError, match="the model stopped"):
        write_video(failing(), path, 20)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("made", "name", "fps", "words"),
    [
        ([], "a.mp4", 20, "no pictures"),
        (pictures(2, 63), "a.mp4", 20, "96 x 63; H.264 needs even sides"),
        (pictures(2, 64) + pictures(1, 66), "a.mp4", 20, "expected one size"),
        ([np.zeros((64, 64), np.uint8)], "a.mp4", 20, "expected uint8"),
        ([np.zeros((64, 64, 3))], "a.mp4", 20, "float64"),
        (pictures(2), "a.avi", 20, "suffix '.avi'"),
        (pictures(2), "a.mp4", 0, "fps is 0"),
        (pictures(2), "a.mp4", float("nan"), "fps is nan"),
    ],
)
def test_what_is_no_video_is_told_in_one_line(tmp_path, made, name, fps, words):
    with pytest.raises(ConfigError) as error:
        write_video(made, tmp_path / name, fps)
    assert words in str(error.value) and "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_place_that_can_not_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MBenchError, match=r"can't be written"):
        write_video(pictures(2), tmp_path / "file" / "a.mp4", 20)


@pytest.fixture(scope="module")
def walk_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("motion") / "walk.npz"
    write_motion(make_walk(1.0, 30.0), path)
    return path


def test_the_command_writes_videos(tmp_path, walk_file):
    out = tmp_path / "out.mp4"
    result = mbench("render", walk_file, out, "--style", "skeleton", "--size", "128", "--fps", "10", "--view", "follow")
    assert result.returncode == 0, result.stderr
    assert "10 frames at 10 fps" in result.stdout and str(out) in result.stdout
    context, frames = decoded(out)
    assert frames.shape == (10, 128, 128, 3) and context.pix_fmt == "yuv420p"
    redder = frames[..., 0].astype(int) - frames[..., 2]
    assert ((redder > 40).sum(axis=(1, 2)) > 30).all() and ((redder < -40).sum(axis=(1, 2)) > 30).all()


def test_the_command_writes_filmstrips(tmp_path, walk_file):
    from PIL import Image

    out = tmp_path / "out.png"
    assert mbench("render", walk_file, out, "--strip", "4", "--size", "96", "--style", "skeleton").returncode == 0
    strip = np.array(Image.open(out)).astype(int)
    assert strip.shape[0] == 96 and strip.shape[1] % 4 == 0
    assert all(((panel[..., 0] - panel[..., 2]) > 40).sum() > 20 for panel in np.split(strip, 4, axis=1))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["out.gif"], [".gif", ".mp4"]),
        (["out"], ["suffix ''", ".mp4"]),
        (["out.glb"], ["mbench convert"]),
        (["out.mp4", "--strip", "4"], ["--strip", ".png"]),
        (["out.mp4", "--view", "top"], ["view is 'top'", "follow"]),
        (["out.mp4", "--preset", "mbenc"], ["mbench"]),
        (["out.mp4", "--size", "333"], ["333", "even"]),
        (["out.mp4", "--style", "skeleton", "--fps", "-1"], ["fps"]),
        (["out.mp4", "--body", "defaul"], ["defaul", "default"]),
    ],
)
def test_the_command_tells_what_is_wrong_in_one_line(tmp_path, walk_file, arguments, words, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["mbench", "render", str(walk_file), *arguments])
    with pytest.raises(SystemExit) as exit:
        main()
    lines = capsys.readouterr().err.splitlines()
    assert exit.value.code == 2 and len(lines) == 1 and all(word in lines[0] for word in words)
    assert not list(tmp_path.iterdir())


def test_the_command_tells_of_a_motion_that_is_not_there(tmp_path):
    one_line_error(mbench("render", "nothing.npz", "out.mp4", cwd=tmp_path), "nothing.npz", "no such file")


class Glb:
    """A `.glb` file, read by the format's page."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        magic, version, size = struct.unpack("<4sII", data[:12])
        assert (magic, version, size) == (b"glTF", 2, len(data))
        length, kind = struct.unpack("<I4s", data[12:20])
        assert kind == b"JSON" and length % 4 == 0
        self.json = json.loads(data[20 : 20 + length])
        binary, kind = struct.unpack("<I4s", data[20 + length : 28 + length])
        assert kind == b"BIN\0" and self.json["buffers"] == [{"byteLength": binary}]
        self.binary = data[28 + length :]

    def array(self, number: int) -> np.ndarray:
        accessor = self.json["accessors"][number]
        view = self.json["bufferViews"][accessor["bufferView"]]
        kind = {5126: "<f4", 5121: "u1", 5125: "<u4"}[accessor["componentType"]]
        width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}[accessor["type"]]
        assert view["byteOffset"] % 4 == 0
        values = np.frombuffer(self.binary, kind, accessor["count"] * width, view["byteOffset"])
        return values.reshape(accessor["count"], width)

    def skinned(self, frame: int) -> np.ndarray:
        """Return the vertices of a frame, as the format's page says to compute them."""
        from scipy.spatial.transform import Rotation

        nodes, animation, skin = self.json["nodes"], self.json["animations"][0], self.json["skins"][0]
        local = {n: np.eye(4) for n in range(len(nodes))}
        for n, node in enumerate(nodes):
            local[n][:3, 3] = node.get("translation", [0, 0, 0])
        for channel in animation["channels"]:
            value = self.array(animation["samplers"][channel["sampler"]]["output"])[frame]
            node, path = channel["target"]["node"], channel["target"]["path"]
            if path == "translation":
                local[node][:3, 3] = value
            else:
                local[node][:3, :3] = Rotation.from_quat(value).as_matrix()
        world: dict[int, np.ndarray] = {}

        def visit(node: int, above: np.ndarray) -> None:
            world[node] = above @ local[node]
            for child in nodes[node].get("children", []):
                visit(child, world[node])

        for node in self.json["scenes"][0]["nodes"]:
            visit(node, np.eye(4))
        bind = self.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).swapaxes(1, 2)
        moves = np.array([world[node] @ matrix for node, matrix in zip(skin["joints"], bind, strict=True)])
        attributes = self.json["meshes"][0]["primitives"][0]["attributes"]
        points = np.c_[
            self.array(attributes["POSITION"]), np.ones(self.json["accessors"][attributes["POSITION"]]["count"])
        ]
        blend = np.einsum(
            "vk,vkab->vab", self.array(attributes["WEIGHTS_0"]), moves[self.array(attributes["JOINTS_0"])]
        )
        return np.einsum("vab,vb->va", blend, points)[:, :3]


@pytest.mark.parametrize("body", ["capsules", "default"])
def test_a_glb_moves_as_the_renderer_draws(tmp_path, body):
    from mbench.render.body_figure import body_figure
    from mbench.render.glb import write_glb
    from mbench.render.look import Look

    motion = posed(3, 12)
    write_glb(motion, tmp_path / "a.glb", body)
    file, figure = Glb(tmp_path / "a.glb"), body_figure(motion, body, Look())
    for frame in (0, 7, 11):
        x, y, z = file.skinned(frame).T
        ours = np.stack([-x, z, y], axis=-1)
        away = np.linalg.norm(ours - figure.vertices(frame, frame + 1)[0], axis=-1)
        assert np.median(away) < 1e-4 and away.max() < 0.01  # of more than four weights the small ones are lost
    times = file.array(file.json["animations"][0]["samplers"][0]["input"])[:, 0]
    assert times == pytest.approx(np.arange(12) / 20)
    attributes = file.json["meshes"][0]["primitives"][0]["attributes"]
    assert np.linalg.norm(file.array(attributes["NORMAL"]), axis=1) == pytest.approx(1, abs=1e-5)
    assert file.array(attributes["WEIGHTS_0"]).sum(axis=1) == pytest.approx(1, abs=1e-6)


def test_a_glb_of_joints_without_rotations_comes_from_a_fit(tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "cache"))
    motion = make_walk(0.5)
    write_motion(motion, tmp_path / "a.glb")
    file = Glb(tmp_path / "a.glb")
    assert file.json["asset"]["version"] == "2.0" and len(file.json["skins"][0]["joints"]) == 22
    heights = [file.skinned(frame)[:, 1] for frame in (0, 9)]
    assert all(abs(h.min()) < 0.06 and 1.4 < h.max() < 2.0 for h in heights)
    ahead = file.skinned(9)[:, 2].mean() - file.skinned(0)[:, 2].mean()
    assert ahead == pytest.approx(0.45, abs=0.05)


VALIDATE = """
const validator = require("gltf-validator"), fs = require("fs");
validator.validateBytes(new Uint8Array(fs.readFileSync(process.argv[1])))
  .then(report => console.log(JSON.stringify(report.issues)));
"""


def test_the_official_validator_has_nothing_to_say(tmp_path):
    node = shutil.which("node")
    if node is None or subprocess.run([node, "-e", "require('gltf-validator')"], capture_output=True).returncode:
        pytest.skip("needs node with the package gltf-validator (npm install gltf-validator; set NODE_PATH)")
    write_motion(posed(5, 6), tmp_path / "a.glb")
    report = subprocess.run([node, "-e", VALIDATE, str(tmp_path / "a.glb")], capture_output=True, text=True, check=True)
    issues = json.loads(report.stdout)
    assert (issues["numErrors"], issues["numWarnings"], issues["numInfos"], issues["numHints"]) == (0, 0, 0, 0), issues


def test_the_command_converts_to_glb(tmp_path):
    write_motion(posed(1, 4), tmp_path / "a.npz")
    result = mbench("convert", "a.npz", "a.glb", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert Glb(tmp_path / "a.glb").json["nodes"][1]["name"] == "pelvis"
