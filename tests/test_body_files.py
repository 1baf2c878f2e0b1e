"""Body files: pickles read without running code, conversion, and what is refused."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from typer.testing import CliRunner

from bodies import Module, arrays_of, npz, with_modules
from mbench.body import convert_body, load_body
from mbench.body.arrays import REQUIRED
from mbench.body.files import read_body_file, write_body_file
from mbench.body.registry import BodySource
from mbench.body.unpickle import read_pickle
from mbench.cli import app
from mbench.errors import FormatError, MBenchError


def same(found, expected):
    assert set(found) == set(REQUIRED)
    for key in REQUIRED:
        want = np.asarray(expected[key], dtype=np.float64)
        np.testing.assert_allclose(found[key], want, atol=1e-6, err_msg=key)


def chumpy_pickle(arrays, protocol: int = 2) -> bytes:
    """Return a pickle as SMPL's are: chumpy arrays, a selection of one, a sparse regressor, an unsigned tree."""

    class Ch:
        def __init__(self, **state):
            self.__dict__.update(state, _dirty_vars={"x"}, _itr=None)

    class Select(Ch):
        pass

    class MatVecMult(Ch):
        pass

    modules = (
        Module("chumpy"),
        Module("chumpy.ch", Ch=Ch, MatVecMult=MatVecMult),
        Module("chumpy.reordering", Select=Select),
    )
    shapes = arrays["shapedirs"]
    longer = np.concatenate([shapes, np.ones_like(shapes)], axis=2)
    first = np.arange(longer.size).reshape(longer.shape)[:, :, :1].ravel()
    tree = arrays["kintree_table"].astype(np.int64).astype(np.uint32)
    content = arrays | {
        "v_template": Ch(x=arrays["v_template"]),
        "shapedirs": Select(a=Ch(x=longer), idxs=first, preferred_shape=shapes.shape),
        "J_regressor": scipy.sparse.csc_matrix(arrays["J_regressor"]),
        "kintree_table": tree,
        "f": arrays["f"].astype(np.uint32),
        "J": MatVecMult(mtx=scipy.sparse.csr_matrix(np.eye(3)), vec=Ch(x=np.ones(3))),
        "bs_style": "lbs",
    }
    return with_modules(content, *modules, protocol=protocol)


@pytest.mark.parametrize("protocol", [1, 2, 4, 5])
def test_a_pickle_with_chumpy_and_sparse_matrices_is_read(protocol, tmp_path):
    arrays = arrays_of()
    path = tmp_path / "basicModel.pkl"
    path.write_bytes(chumpy_pickle(arrays, protocol))
    found = read_body_file(path)
    same(found, arrays)
    assert found["kintree_table"][0, 0] == -1
    assert load_body(path).family == "SMPL"


def test_a_pickle_of_python_2_is_read(tmp_path):
    # Names of Python 2 and old scipy, arrays as text: what `pickle.dump(…, 2)` wrote there.
    text = pickle.dumps({"v_template": np.eye(3), "J_regressor": scipy.sparse.csc_matrix(np.eye(3))}, protocol=2)
    for new, old in (
        (b"numpy._core.multiarray", b"numpy.core.multiarray"),
        (b"scipy.sparse._csc", b"scipy.sparse.csc"),
    ):
        text = text.replace(new, old)
    path = tmp_path / "old.pkl"
    path.write_bytes(text)
    found = read_pickle(path, ["v_template", "J_regressor"])
    np.testing.assert_array_equal(found["v_template"], np.eye(3))
    np.testing.assert_array_equal(found["J_regressor"], np.eye(3))


