"""Converting files and folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conftest import make_walk
from io_files import files_in
from mbench.errors import ConfigError, MBenchError
from mbench.io import READABLE, WRITABLE, read_motion, write_motion
from mbench.io.convert import convert
from motions import posed

BOTH_WAYS = [suffix for suffix in WRITABLE if suffix in READABLE]


@pytest.mark.parametrize("target", BOTH_WAYS)
@pytest.mark.parametrize("source", BOTH_WAYS)
def test_a_file_from_any_format_to_any(source: str, target: str, tmp_path: Path) -> None:
    motion = make_walk(2.0)
    write_motion(motion, tmp_path / f"a{source}")
    rows = convert(tmp_path / f"a{source}", tmp_path / "out" / f"b{target}")
    assert rows == [(tmp_path / f"a{source}", tmp_path / "out" / f"b{target}", None)]
    assert np.abs(read_motion(tmp_path / "out" / f"b{target}").joints - motion.joints).max() < 1e-3


def test_a_folder_is_mirrored_and_bad_files_are_told(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    write_motion(posed(0), source / "a.npz")
    write_motion(posed(1), source / "deep" / "b.bvh")
    (source / "deep" / "bad.npy").write_bytes(b"no")
    (source / "notes.txt").write_text("not a motion")
    rows = convert(source, target, to=".npy")
    assert [(s.relative_to(source).as_posix(), t and t.relative_to(target).as_posix()) for s, t, _ in rows] == [
        ("a.npz", "a.npy"),
        ("deep/b.bvh", "deep/b.npy"),
        ("deep/bad.npy", None),
    ]
    assert rows[2][2] is not None and "bad.npy" in rows[2][2] and rows[0][2] is None
    assert sorted(p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()) == ["a.npy", "deep/b.npy"]


def test_options_reach_the_reader(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", make_walk(2.0).joints[..., [1, 2, 0]] * 10)
    convert(tmp_path / "a.npy", tmp_path / "b.npz", up="y", fps=30, unit=0.1)
    again = read_motion(tmp_path / "b.npz")
    assert again.fps == 30 and again.joints[..., 2].max() < 2


def test_what_can_t_be_converted(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_motion(make_walk(1.0), tmp_path / "two" / "a.npz")
    write_motion(make_walk(1.0), tmp_path / "two" / "a.npy")
    with pytest.raises(ConfigError, match="holds no motion file"):
        convert(tmp_path / "empty", tmp_path / "out")
    with pytest.raises(ConfigError, match="would both become"):
        convert(tmp_path / "two", tmp_path / "out")
    with pytest.raises(ConfigError, match="to is '.fbx'"):
        convert(tmp_path / "two", tmp_path / "out", to=".fbx")
    with pytest.raises(MBenchError, match="no such file"):
        convert(tmp_path / "none.npy", tmp_path / "out.npz")
    with pytest.raises(ConfigError, match="up is 'w'"):
        convert(tmp_path / "two" / "a.npy", tmp_path / "b.npz", up="w")
    assert not (tmp_path / "out").exists() and not (tmp_path / "b.npz").exists()


def test_a_target_inside_the_source_is_not_converted_again(tmp_path: Path) -> None:
    write_motion(make_walk(1.0), tmp_path / "a.npz")
    convert(tmp_path, tmp_path / "out", to=".npy")
    assert len(convert(tmp_path, tmp_path / "out", to=".npy")) == 1
    assert files_in(tmp_path / "out") == ["a.npy"]
