"""Weights as they are shipped: safetensors in fp16."""

from __future__ import annotations

import hashlib

import pytest
import torch
from torch import nn

from mbench.errors import FormatError, MBenchError
from mbench.weights import load_weights, save_weights, weights_metadata


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(300, 7), nn.BatchNorm1d(7))


def test_what_is_written_comes_back_rounded_to_half_precision(tmp_path):
    path, state = tmp_path / "inner" / "weights.safetensors", network().state_dict()
    save_weights(path, state, metadata={"name": "tiny", "paper": "none – yet"})
    loaded = load_weights(path)
    assert loaded.keys() == state.keys()
    for name, tensor in state.items():
        assert loaded[name].dtype == tensor.dtype
        assert torch.equal(loaded[name], tensor.half().float() if tensor.is_floating_point() else tensor)
    network().load_state_dict(loaded)
    assert weights_metadata(path) == {"name": "tiny", "paper": "none – yet"}
    assert path.stat().st_size < 2 * (300 * 7 + 7 * 5) + 1000


def test_full_precision_is_exact(tmp_path):
    state = network().state_dict()
    save_weights(tmp_path / "w", state, half=False)
    assert all(torch.equal(tensor, state[name]) for name, tensor in load_weights(tmp_path / "w").items())
    assert weights_metadata(tmp_path / "w") == {}


def test_the_hash_is_that_of_the_file_and_of_the_content(tmp_path):
    metadata = {"b": "1", "a": "2", "c": "3"}
    hashes = {save_weights(tmp_path / name, network().state_dict(), metadata=metadata) for name in "xyz"}
    assert hashes == {hashlib.sha256((tmp_path / "x").read_bytes()).hexdigest()}


def test_shared_and_strided_tensors_are_written(tmp_path):
    base = torch.arange(12.0).reshape(3, 4)
    save_weights(tmp_path / "w", {"a": base, "same": base, "turned": base.T, "row": base[1]})
    loaded = load_weights(tmp_path / "w")
    assert torch.equal(loaded["turned"], base.T)
    assert torch.equal(loaded["row"], base[1])
    assert torch.equal(loaded["same"], loaded["a"])


@pytest.mark.parametrize(("value", "half"), [(float("nan"), False), (float("inf"), True), (70000.0, True)])
def test_what_is_not_finite_is_not_written(tmp_path, value, half):
    with pytest.raises(MBenchError, match="layer.bias holds values that are not finite"):
        save_weights(tmp_path / "w", {"layer.bias": torch.tensor([1.0, value])}, half=half)
    assert not (tmp_path / "w").exists()


def test_a_file_of_another_hash_is_refused(tmp_path):
    sha256 = save_weights(tmp_path / "w", network().state_dict())
    load_weights(tmp_path / "w", sha256)
    with pytest.raises(FormatError, match=f"sha256 is {sha256}; expected 0000"):
        load_weights(tmp_path / "w", "0" * 64)


@pytest.mark.parametrize("content", [None, b"", b"\x80\x02}q\x00.", "half"])
def test_what_is_no_weights_is_refused(tmp_path, content):
    path = tmp_path / "w.safetensors"
    save_weights(path, network().state_dict())
    if content is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:2000] if content == "half" else content)
    for read in (load_weights, weights_metadata):
        with pytest.raises(FormatError, match=r"w\.safetensors: (there is no such file|can't be read)") as caught:
            read(path)
        assert "\n" not in str(caught.value)
