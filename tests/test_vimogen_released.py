"""The published checkpoint: its tensors under any prefix, sizes from shapes, statistics from a file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from mbench.errors import ConfigError, FormatError, MBenchError
from umt5_files import tiny_umt5
from vimogen.codec import Codec
from vimogen.generator import Request, Sampling
from vimogen.layers import Positions
from vimogen.released import load_released, read_statistics, read_tensors, sizes_of


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def tensors(golden):
    """Return the tensors of a released file, tables of positions (of another length than ours) among them."""
    tables = {name: Positions(48).pe[:100] for name in ("motion_pos_embedding.pe", "ref_motion_pos_embedding.pe")}
    return {**load_file(golden / "vimogen_dit" / "state_dict.safetensors"), **tables}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return tiny_umt5(tmp_path_factory.mktemp("umt5"), width=40)


@pytest.fixture
def statistics(tmp_path) -> Path:
    np.savez(tmp_path / "stats.npz", mean=np.linspace(-1, 1, 276), std=np.linspace(0.5, 2, 276))
    return tmp_path / "stats.npz"


def saved(tmp_path: Path, values, name: str = "model.pt") -> Path:
    torch.save(values, tmp_path / name)
    return tmp_path / name


def output(network, golden):
    """Return what a network makes of the golden inputs, and what the release made of them."""
    io = load_file(golden / "vimogen_dit" / "io.safetensors")
    with torch.no_grad():
        found = network(
            io["x"], io["timestep"], io["context"], io["x_mask"].bool(), None,
            io["ref_motion"], io["ref_motion_mask"].bool(),
        )  # fmt: skip
    return found, io["output"]


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_the_output_of_the_release(tmp_path, tensors, encoder, statistics, golden, suffix):
    path = tmp_path / f"model{suffix}"
    (torch.save if suffix == ".pt" else save_file)(tensors, path)
    generator = load_released(path, encoder, statistics, "cpu", heads=4)
    found, expected = output(generator.network, golden)
    assert (found - expected).abs().max() < 1e-5
    np.testing.assert_allclose(generator.codec.std, np.linspace(0.5, 2, 276), rtol=1e-6)
    assert generator.sampling == Sampling()


def test_a_motion_is_sampled_and_its_batch_decides_nothing(tmp_path, tensors, encoder, statistics):
    generator = load_released(saved(tmp_path, tensors), encoder, statistics, "cpu", heads=4)
    how = Sampling(steps=3)
    asked = [
        Request("a person walks", 12, 0),
        Request("walks", 20, 1),
        Request("walk", 9, 2, np.ones((7, 276), np.float32)),
    ]
    together = generator.sample(asked, how)
    assert [rows.shape for rows in together] == [(12, 276), (20, 276), (9, 276)]
    for request, rows in zip(asked, together, strict=True):
        np.testing.assert_allclose(generator.sample([request], how)[0], rows, rtol=1e-3, atol=1e-4)


def test_the_network_reads_the_zeros_after_a_text(tmp_path, tensors, encoder, statistics):
    """As the release does: without its 226 tokens the same text gives another motion."""
    generator = load_released(saved(tmp_path, tensors), encoder, statistics, "cpu", heads=4)
    request, how = Request("a person walks", 12, 0), Sampling(steps=2)
    padded = generator.sample([request], how)[0]
    generator.text.padding = None
    assert np.abs(generator.sample([request], how)[0] - padded).max() > 1e-4


def test_sizes_follow_from_the_tensors(tensors, golden):
    values = json.loads((golden / "vimogen_dit" / "config.json").read_text())
    config = sizes_of(tensors, 4, Path("model.pt"))
    for name in ("in_dim", "dim", "ffn_dim", "freq_dim", "text_dim", "num_heads", "num_layers", "ref_motion_dim"):
        assert getattr(config, name) == values[name]
    published = {
        "motion_embedding.weight": (1536, 276), "blocks.29.norm3.weight": (1536,),
        "blocks.0.ffn.0.weight": (8960, 1536), "text_embedding.0.weight": (1536, 4096),
        "time_embedding.0.weight": (1536, 256),
    }  # fmt: skip
    config = sizes_of({name: torch.empty(shape, device="meta") for name, shape in published.items()}, None, Path("m"))
    assert (config.num_heads, config.num_layers, config.ref_motion_dim) == (12, 30, 0)


WRAPPED = {
    "module": lambda own: {f"module.{name}": value for name, value in own.items()},
    "state_dict": lambda own: {"epoch": 3, "state_dict": {f"model.{name}": value for name, value in own.items()}},
    "compiled": lambda own: {"model": {f"_orig_mod.{name}": value for name, value in own.items()}},
    "beside others": lambda own: {"model": own, "optimizer": {"state": {0: {"step": torch.tensor(3.0)}}}},
    "average": lambda own: {"model": {k: v * 0 for k, v in own.items()}, "model_ema": {"module": own}},
}


@pytest.mark.parametrize("how", WRAPPED)
def test_tensors_are_found_wherever_they_lie(tmp_path, tensors, how):
    found = read_tensors(saved(tmp_path, WRAPPED[how](tensors)))
    assert found.keys() == tensors.keys()
    assert all(torch.equal(value, tensors[name]) for name, value in found.items())


def test_a_file_of_the_old_format_is_read(tmp_path, tensors):
    torch.save(tensors, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    assert read_tensors(tmp_path / "old.pt").keys() == tensors.keys()


class Harm:
    """An object that would run code when it is unpickled."""

    def __reduce__(self):
        return print, ("harm",)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"weight": torch.ones(2)}, r"no motion_embedding\.weight among 1 tensors, the first weight"),
        ({"ref_motion_embedding.weight": torch.ones(2)}, r"no motion_embedding\.weight"),
        ({"a": {"motion_embedding.weight": torch.ones(2)}, "b": {"motion_embedding.weight": torch.ones(2)}},
         r"holds 2 networks \(a\., b\.\)"),
        ([torch.ones(2)], "holds list; expected tensors by name"),
        (Harm(), "is no checkpoint of tensors only"),
    ],
)  # fmt: skip
def test_a_file_of_something_else_is_refused(tmp_path, capsys, values, message):
    with pytest.raises(FormatError, match=message) as caught:
        read_tensors(saved(tmp_path, values))
    assert "\n" not in str(caught.value)
    assert not capsys.readouterr().out


@pytest.mark.parametrize("name", ["model.pt", "model.safetensors"])
@pytest.mark.parametrize("content", [None, b"", b"half"])
def test_damaged_files_are_told(tmp_path, tensors, name, content):
    path = tmp_path / name
    if content == b"half":
        (torch.save if name.endswith(".pt") else save_file)(tensors, path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(FormatError, match=r"there is no such file|can't be read|tensors only") as caught:
        read_tensors(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blocks.1.norm3.bias": None}, r"1 tensors of the network are missing, the first blocks\.1\.norm3\.bias"),
        ({"blocks.0.extra": torch.ones(1)}, r"1 tensors have no place in the network, the first blocks\.0\.extra"),
        ({"blocks.2.ffn.0.weight": torch.ones(4, 48)}, r"blocks\.2\.ffn\.0\.weight has shape \(4, 48\)"),
        ({"text_embedding.0.weight": None}, r"lacks text_embedding\.0\.weight"),
    ],
)
def test_another_network_is_refused(tmp_path, tensors, encoder, statistics, change, message):
    values = {name: value for name, value in {**tensors, **change}.items() if value is not None}
    with pytest.raises(FormatError, match=message):
        load_released(saved(tmp_path, values), encoder, statistics, "cpu", heads=4)


def test_wrong_heads_and_a_wrong_encoder_are_told(tmp_path, tensors, encoder, statistics):
    path = saved(tmp_path, tensors)
    with pytest.raises(FormatError, match="a width of 48 can't be split into 7 heads; give `heads`"):
        load_released(path, encoder, statistics, "cpu", heads=7)
    with pytest.raises(ConfigError, match=r"its tokens are 16 wide; model\.pt expects 40"):
        load_released(path, tiny_umt5(tmp_path / "narrow"), statistics, "cpu", heads=4)
    with pytest.raises(ConfigError, match="dtype is 'int8'; expected float32, bfloat16, float16"):
        load_released(path, encoder, statistics, "cpu", "int8", heads=4)


def test_statistics_have_to_be_named(tmp_path, tensors, encoder):
    with pytest.raises(ConfigError, match="`statistics` is missing; expected a file with mean and std"):
        load_released(saved(tmp_path, tensors), encoder, None, "cpu", heads=4)


@pytest.mark.parametrize("form", ["npz", "capitals", "npy", "folder", "pt"])
def test_statistics_of_any_form(tmp_path, form):
    mean, std = np.linspace(-1, 1, 276).astype(np.float32), np.linspace(1, 2, 276).astype(np.float32)
    path = {"npy": tmp_path / "mean.npy", "folder": tmp_path}.get(
        form, tmp_path / f"s.{form.replace('capitals', 'npz')}"
    )
    if form == "pt":
        torch.save({"mean": torch.from_numpy(mean)[None], "std": torch.from_numpy(std)[None]}, path)
    elif form in ("npz", "capitals"):
        np.savez(path, **{"Mean" if form == "capitals" else "mean": mean, "Std" if form == "capitals" else "std": std})
    else:
        np.save(tmp_path / "mean.npy", mean)
        np.save(tmp_path / "std.npy", std)
    codec = read_statistics(path)
    assert isinstance(codec, Codec)
    np.testing.assert_array_equal(codec.mean, mean)
    np.testing.assert_array_equal(codec.std, std)


def test_statistics_of_something_else(tmp_path):
    np.savez(tmp_path / "a.npz", mean=np.zeros(276))
    np.savez(tmp_path / "b.npz", mean=np.zeros(263), std=np.ones(263))
    torch.save({"mean": "x", "std": "y"}, tmp_path / "c.pt")
    (tmp_path / "d.npz").write_bytes(b"PK\x03\x04 torn")
    np.save(tmp_path / "mean.npy", np.zeros(276))
    for name, message in {
        "a.npz": "holds mean; expected `mean` and `std`",
        "b.npz": r"mean has shape \(263,\)",
        "c.pt": "no array of numbers",
        "d.npz": "can't be read",
        "mean.npy": "holds mean; expected",
        "none.npz": "can't be read: FileNotFoundError",
    }.items():
        with pytest.raises(MBenchError, match=message) as caught:
            read_statistics(tmp_path / name)
        assert "\n" not in str(caught.value)
