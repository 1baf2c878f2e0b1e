"""Files that can't be read: one line that names the file, an error of ours, nothing left behind."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from conftest import make_walk
from io_files import MIXAMO, bvh_rows, bvh_text, files_in
from mbench.errors import ConfigError, FormatError, MBenchError
from mbench.io import read_motion, write_motion

WALK = make_walk(2.0).joints


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def pt(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def with_nan() -> np.ndarray:
    joints = WALK.copy()
    joints[3, 15, 0] = np.nan
    return joints


class Evil:
    """Unpickled without care, this makes a file."""

    def __init__(self, target: str) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return (os.system, (f"touch {self.target}",))


class EvilEval(Evil):
    def __reduce__(self) -> tuple[object, ...]:
        return (eval, (f"open({self.target!r}, 'w')",))


BVH = bvh_text(MIXAMO, bvh_rows())
AMASS = {"poses": np.zeros((5, 156)), "trans": np.zeros((5, 3)), "mocap_framerate": np.array(120.0)}
SMPLX = {"global_orient": np.zeros((5, 3)), "body_pose": np.zeros((5, 63)), "transl": np.zeros((5, 3))}

# name: content, and words of the message
BAD: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "empty.npy": (b"", ("empty",)),
    "empty.bvh": (b"", ("empty",)),
    "noise.npy": (b"hello, this is text", ("not a numpy array",)),
    "cut.npy": (npy(WALK)[:500], ("cut off",)),
    "header_cut.npy": (npy(WALK)[:40], ("cut off",)),
    "objects.npy": (npy(np.array([{"a": 1}], dtype=object)), ("objects", "run code")),
    "integers.npy": (npy((WALK * 1000).astype(np.int16)), ("int16", "quantised")),
    "joints24.npy": (npy(np.zeros((5, 24, 3))), ("(5, 24, 3)", "joints[:, :22]")),
    "joints52.npy": (npy(np.zeros((5, 52, 3))), ("(5, 52, 3)", "joints[:, :22]")),
    "joints21.npy": (npy(np.zeros((5, 21, 3))), ("(5, 21, 3)", "(T, 22, 3)")),
    "batch.npy": (npy(np.zeros((2, 5, 22, 3))), ("batch",)),
    "batch263.npy": (npy(np.zeros((2, 5, 263))), ("batch",)),
    "flat.npy": (npy(np.zeros((5, 66))), ("reshape(-1, 22, 3)",)),
    "transposed.npy": (npy(np.zeros((22, 3, 50))), ("(22, 3, 50)",)),
    "rotations.npy": (npy(np.zeros((5, 22, 6))), ("positions",)),
    "width275.npy": (npy(np.zeros((5, 275))), ("(5, 275)",)),
    "nan.npy": (npy(with_nan()), ("frame 3", "joint 15 (head)")),
    "nan276.npy": (npy(np.full((5, 276), np.nan)), ("finite",)),
    "no_frames.npy": (npy(np.zeros((0, 22, 3))), ("0 frames",)),
    "one_point.npy": (npy(np.zeros((5, 22, 3))), ("unit", "pass unit: m")),
    "archive.npy": (npz(joints=WALK), ("rename it to .npz",)),
    "array.npz": (npy(WALK), ("rename it to .npy",)),
    "cut.npz": (npz(joints=WALK)[:-200], ("cut off",)),
    "damaged.npz": (npz(joints=WALK).replace(WALK.tobytes()[400:440], bytes(40)), ("damaged",)),
    "objects.npz": (npz(joints=np.array([{}], dtype=object)), ("objects", "run code")),
    "amass.npz": (npz(**AMASS | {"poses": np.zeros((5, 100))}), ("poses", "(5, 100)", "66, 72, 156, 165")),
    "amass_nan.npz": (npz(**AMASS | {"trans": np.full((5, 3), np.nan)}), ("trans is not finite",)),
    "amass_length.npz": (npz(**AMASS | {"trans": np.zeros((4, 3))}), ("trans has shape (4, 3)", "(5, 3)")),
    "smplx.npz": (npz(**{k: v for k, v in SMPLX.items() if k != "transl"}), ("no transl", "motion through space")),
    "smplx_width.npz": (npz(**SMPLX | {"body_pose": np.zeros((5, 60))}), ("body_pose", "(5, 60)")),
    "other.npz": (npz(weights=np.zeros(3)), ("weights", "expected joints or motion")),
    "fps.npz": (npz(joints=WALK, fps=np.array(0.0)), ("fps", "> 0")),
    "future.npz": (npz(format=np.array("mbench-motion-9"), joints=WALK), ("mbench-motion-9", "mbench-motion-1")),
    "half.npz": (npz(format=np.array("mbench-motion-1"), joints=WALK), ("lacks fps, meta",)),
    "meta.npz": (
        npz(format=np.array("mbench-motion-1"), joints=WALK, fps=np.array(20.0), meta=np.array("{oops")),
        ("meta is not JSON",),
    ),
    "cut.pt": (pt({"joints": torch.tensor(WALK)})[:2000], ("cut off",)),
    "noise.pt": (b"\x80\x02hello", ("no PyTorch file",)),
    "keys.pt": (pt({"weights": torch.zeros(3)}), ("weights", "expected joints or motion")),
    "list.pt": (pt([1, 2]), ("list", "expected a tensor")),
    "joints24.pt": (pt({"joints": torch.zeros(5, 24, 3)}), ("joints[:, :22]",)),
    "integers.pt": (pt({"joints": torch.zeros(5, 22, 3, dtype=torch.int32)}), ("int32",)),
    "fps.pt": (pt({"joints": torch.tensor(WALK), "fps": -3}), ("fps", "> 0")),
    "text.bvh": (b"just some words", ("HIERARCHY",)),
    "cut_in_hierarchy.bvh": (BVH[:400].encode(), ("MOTION", "cut off")),
    "cut_after_motion.bvh": (BVH[: BVH.index("Frames:")].encode(), ("MOTION", "cut off")),
    "cut_in_rows.bvh": (BVH[:-700].encode(), ("cut off", "its header says 30")),
    "more_rows.bvh": (BVH.replace("Frames: 30", "Frames: 10").encode(), ("holds 30 frames", "says 10")),
    "frames_text.bvh": (BVH.replace("Frames: 30", "Frames: many").encode(), ("Frames", "'many'")),
    "no_time.bvh": (BVH.replace("Frame Time: 0.05", "Frame Time: 0").encode(), ("Frame Time", "> 0")),
    "word_in_rows.bvh": (BVH.replace("95.0", "9x.0", 1).encode(), ("not a number",)),
    "nan_in_rows.bvh": (BVH.replace("0.000000", "nan", 40).encode(), ("nan",)),
    "brace.bvh": (BVH.replace("}\nMOTION", "MOTION").encode(), ("hierarchy can't be parsed",)),
    "offset.bvh": (BVH.replace("OFFSET 0 0 1", "OFFSET 0 zero 1", 1).encode(), ("hierarchy can't be parsed",)),
    "channels.bvh": (BVH.replace("Zrotation", "Wrotation").encode(), ("Wrotation", "expected Xposition")),
    "unmapped.bvh": (BVH.replace("LeftLeg", "Elephant").encode(), ("can't be mapped", "left_knee", "Elephant")),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gives_one_line_that_names_it(name: str, tmp_path: Path) -> None:
    content, words = BAD[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MBenchError) as caught:
        read_motion(path)
    message = str(caught.value)
    assert "\n" not in message and message.startswith(str(path))
    assert all(word in message for word in words), message
    assert len(message) < 900
    assert files_in(tmp_path) == [name]


@pytest.mark.parametrize("evil", [Evil, EvilEval])
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"joints": x}, lambda x: [torch.zeros(2), x]])
def test_a_pickle_that_runs_code_is_refused_and_does_nothing(
    evil: type[Evil], wrap: Callable[[object], object], tmp_path: Path
) -> None:
    target, path = tmp_path / "owned", tmp_path / "evil.pt"
    for content in (pt(wrap(evil(str(target)))), pickle.dumps(wrap(evil(str(target))))):
        path.write_bytes(content)
        with pytest.raises(MBenchError, match="run code"):
            read_motion(path)
        assert not target.exists()


def test_the_evil_pickle_would_have_worked(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(EvilEval(str(tmp_path / "owned"))))
    assert (tmp_path / "owned").exists()


def test_missing_folder_suffix(tmp_path: Path) -> None:
    (tmp_path / "x.npy").mkdir()
    for path, words in (("none.npy", "no such file"), ("x.npy", "is a folder"), ("a.fbx", ".npz, .npy, .pt, .bvh")):
        with pytest.raises(MBenchError, match=words):
            read_motion(tmp_path / path)
    with pytest.raises(MBenchError, match="did you mean '.npy'"):
        read_motion(tmp_path / "a.npyy")
    with pytest.raises(MBenchError, match="no suffix"):
        read_motion(tmp_path / "a")


def test_an_unreadable_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(npy(WALK))

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(np, "load", denied)
    with pytest.raises(MBenchError, match="a.npy: can't be read: Permission denied"):
        read_motion(path)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"up": "w"}, "up is 'w'"),
        ({"unit": "furlong"}, "unit is 'furlong'"),
        ({"unit": -2}, "unit is -2"),
        ({"fps": 0}, "fps is 0"),
        ({"fps": "20"}, "fps is '20'"),
        ({"decode": "guess"}, "decode is 'guess'"),
    ],
)
def test_options_that_do_not_exist(option: dict[str, object], words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(npy(WALK))
    with pytest.raises(ConfigError, match=words):
        read_motion(path, **option)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".bvh"])
def test_a_full_disk_leaves_nothing_and_keeps_the_old_file(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"the old one")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MBenchError, match="can't be written: No space left on device"):
        write_motion(make_walk(1.0), path)
    assert files_in(tmp_path) == [path.name] and path.read_bytes() == b"the old one"


def test_a_suffix_that_is_not_written_and_meta_that_is_not_json(tmp_path: Path) -> None:
    with pytest.raises(MBenchError, match=r"\.npz, \.npy, \.bvh, \.glb can be written"):
        write_motion(make_walk(1.0), tmp_path / "a.pt")
    with pytest.raises(MBenchError, match="meta can't be written as JSON"):
        write_motion(make_walk(1.0).with_meta(x=float("nan")), tmp_path / "a.npz")
    assert files_in(tmp_path) == []


def test_a_zip_bomb_of_a_header_is_not_allocated(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    header = npy(np.zeros((1, 22, 3))).replace(b"(1, 22, 3)", b"(10**9,3) "[:10].ljust(10))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("joints.npy", header)
    with pytest.raises(MBenchError, match="damaged"):
        read_motion(path)


def test_nobody_is_advised_to_load_pickles(tmp_path):
    (tmp_path / "bad.npy").write_bytes(b"bad")
    with pytest.raises(FormatError, match="is not a numpy array") as caught:
        read_motion(tmp_path / "bad.npy")
    assert "allow_pickle" not in str(caught.value)
