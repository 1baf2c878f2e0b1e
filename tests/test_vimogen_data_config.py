"""Configurations of `vimogen data build`: one line that names the field, what was found, what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from mbench.errors import ConfigError
from vimogen.data.config import Limits, load_build

GOOD = "output: out\nsubsets:\n  optical: {dataset: capture}\n"
BAD = {
    "no mapping": ("- a\n", ["expected fields such as"]),
    "no output": ("subsets: {a: {dataset: x}}\n", ["field 'output' is missing"]),
    "no subset": ("output: out\nsubsets: {}\n", ["subsets", "at least 1"]),
    "unknown field": (GOOD + "heldout: [kick]\n", ["unknown field 'heldout'", "did you mean 'held_out'"]),
    "name of a subset": ("output: out\nsubsets: {a/b: {dataset: x}}\n", ["subsets", "'a/b'"]),
    "no source": ("output: out\nsubsets: {a: {seed: 1}}\n", ["subsets.a", "exactly one of", "not none"]),
    "two sources": (
        "output: out\nsubsets: {a: {dataset: x, files: y}}\n", ["subsets.a", "exactly one of", "dataset and files"],
    ),
    "simulates nothing": (
        GOOD + "  video: {simulate: optcal}\n", ["video.simulate", "a subset that is not simulated: optical"],
    ),
    "simulates a simulation": (
        GOOD + "  video: {simulate: optical}\n  more: {simulate: video}\n", ["more.simulate", "not simulated: optical"],
    ),
    "text for a number": (GOOD + "filter: {jitter: low}\n", ["filter.jitter", "'low'", "number"]),
    "limit below 0": (GOOD + "filter: {sliding: -1}\n", ["filter.sliding", "-1", "greater than or equal to 0"]),
    "unknown limit": (GOOD + "filter: {jiter: 1}\n", ["unknown field 'filter.jiter'", "did you mean 'jitter'"]),
    "unknown limit of a subset": (
        "output: out\nsubsets: {a: {dataset: x, filter: {jiter: 1}}}\n",
        ["subsets.a.filter", "unknown field 'jiter'", "did you mean 'jitter'"],
    ),
    "no copies": ("output: out\nsubsets: {a: {simulate: b, copies: 0}}\n", ["subsets.a.copies", "found 0"]),
    "nothing to train on": (GOOD + "split: {val: 0.5, test: 0.5}\n", ["split", "leave something to train on"]),
    "unknown backend": (GOOD + "run: {backend: slurm}\n", ["run.backend", "'slurm'", "'joblib' or 'dask'"]),
    "written twice": (GOOD + "output: other\n", ["line 4", "'output' is written twice"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_configurations(tmp_path, name):
    text, told = BAD[name]
    path = tmp_path / "build.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_build(path)
    message = str(error.value)
    assert message.startswith(str(path)) or message.startswith("subsets."), message
    assert all(part in message for part in told), message
    assert "\n" not in message


def test_a_subset_s_own_limits_go_before_those_of_the_build(tmp_path):
    path = tmp_path / "build.yaml"
    path.write_text(GOOD + "  video: {simulate: optical, filter: {sliding: null}}\nfilter: {jitter: 0.1}\n")
    config = load_build(path)
    assert config.limits("optical") == Limits(jitter=0.1)
    assert config.limits("video") == Limits(jitter=0.1, sliding=None)
    assert config.ordered() == ["optical", "video"]


def test_the_example_can_be_read():
    config = load_build(Path(__file__).parents[1] / "examples" / "vimogen_data.yaml")
    assert [config.subsets[name].kind for name in config.subsets] == ["dataset", "simulate", "generator"]
