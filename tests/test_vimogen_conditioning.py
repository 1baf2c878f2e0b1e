"""Texts as tokens: the packaged encoder, UMT5 from a folder, and batches of them."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest
import torch

from mbench.errors import ConfigError, FormatError, MBenchError
from mbench.text import SHA256, TextEncoder
from umt5_files import WIDTH, tiny_umt5
from vimogen import umt5, umt5_wan
from vimogen.conditioning import SentenceTokens, padded
from vimogen.umt5 import PADDING, UMT5Tokens

TEXTS = ["a person walks", "", "a person walks and then sits down on a chair"]


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_umt5(tmp_path_factory.mktemp("umt5"))


def reader(folder, **options) -> UMT5Tokens:
    return UMT5Tokens(folder, **{"device": "cpu", "dtype": "float32", **options})


def test_sentence_tokens_are_those_of_the_text_encoder():
    text = SentenceTokens()
    for mine, theirs in zip(text.tokens(TEXTS), TextEncoder().tokens(TEXTS), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert text.width == 384
    assert text.padding is None
    assert json.loads(text.identity) == {"kind": "sentence", "name": "all-MiniLM-L6-v2", "hash": SHA256, "limit": 40}


def test_the_null_text_has_a_token():
    assert len(SentenceTokens().tokens([""])[0]) >= 1


def test_long_texts_are_cut_off():
    long = "walk " * 60
    assert [len(own) for own in SentenceTokens(limit=7).tokens([long, "walk"])] == [7, 3]
    np.testing.assert_array_equal(SentenceTokens(limit=7).tokens([long])[0], SentenceTokens().tokens([long])[0][:7])


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(ConfigError, match="limit is 0; expected at least 1"):
        SentenceTokens(limit=0)


def test_a_batch_holds_every_text_and_zeros():
    tokens = [np.full((count, 5), count, np.float32) for count in (3, 1, 4)]
    batch, mask = padded(tokens)
    assert batch.shape == (3, 4, 5)
    assert mask.tolist() == [[True] * 3 + [False], [True] + [False] * 3, [True] * 4]
    assert torch.equal(batch[..., 0], torch.tensor([[3.0, 3, 3, 0], [1, 0, 0, 0], [4, 4, 4, 4]]))


def test_a_batch_of_a_given_length_is_read_whole():
    batch, mask = padded([np.ones((2, 3), np.float32)], 6)
    assert batch.shape == (1, 6, 3)
    assert batch.sum() == 6
    assert mask.shape == (1, 6)
    assert mask.all()


@pytest.mark.parametrize(("counts", "length"), [([], None), ([0], None), ([7], 6)])
def test_batches_of_nothing_or_too_much_are_refused(counts, length):
    with pytest.raises(ValueError, match="expected 1 to"):
        padded([np.ones((count, 3), np.float32) for count in counts], length)


def test_umt5_tokens_are_those_of_transformers(folder):
    from transformers import AutoTokenizer, UMT5EncoderModel

    ids = AutoTokenizer.from_pretrained(folder)(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        expected = UMT5EncoderModel.from_pretrained(folder)(**ids).last_hidden_state
    text = reader(folder)
    assert text.width == WIDTH
    assert text.padding == PADDING == 226
    for mine, theirs, count in zip(text.tokens(TEXTS), expected, ids["attention_mask"].sum(1), strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, theirs[:count].numpy(), atol=1e-5)


def test_umt5_keeps_tokens_and_reads_white_space_as_one_space(folder, monkeypatch):
    first = reader(folder).tokens(TEXTS)
    again = reader(folder)
    monkeypatch.setattr(again, "_encode", None)  # the disk has them
    for one, other in zip(first, again.tokens(["  a person\n walks ", *TEXTS[1:]]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_umt5_cuts_long_texts_and_closes_them(folder):
    long, short = reader(folder, limit=5).tokens(["a person walks a person walks", "a person walks"])
    assert len(long) == len(short) == 5
    np.testing.assert_allclose(long, short)  # four words and the closing token of both
    assert len(reader(folder).tokens(["walks " * 300])[0]) == 226


def test_umt5_in_bfloat16_is_near_and_another(folder):
    exact, rough = reader(folder), reader(folder, dtype="bfloat16")
    np.testing.assert_allclose(rough.tokens(["a person"])[0], exact.tokens(["a person"])[0], atol=0.1)
    assert exact.identity != rough.identity


def test_the_identity_is_that_of_the_files(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    assert reader(copy).identity == reader(folder).identity
    data = bytearray((copy / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (copy / "model.safetensors").write_bytes(data)
    assert reader(copy).identity != reader(folder).identity


def test_umt5_as_diffusers_lays_it_out(folder, tmp_path):
    for part, names in {"text_encoder": ["config.json", "model.safetensors"], "tokenizer": ["tokenizer*"]}.items():
        (tmp_path / part).mkdir()
        for name in names:
            for file in folder.glob(name):
                shutil.copy(file, tmp_path / part)
    np.testing.assert_array_equal(reader(tmp_path).tokens(TEXTS)[2], reader(folder).tokens(TEXTS)[2])


def test_umt5_as_wan_keeps_it(folder, tmp_path):
    """One file with names of its own: the same tokens, whatever it is called by."""
    wan = as_wan(folder, tmp_path / "wan")
    text = reader(wan)
    assert text.width == WIDTH
    for mine, theirs in zip(text.tokens(TEXTS), reader(folder).tokens(TEXTS), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    assert text.identity != reader(folder).identity


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blocks.1.attn.q.weight": None}, "sizes|tensors of the encoder are missing"),
        ({"blocks.0.attn.q.weight": None}, "lacks tensors of its first block"),
        ({"norm.weight": None}, r"1 tensors .* the first encoder\.final_layer_norm\.weight"),
        ({"blocks.0.cross.weight": torch.ones(1)}, r"holds blocks\.0\.cross\.weight, which is no tensor"),
        ({"token_embedding.weight": None}, r"holds no token_embedding\.weight"),
        ({"norm.weight": torch.ones(3)}, "UMT5 can't be loaded: RuntimeError"),
    ],
)
def test_another_file_than_wans_is_told(folder, tmp_path, change, message):
    wan = as_wan(folder, tmp_path / "wan", change)
    with pytest.raises(FormatError, match=message) as caught:
        reader(wan).tokens(["a"])
    assert "\n" not in str(caught.value)


def as_wan(folder, out, change=None):
    """Write an encoder as the repository of Wan lays it out."""
    from safetensors.torch import load_file

    found = {}
    for name, tensor in load_file(folder / "model.safetensors").items():
        for mine, theirs in umt5_wan.NAMES.items():
            if match := re.fullmatch(re.escape(theirs).replace(r"\{\}", r"(\d+)"), name):
                found[mine.format(*match.groups())] = tensor
    assert len(found) == 2 + 2 * 10  # two blocks of ten tensors, all of the encoder's
    (out / "google").mkdir(parents=True)
    shutil.copytree(folder, out / "google" / "umt5-xxl", ignore=lambda *_: ["model.safetensors", "config.json"])
    found = {name: value for name, value in {**found, **(change or {})}.items() if value is not None}
    torch.save(found, out / umt5.WAN_WEIGHTS)
    (out / "config.json").write_text('{"model_type": "t2v"}')  # of its video network
    return out


@pytest.mark.parametrize(
    ("options", "message"),
    [({"limit": 0}, "limit is 0"), ({"limit": 227}, "limit is 227"), ({"dtype": "float16"}, "dtype is 'float16'")],
)
def test_umt5_options_out_of_range(folder, options, message):
    with pytest.raises(ConfigError, match=f"{message}; expected"):
        reader(folder, **options)


def test_umt5_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="nowhere is no folder"):
        reader(tmp_path / "nowhere")
    with pytest.raises(
        ConfigError, match=r"config\.json is not there; expected a folder that transformers or diffusers"
    ):
        reader(tmp_path)


def test_another_encoder_is_refused(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    for values in ({"model_type": "bert", "d_model": 4}, {"model_type": "umt5"}, []):
        (tmp_path / "config.json").write_text(json.dumps(values))
        with pytest.raises(ConfigError, match="expected 'umt5' and its width"):
            reader(tmp_path)


@pytest.mark.parametrize("spoilt", ["weights", "tokenizer", "no weights"])
def test_damaged_files_are_told(folder, tmp_path, spoilt):
    copy = shutil.copytree(folder, tmp_path / "copy")
    name = {"weights": "model.safetensors", "tokenizer": "tokenizer.json"}.get(spoilt)
    if name:
        (copy / name).write_bytes((copy / name).read_bytes()[:100])
    else:
        (copy / "model.safetensors").unlink()
    with pytest.raises(FormatError, match="UMT5 can't be loaded") as caught:
        reader(copy).tokens(["a"])
    assert "\n" not in str(caught.value)


def test_weights_of_another_encoder_are_told(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    copy = shutil.copytree(folder, tmp_path / "copy")
    tensors = load_file(copy / "model.safetensors")
    tensors.pop("encoder.final_layer_norm.weight")
    save_file(tensors, copy / "model.safetensors", {"format": "pt"})
    with pytest.raises(FormatError, match=r"lack 1 tensors of UMT5, the first encoder\.final_layer_norm\.weight"):
        reader(copy).tokens(["a"])


def test_without_transformers_the_package_to_install_is_told(folder, monkeypatch):
    monkeypatch.setattr(umt5, "find_spec", lambda name: None)
    with pytest.raises(MBenchError, match="pip install transformers"):
        reader(folder)
