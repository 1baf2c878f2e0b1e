"""Reference motions that another generator makes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mbench.errors import ConfigError, PluginError, UnknownNameError
from mbench.motion.canonical import canonicalise
from mbench.motion.representations import vimogen276
from mbench.motion.resample import resample
from motions import posed
from reference_files import prompt
from vimogen.reference.base import NoReference, Reference
from vimogen.reference.build import build_reference
from vimogen.reference.model import notes_of

DANCER = {"model": {"name": "reference_files:Dancer"}}


def test_the_choreographer_is_a_source():
    source = build_reference("model:choreographer")
    waves, nonsense = source.references(
        [prompt(text="a person waves", seconds=2.0), prompt("p1", "quantum foam annuls itself", 2.0)], [0, 0]
    )
    assert waves.rows.shape == (39, 276) and "notes" not in waves.provenance
    assert waves.provenance["meta"]["choreographer"]["actions"] == ["wave"]
    assert nonsense.provenance["notes"] == ["not understood: quantum foam annuls itself"]
    json.dumps(dict(nonsense.provenance), allow_nan=False)


def test_a_reference_is_the_models_motion_at_20_fps():
    (reference,) = build_reference(DANCER).references([prompt()], [5])
    motion = canonicalise(resample(posed(5, frames=90, fps=30, highest_hz=1.0), 20), floor=True)
    np.testing.assert_allclose(reference.rows, vimogen276.encode(motion), atol=1e-5)
    assert reference.provenance["from_fps"] == 30 and reference.provenance["model"] == "dancer"


def test_prompt_and_seed_decide_whatever_else_is_in_the_batch():
    source = build_reference(DANCER)
    prompts, seeds = [prompt(f"p{n}") for n in range(3)], [4, 2, 4]
    together = source.references(prompts, seeds)
    alone = [source.references([p], [seed])[0] for p, seed in zip(prompts, seeds, strict=True)]
    assert all(np.array_equal(a.rows, b.rows) for a, b in zip(together, alone, strict=True))
    assert np.array_equal(together[0].rows, together[2].rows)
    assert not np.array_equal(together[0].rows, together[1].rows)


def test_what_the_model_can_not_do_is_told():
    good, none = build_reference(DANCER).references([prompt(), prompt("p1", "silence")], [0, 0])
    assert isinstance(good, Reference) and isinstance(none, NoReference)
    assert str(none) == "model 'dancer' made no motion: LookupError: never heard of it"


def test_joints_alone_are_fitted(tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path))
    config = {"model": {"name": "reference_files:Dancer", "options": {"posing": False}}}
    (reference,) = build_reference(config).references([prompt(seconds=1.0)], [0])
    assert reference.provenance["rotations"] == "fitted" and reference.rows.shape == (19, 276)


def test_a_model_that_wants_all_prompts_is_told_them():
    source = build_reference(DANCER)
    source.prepare([prompt("a"), prompt("b")])
    assert source._model.prepared == ["a", "b"]
    build_reference("model:choreographer").prepare([prompt("a")])  # has no such wish


def test_identity_follows_name_and_options():
    def identity(config):
        return build_reference({"model": config}).identity

    names = [identity("choreographer"), identity("reference_files:Dancer"),
             identity({"name": "reference_files:Dancer", "options": {"posing": False}})]  # fmt: skip
    assert len(set(names)) == 3 and identity("choreographer") == names[0]


def test_a_model_that_gives_too_few_is_no_good():
    config = {"model": {"name": "reference_files:Dancer", "options": {"fewer": 1}}}
    with pytest.raises(PluginError, match="gave 1 motions for 2 prompts"):
        build_reference(config).references([prompt(), prompt("p1")], [0, 0])


def test_a_wrong_model_is_told():
    with pytest.raises(UnknownNameError, match="did you mean 'choreographer'"):
        build_reference("model:choreografer")
    with pytest.raises(ConfigError, match="unknown option 'possing'"):
        build_reference({"model": {"name": "reference_files:Dancer", "options": {"possing": False}}})
    with pytest.raises(ConfigError, match="model.nam"):
        build_reference({"model": {"nam": "choreographer"}})


def test_notes_are_found_however_deep():
    assert list(notes_of({"a": {"note": "x", "b": {"note": "y"}}, "note": "", "n": {"note": 3}})) == ["x", "y"]