class Runs:
    """Runs code when it is unpickled."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def evil(target: Path):
    import subprocess

    return {
        "os.system": Runs(os.system, f"touch {target}"),
        "eval": Runs(eval, f"open({str(target)!r}, 'w')"),
        "exec": Runs(exec, f"open({str(target)!r}, 'w')"),
        "getattr": Runs(getattr, "text", "upper"),
        "subprocess": Runs(subprocess.check_output, ["touch", str(target)]),
        "numpy": Runs(np.load, str(target)),
        "open": Runs(open, str(target), "w"),
    }


@pytest.mark.parametrize("name", ["os.system", "eval", "exec", "getattr", "subprocess", "numpy", "open"])
@pytest.mark.parametrize("deep", [False, True])
def test_a_pickle_that_runs_code_is_refused_and_does_nothing(name, deep, tmp_path):
    target = tmp_path / "harm"
    trap = evil(target)[name]
    content = arrays_of() | {"f": {"x": [trap]}} if deep else trap
    path = tmp_path / "body.pkl"
    path.write_bytes(pickle.dumps(content, protocol=2))
    with pytest.raises(FormatError, match="refers to .* could run code") as caught:
        read_body_file(path)
    assert not target.exists() and "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_a_pickle_can_not_call_what_hides_in_an_allowed_module(tmp_path):
    # GLOBAL with a dotted name reaches attributes of attributes in newer protocols.
    path = tmp_path / "body.pkl"
    path.write_bytes(b"\x80\x04\x8c\x05numpy\x8c\x12ndarray.__reduce__\x93.")
    with pytest.raises(FormatError, match=r"numpy\.ndarray\.__reduce__"):
        read_body_file(path)


def test_sparse_indices_out_of_range_are_refused(tmp_path):
    matrix = scipy.sparse.csc_matrix(np.eye(4))
    matrix.indices = matrix.indices + 10**6
    path = tmp_path / "body.pkl"
    path.write_bytes(pickle.dumps(arrays_of() | {"J_regressor": matrix}))
    with pytest.raises(FormatError, match="J_regressor can't be read"):
        read_body_file(path)


def damaged() -> dict[str, tuple[dict, tuple[str, ...]]]:
    """Return name: arrays, and words of the message."""
    good = arrays_of()
    count = len(good["v_template"])

    def changed(key, index, value):
        array = good[key].astype(np.float64)
        array[index] = value
        return good | {key: array}

    return {
        "missing": ({k: v for k, v in good.items() if k not in ("weights", "f")}, ("lacks weights, f", "v_template")),
        "nan": (changed("v_template", (3, 1), np.nan), ("v_template is not finite", "1 of")),
        "infinite": (changed("posedirs", (3, 1, 4), np.inf), ("posedirs is not finite",)),
        "text": (good | {"weights": np.array(["a"])}, ("weights holds", "expected numbers")),
        "joints": (good | {"J_regressor": good["J_regressor"][:23]}, ("23 joints", "24 (SMPL)", "55 (SMPL-X)")),
        "vertices": (good | {"weights": good["weights"][:-1]}, ("weights has shape", f"({count}, 24)")),
        "shapedirs": (good | {"shapedirs": good["shapedirs"][:, :2]}, ("shapedirs has shape", "any")),
        "flat": (good | {"v_template": good["v_template"].ravel()}, ("v_template has shape",)),
        "scalar": (good | {"J_regressor": np.array(3.0)}, ("J_regressor has 0 joints",)),
        "pose": (good | {"posedirs": good["posedirs"][..., :180]}, ("posedirs has shape", "207")),
        "face": (changed("f", (0, 0), count), ("f refers to vertices", f"0 to {count - 1}")),
        "no faces": (good | {"f": np.zeros((0, 3), dtype=int)}, ("f refers to vertices nothing",)),
        "negative": (changed("weights", (5, 2), -0.5), ("weights are negative", "vertex 5, joint 2")),
        "sum": (changed("weights", (5, slice(None)), 0.5), ("weights of vertex 5 sum to 12",)),
        "tree": (changed("kintree_table", (0, 5), 1), ("right_knee", "parent 1", "SMPL's is 2")),
        "loop": (changed("kintree_table", (0, 23), 23), ("joint 23 the parent 23",)),
    }  # fmt: skip


@pytest.mark.parametrize("name", damaged())
@pytest.mark.parametrize("suffix", [".npz", ".pkl"])
def test_a_bad_body_gives_one_line_that_names_it(name, suffix, tmp_path):
    arrays, words = damaged()[name]
    path = tmp_path / f"body{suffix}"
    path.write_bytes(pickle.dumps(arrays)) if suffix == ".pkl" else npz(path, arrays)
    with pytest.raises(FormatError) as caught:
        load_body(path)
    text = str(caught.value)
    assert str(path) in text and "\n" not in text and all(word in text for word in words), text


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("cut.npz", "cut", "damaged or no npz"), ("noise.npz", b"hello", "damaged or no npz"),
        ("empty.npz", b"", "damaged or no npz"), ("noise.pkl", b"hello", "damaged or no pickle"),
        ("empty.pkl", b"", "damaged or no pickle"), ("cut.pkl", "cut", "damaged or no pickle"),
        ("list.pkl", pickle.dumps([1]), "expected a dict"),
        ("text.pkl", pickle.dumps({"f": "x"}), "f can't be read as an array"),
        ("body.obj", b"v 0 0 0", "npz or .pkl"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_body(name, content, words, tmp_path):
    path = tmp_path / name
    if content == "cut":
        npz(path.with_suffix(".npz"), arrays_of())
        whole = pickle.dumps(arrays_of()) if path.suffix == ".pkl" else path.read_bytes()
        content = whole[: len(whole) // 2]
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        read_body_file(path)
    assert words in str(caught.value) and str(path) in str(caught.value)


def test_npz_with_objects_is_refused_where_they_are_needed_and_ignored_elsewhere(tmp_path):
    extra = np.array({"a": 1}, dtype=object)
    same(read_body_file(npz(tmp_path / "fine.npz", arrays_of() | {"part2num": extra})), arrays_of())
    with pytest.raises(FormatError, match="Python objects.*convert-body"):
        read_body_file(npz(tmp_path / "bad.npz", arrays_of() | {"J_regressor": extra}))


def test_a_body_that_is_not_there(tmp_path):
    with pytest.raises(FormatError, match="there is no such file"):
        load_body(tmp_path / "none.npz")
    with pytest.raises(FormatError, match="is a folder"):
        (tmp_path / "folder.npz").mkdir()
        load_body(tmp_path / "folder.npz")


@pytest.mark.parametrize("family", ["SMPL", "SMPL-X"])
def test_conversion_keeps_the_body_and_is_repeatable(family, tmp_path):
    source = tmp_path / "in.pkl"
    source.write_bytes(chumpy_pickle(arrays_of(family)))
    convert_body(source, tmp_path / "a.npz")
    convert_body(tmp_path / "a.npz", tmp_path / "deep" / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "deep" / "b.npz").read_bytes()
    same(read_body_file(tmp_path / "a.npz"), arrays_of(family))
    with np.load(tmp_path / "a.npz") as file:  # without pickles, and the types of SMPL's own files
        assert file["kintree_table"].dtype == np.uint32 and file["kintree_table"][0, 0] == 2**32 - 1


def test_a_body_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "body.npz"
    path.write_bytes(b"old")

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(MBenchError, match="No space left"):
        write_body_file(path, arrays_of())
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
    with pytest.raises(FormatError, match="written as .npz"):
        write_body_file(tmp_path / "body.pkl", arrays_of())


def test_the_command_converts_and_describes(tmp_path):
    source = tmp_path / "in.pkl"
    source.write_bytes(chumpy_pickle(arrays_of()))
    run = CliRunner().invoke(app, ["convert-body", str(source), str(tmp_path / "out.npz"), "--json"])
    told = json.loads(run.stdout)
    assert run.exit_code == 0 and (told["family"], told["vertices"], told["betas"]) == ("SMPL", 952, 1)
    assert told["sha256"] == load_body(tmp_path / "out.npz").hash
    listed = CliRunner().invoke(app, ["list", "bodies"]).stdout
    assert "capsules" in listed and "neutral adult" in listed
    assert "CC0" in CliRunner().invoke(app, ["describe", "body", "default"]).stdout


def test_a_body_of_a_plugin_is_found_as_an_object(tmp_path, monkeypatch):
    (tmp_path / "my_bodies.py").write_text(
        "from mbench.body import BodySource\n"
        "from mbench.body.capsules import capsule_arrays\n"
        "facts = dict(name='mine', version='1', kind='files', licence='mine', weights='abc')\n"
        "mine = BodySource('mine', lambda: facts, capsule_arrays)\n"
    )
    monkeypatch.chdir(tmp_path)
    body = load_body("my_bodies:mine")
    assert (body.id, body.hash) == ("mine", "abc") and isinstance(body.faces, np.ndarray)
    assert BodySource("x", dict, arrays_of).smpl_betas is False
