"""`vimogen generate`: files of every format, batches, numbers in names, and what is refused in one line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from helpers import one_line_error
from mbench import Motion, read_motion, write_motion
from mbench.config import ModelConfig
from mbench.errors import ConfigError
from mbench.models.build import build_model
from mbench.suites.prompt import Prompt
from motions import posed
from vimogen import produce as produce_module
from vimogen.cli import main
from vimogen.orders import model_config, orders_of, read_prompts, reference_config
from vimogen.produce import BATCH, produce
from vimogen.writing import SUFFIXES, check_target, write_clip
from vimogen_weights import write_weights

TEXT = "a person walks in a circle, then bows"
CPU = ("--device", "cpu")
LOOK = {"style": "skeleton", "view": None, "device": "cpu"}


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """Return a folder of weights; the texts of these tests are encoded once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield write_weights(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture(scope="module")
def model(weights):
    return build_model(ModelConfig(name="vimogen-base", weights=str(weights)), device="cpu")


@pytest.fixture
def vimogen(tmp_path, monkeypatch, capsys) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs `vimogen generate` in an empty folder."""

    def run(*arguments) -> subprocess.CompletedProcess[str]:
        command = ["vimogen", "generate", *map(str, arguments)]
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
        return subprocess.CompletedProcess(command, ended.value.code or 0, *capsys.readouterr())

    return run


def test_a_clip_of_the_seed(vimogen, weights, model, tmp_path):
    """Seconds and seed reach the model; the path is on stdout, progress on stderr; the file says what it is."""
    result = vimogen(TEXT, "--model", weights, "--seconds", 2.5, "--seed", 7, "--out", "clips/walk.npz", *CPU)
    assert (result.returncode, result.stdout) == (0, "clips/walk.npz\n")
    assert result.stderr == "generate: 1/1\n"
    found = read_motion(tmp_path / "clips" / "walk.npz")
    [expected] = model.generate([Prompt("any", TEXT, 2.5)], [7])
    np.testing.assert_allclose(found.joints, expected.joints, atol=1e-5)
    assert found.pose is not None and len(found) == 50
    assert found.meta["text"] == TEXT and found.meta["seed"] == 7 and found.meta["made_by"]["name"] == "tiny"
    assert not [path for path in (tmp_path / "clips").iterdir() if path.name != "walk.npz"]


def test_a_batch_of_several_seeds(vimogen, weights, model, tmp_path):
    """One line is too long a motion: the others are made, and the exit code says that one is missing."""
    (tmp_path / "p.txt").write_text(f"# texts\n{TEXT}\n\n2.0\tsomeone waves\n11\tmuch too long\n")
    out = [*CPU, "--prompts", "p.txt", "--out", "c.npy", "--num", 2, "--seed", 4, "--seconds", 3]
    result = vimogen("--model", weights, *out, "--json", "--quiet")
    assert result.returncode == 1
    document = json.loads(result.stdout)
    rows = [(row["text"], row["seconds"], row["seed"], row["file"]) for row in document["clips"]]
    assert rows == [
        (TEXT, 3.0, 4, "c-0-0.npy"), (TEXT, 3.0, 5, "c-0-1.npy"),
        ("someone waves", 2.0, 4, "c-1-0.npy"), ("someone waves", 2.0, 5, "c-1-1.npy"),
        ("much too long", 11.0, 4, None), ("much too long", 11.0, 5, None),
    ]  # fmt: skip
    assert document["schema"] == 1 and document["model"]["name"] == "tiny"
    lines = result.stderr.splitlines()
    assert len(lines) == 2 and all(line.startswith("missing: c-2-") and "seconds is 11" in line for line in lines)
    assert sorted(path.name for path in tmp_path.glob("*.npy")) == [f"c-{i}-{j}.npy" for i in (0, 1) for j in (0, 1)]
    [expected] = model.generate([Prompt("any", "someone waves", 2.0)], [5])
    np.testing.assert_allclose(np.load(tmp_path / "c-1-1.npy"), expected.joints, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((TEXT, "--out", "w.mov"), ("--out w.mov", "suffix '.mov'", ".mp4", "did you mean")),
        ((TEXT, "--out", "w"), ("has no suffix", ".glb")),
        (("--out", "w.npz"), ("found neither", "--prompts FILE")),
        ((TEXT,), ("--out",)),
        ((TEXT, "--out", "w.npz", "--model", "vimogen-lite"), ("'vimogen-lite'", "did you mean 'vimogen-light'")),
        ((TEXT, "--out", "w.npz", "--num", "0"), ("--num", "greater than or equal to 1")),
    ],
)
def test_what_is_wrong_is_told_in_a_line(vimogen, arguments, words, tmp_path):
    one_line_error(vimogen(*arguments), *words)
    assert not list(tmp_path.iterdir())


def test_no_motion_at_all_is_the_users_to_put_right(vimogen, weights, tmp_path):
    how = ["--model", weights, "--quiet", "--out", "w.npz"]
    one_line_error(vimogen(TEXT, "--seconds", 12, "--num", 3, *how), "seconds is 12", "(and 2 more)")
    one_line_error(vimogen("  ", *how), "the text is empty")
    assert not list(tmp_path.iterdir())


def test_ctrl_c_leaves_what_is_written(vimogen, weights, tmp_path, monkeypatch):
    """In the second batch; the clips of the first are whole."""
    sampled = produce_module._sampled

    def interrupted(model, batch):
        if len(batch) < BATCH:
            raise KeyboardInterrupt
        return sampled(model, batch)

    monkeypatch.setattr(produce_module, "_sampled", interrupted)
    (tmp_path / "p.txt").write_text("\n".join(f"walk number {n}" for n in range(20)))
    result = vimogen("--prompts", "p.txt", "--model", weights, "--seconds", 2, "--out", "w.npy", "--quiet")
    assert (result.returncode, result.stderr) == (130, "vimogen: interrupted; 16 of 20 clips are written\n")
    assert result.stdout.splitlines() == [f"w-{n:02d}.npy" for n in range(16)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.txt", *result.stdout.splitlines()]


def test_the_help_is_light():
    code = (
        "from vimogen.cli import app; app(['generate', '-h'], standalone_mode=False); import sys; print(*sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--reference" in result.stdout
    assert not {"torch", "numpy", "pandas", "scipy", "mbench.io"} & set(result.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format(suffix, tmp_path):
    """Written over an old file, whole; what can be read again is the motion."""
    motion, path = posed(1, 40), tmp_path / f"clip{suffix}"
    path.write_bytes(b"old")
    write_clip(motion, path, device="cpu")
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    start = path.read_bytes()[:12]
    if suffix == ".mp4":
        assert start[4:8] == b"ftyp"
    elif suffix == ".png":
        assert start[:4] == b"\x89PNG"
    elif suffix == ".glb":
        assert start[:4] == b"glTF"
    else:
        found = read_motion(path, decode="slice")
        assert len(found) == (39 if suffix == ".pt" else 40)
        np.testing.assert_allclose(found.joints, motion.joints[: len(found)], atol=2e-3)


def test_rows_are_those_of_the_published_data(tmp_path):
    import torch

    write_clip(posed(1, 40), tmp_path / "clip.pt")
    rows = torch.load(tmp_path / "clip.pt", weights_only=True)
    assert rows.shape == (39, 276) and rows.dtype == torch.float32


def test_a_style_that_is_none(tmp_path):
    with pytest.raises(ConfigError, match="style is 'stick'"):
        write_clip(posed(1, 4), tmp_path / "clip.mp4", style="stick")
    assert not list(tmp_path.iterdir())


def test_targets(tmp_path):
    check_target(tmp_path / "new" / "folder" / "clip.MP4")
    (tmp_path / "taken.npz").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="taken.npz: is a folder; expected a file"):
        check_target(tmp_path / "taken.npz")
    with pytest.raises(ConfigError, match="file is no folder"):
        check_target(tmp_path / "file" / "deeper" / "clip.npz")


def test_a_folder_that_is_read_only(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may write everywhere
    with pytest.raises(ConfigError, match="can't be written to"):
        check_target(tmp_path / "clip.npz")


def test_prompts_of_a_file(tmp_path):
    path = tmp_path / "p.txt"
    path.write_bytes("\ufeff a person walks \r\n\r\n  # no\n3\tsits down\n 2.5 \t Ünï, then kicks\n".encode())
    assert read_prompts(path, 5.0) == [("a person walks", 5.0), ("sits down", 3.0), ("Ünï, then kicks", 2.5)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\n# only this\n", "holds no prompt"),
        (b"walks\nlong\twalks", "line 2: 'long' before the tab is no number of seconds"),
        (b"walks\n\n3\t ", "line 3: no text follows the tab"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
    ],
)
def test_bad_files_of_prompts(content, message, tmp_path):
    (tmp_path / "p.txt").write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(message)):
        read_prompts(tmp_path / "p.txt", 5.0)


def test_names_and_seeds():
    def found(texts, num, seed=0):
        return [(order.path.name, order.seed) for order in orders_of(texts, Path("a.b/walk.x.mp4"), seed, num)]

    assert found([("a", 1.0)], 1, 9) == [("walk.x.mp4", 9)]
    assert found([("a", 1.0)], 3, 9) == [("walk.x-0.mp4", 9), ("walk.x-1.mp4", 10), ("walk.x-2.mp4", 11)]
    assert found([("a", 1.0)] * 11, 1)[:2] == [("walk.x-00.mp4", 0), ("walk.x-01.mp4", 0)]
    assert found([("a", 1.0)] * 2, 2)[-1] == ("walk.x-1-1.mp4", 1)
    many = orders_of([("a", 1.0)] * 12, Path("w.npz"), 0, 12)
    assert len({order.path for order in many}) == 144


def test_models_by_name_and_by_folder(tmp_path):
    assert model_config(None, {"steps": None}) == ModelConfig(name="vimogen-light")
    assert model_config(None, {"reference": "suite", "gate": None}).name == "vimogen-base"
    assert model_config("choreographer", {}) == ModelConfig(name="choreographer")
    folder = model_config(str(tmp_path), {"steps": 3})
    assert folder == ModelConfig(name="vimogen-base", weights=str(tmp_path), options={"steps": 3})
    with pytest.raises(ConfigError, match="there is no such folder"):
        model_config("runs/nowhere", {})


def test_references_of_a_command_line(tmp_path):
    write_motion(posed(0), tmp_path / "walk.npz")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ViMoGen-228K.json").write_text('[{"id": "a", "motion_path": "a.pt"}]')
    assert reference_config(None) == (None, None)
    assert reference_config("choreographer") == ({"model": "choreographer"}, None)
    assert reference_config(str(tmp_path / "walk.npz")) == ("suite", tmp_path / "walk.npz")
    assert reference_config(str(tmp_path)) == ({"files": str(tmp_path)}, None)
    assert reference_config(str(tmp_path / "data")) == ({"bank": str(tmp_path / "data")}, None)
    assert reference_config("bank:data") == ("bank:data", None)


def test_a_reference_file_is_followed(weights, model, tmp_path):
    """Through the whole of it: the file becomes the prompt's reference, and the motion another one."""
    write_motion(posed(3, 60), tmp_path / "walk.npz")
    source, file = reference_config(str(tmp_path / "walk.npz"))
    orders = orders_of([(TEXT, 3.0)], tmp_path / "out.npz", reference=file)
    config = model_config(str(weights), {"reference": source, "gate": "always"})
    [clip] = produce(orders, config, LOOK, quiet=True)
    assert isinstance(clip.result, Motion) and clip.notes == []
    used = clip.to_dict()["meta"]["vimogen"]["gate"]
    assert used["used"] and used["reference"]["file"] == "walk.npz"
    [text] = model.generate([Prompt("any", TEXT, 3.0)], [0])
    assert np.abs(text.joints - clip.result.joints).max() > 1e-3


def test_notes_tell_what_was_left_out(weights, tmp_path):
    config = model_config(str(weights), {"reference": {"model": "choreographer"}})
    [clip] = produce(orders_of([("a person juggles quarks", 2.0)], tmp_path / "o.npz"), config, LOOK, quiet=True)
    [note] = clip.notes
    assert note.startswith("the reference is not followed: ") and "not understood" in note


def test_other_models_too(tmp_path):
    """Any registered model; it says itself what it did not understand."""
    orders = orders_of([("a person juggles quarks", 2.0)], tmp_path / "o.npz")
    [clip] = produce(orders, model_config("choreographer", {}), LOOK, quiet=True)
    assert len(read_motion(tmp_path / "o.npz")) == 40
    assert any("not understood" in note for note in clip.notes)
