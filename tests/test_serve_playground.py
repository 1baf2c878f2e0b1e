"""The playground without a browser: what may be asked, what is made and kept, visitors' own files."""

from __future__ import annotations

import io
import re
import zipfile
from contextlib import closing

import numpy as np
import pytest

import mbench
from baselines.choreographer import choreograph
from leaderboard.serve import view
from leaderboard.serve.models import Playable, playable
from leaderboard.serve.page import first_choice, playground, run_form
from leaderboard.serve.store import Store
from leaderboard.serve.takes import FORMATS, LONGEST_TEXT, Asked, Studio, Take, ask
from leaderboard.serve.uploads import MAX_BYTES, Uploads, read_upload
from mbench.errors import ConfigError, FormatError, MBenchError, PluginError, UnknownNameError
from mbench.motion import Motion
from mbench.scoring import Value

HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
GOOD = {"text": "a person walks", "seconds": 1, "seed": 3, "models": ["static"], "style": "Skeleton"}


def asked(**fields):
    return ask(**{**GOOD, **fields}, known=["choreographer", "static", "sliding", "a", "b"])


# ---- what may be asked


def test_what_is_asked_is_tidied():
    found = asked(text="  a person\n\twalks  ", seconds=2, models=["static", "choreographer", "static"])
    assert found == Asked("a person walks", 2.0, 3, ("choreographer", "static"), "Skeleton")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": ""}, "prompt is empty"), ({"text": " \n"}, "prompt is empty"), ({"text": None}, "prompt is empty"),
        ({"text": ["a"]}, "prompt is empty"),
        ({"text": "x" * (LONGEST_TEXT + 1)}, "has 301 characters; expected up to 300"),
        ({"seconds": 0.4}, "Seconds is 0.4; expected 0.5 to 20"), ({"seconds": 20.5}, "Seconds is 20.5"),
        ({"seconds": None}, "Seconds is empty"), ({"seconds": float("nan")}, "Seconds is nan"),
        ({"seconds": "4"}, "Seconds is '4'"), ({"seconds": True}, "Seconds is True"),
        ({"seed": -1}, "Seed is -1"), ({"seed": 2**32}, "Seed is 4294967296"), ({"seed": 1.5}, "Seed is 1.5"),
        ({"seed": None}, "Seed is empty"), ({"models": []}, "0 models are chosen"), ({"models": None}, "0 models"),
        ({"models": ["command"]}, "0 models"),
        ({"models": ["choreographer", "static", "sliding", "a", "b"]}, "5 models"),
        ({"style": "Robot"}, "Show as is 'Robot'; expected Body or Skeleton"), ({"style": None}, "Show as is empty"),
    ],
)  # fmt: skip
def test_what_can_not_be_made_is_told(fields, words):
    with pytest.raises(ConfigError, match=re.escape(words)):
        asked(**fields)


def test_every_part_of_what_is_asked_decides_the_take():
    keys = {asked(**more).key(model) for more in ({}, {"text": "b"}, {"seconds": 2}, {"seed": 4}, {"style": "Body"})
            for model in ("static", "sliding")}  # fmt: skip
    assert len(keys) == 10


# ---- models


def test_models_that_a_name_is_enough_for_are_offered():
    found, missing = playable()
    names = {model.name for model in found}
    assert {"choreographer", "static", "jittered", "sliding"} <= names
    assert not {"motions", "command", "shuffled"} & names
    assert missing == []


def test_a_plugin_that_does_not_import_is_left_out_and_told(monkeypatch):
    from mbench.models.base import MODELS

    get = MODELS.get

    def broken(name):
        if name == "sliding":
            raise PluginError("model 'sliding' could not be imported: no luck")
        return get(name)

    monkeypatch.setattr(MODELS, "get", broken)
    found, missing = playable()
    assert "sliding" not in {model.name for model in found} and "static" in {model.name for model in found}
    assert missing == ["model 'sliding' could not be imported: no luck"]


NOT_OFFERED = [
    (["coreographer"], UnknownNameError, "did you mean 'choreographer'"),
    (["command"], ConfigError, "needs the option"),
    (["shuffled"], ConfigError, "needs all prompts of a suite"),
    ([], ConfigError, "has no model"),
]


@pytest.mark.parametrize(("names", "error", "words"), NOT_OFFERED)
def test_models_that_can_not_be_offered_are_told(names, error, words):
    with pytest.raises(error, match=words):
        playable(names)


def test_two_models_are_chosen_at_first():
    assert first_choice(["choreographer", "jittered", "static"]) == ["choreographer", "static"]
    assert first_choice(["b", "a", "c"]) == ["b", "a"]
    assert first_choice(["a"]) == ["a"]


# ---- takes


class Counting(Playable):
    """A model that counts what it is asked, and breaks or says no on request."""

    def __init__(self, name="counting", answer=None):
        super().__init__(name)
        self.answer, self.asked = answer, []

    @property
    def model(self):
        return self

    def generate(self, prompts, seeds):
        for prompt, seed in zip(prompts, seeds, strict=True):
            self.asked.append((prompt.text, prompt.seconds, seed))
            if isinstance(self.answer, type) and issubclass(self.answer, BaseException):
                raise self.answer("the weights\nare gone")
            yield self.answer or choreograph(prompt.text, prompt.seconds, seed)


@pytest.fixture
def store():
    with closing(Store[Take]()) as made:
        yield made


def test_a_take_has_every_format_and_the_joint_metrics(store):
    model = Counting()
    take, token = Studio([model], store, "cpu").take(asked(), "counting")
    assert (take.seconds, take.frames, take.fps) == (1.0, 20, 20.0)
    assert set(take.files) == set(FORMATS) and not take.failed
    read = mbench.read_motion(take.files["npz"])
    np.testing.assert_array_equal(read.joints, choreograph("a person walks", 1.0, 3).joints)
    expected = mbench.score(read).iloc[0]
    for value in take.values:
        assert value.value == pytest.approx(expected[value.metric], nan_ok=True) or value.value is None
    assert store.find(token) is take


def test_the_same_request_is_made_once_and_each_visitor_gets_another_token(store):
    model = Counting()
    studio = Studio([model], store, "cpu")
    first, mine = studio.take(asked(), "counting")
    second, yours = studio.take(asked(), "counting")
    assert first is second and mine != yours and len(mine) >= 32
    assert model.asked == [("a person walks", 1.0, 3)]


@pytest.mark.parametrize(
    ("answer", "words"),
    [(RuntimeError, "counting failed: RuntimeError: the weights are gone"), (MBenchError, "the weights are gone"),
     (ConfigError("no such motion"), "no such motion"), ("walk", "gave str; expected a Motion")],
)  # fmt: skip
def test_a_model_that_fails_is_told_and_leaves_nothing(store, answer, words):
    said = Studio([Counting(answer=answer)], store, "cpu").take(asked(), "counting")
    assert isinstance(said, str) and words in said
    assert list(store.root.iterdir()) == []


def test_one_model_that_fails_does_not_stop_the_others(store):
    studio = Studio([Counting("good"), Counting("bad", RuntimeError)], store, "cpu")
    pages = list(run_form(studio, ["a person waves", 1, 0, ["good", "bad"], "Skeleton"]))
    assert len(pages) == 3
    assert "Made 0 of 2: now good" in pages[0] and "Made 1 of 2: now bad" in pages[1]
    assert "now" not in pages[2] and "bad failed: RuntimeError" in pages[2] and pages[2].count("<video") == 1


def test_a_note_of_the_model_is_shown(store):
    take, _ = Studio([Counting()], store, "cpu").take(asked(text="frobnicate the gizmo"), "counting")
    assert take.note.startswith("not understood")


def test_wrong_fields_are_answered_with_one_message(store):
    (page,) = run_form(Studio([Counting()], store), ["a", 99, 0, ["counting"], "Body"])
    assert page == '<p class="pg-problem" role="alert">Seconds is 99; expected 0.5 to 20.</p>'


def test_texts_of_visitors_and_models_are_escaped(tmp_path):
    take = Take(
        HOSTILE, 1.0, 20, 20.0, (Value("quality/jerk", None, HOSTILE),), {}, dict.fromkeys(FORMATS, HOSTILE), HOSTILE
    )
    wanted = Asked(HOSTILE, 1.0, 0, (HOSTILE, "b"), "Body")
    for page in (view.results(wanted, [(HOSTILE, (take, "t"))]), view.results(wanted, [(HOSTILE, HOSTILE)]),
                 view.problem(HOSTILE), view.status(HOSTILE)):  # fmt: skip
        assert "<img" not in page and "<script" not in page and "&lt;script&gt;" in page


def test_the_form_offers_an_own_file_only_where_uploads_are_taken(store):
    studio = Studio([Counting()], store)
    assert "pg-file" not in str(playground(studio).get_config_file())
    assert "pg-file" in str(playground(studio, Uploads()).get_config_file())


# ---- the store


def filled(most=3, seconds=100.0):
    now = [0.0]
    store = Store[str](most, seconds, lambda: now[0])
    folders = {}
    for key in "abc":
        folders[key] = store.new_folder()
        (folders[key] / "motion.npz").write_bytes(b"x")
        store.put(key, f"thing {key}", folders[key])
        now[0] += 1
    return store, folders, now


def test_what_was_asked_for_longest_ago_goes_first():
    store, folders, _ = filled()
    with closing(store):
        token = store.token("b")
        assert store.get("a") == "thing a"
        store.put("d", "thing d", store.new_folder())
        assert [store.get(key) for key in "abcd"] == ["thing a", None, "thing c", "thing d"]
        assert not folders["b"].exists() and folders["a"].exists()
        assert store.find(token) is None


def test_what_is_old_goes_and_use_keeps_it_young():
    store, folders, now = filled()
    with closing(store):
        token = store.token("c")
        now[0] = 90.0
        assert store.find(token) == "thing c"
        now[0] = 150.0
        assert [store.get(key) for key in "abc"] == [None, None, "thing c"]
        assert [folders[key].exists() for key in "abc"] == [False, False, True]
        now[0] = 251.0
        assert store.find(token) is None


def test_tokens_are_found_only_as_they_are():
    store, _, _ = filled()
    with closing(store):
        token = store.token("a")
        assert store.find(token) == "thing a"
        assert {store.find(guess) for guess in ("", "a", token[:-1], token + "a", token.swapcase())} == {None}


def test_nothing_is_left_at_the_end():
    store, _, _ = filled()
    store.close()
    assert not store.root.exists()


# ---- visitors' own files


def file_of(motion: Motion, suffix: str, folder) -> bytes:
    path = folder / f"m{suffix}"
    mbench.write_motion(motion, path)
    return path.read_bytes()


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".bvh"])
def test_an_own_motion_is_read(tmp_path, suffix):
    motion = choreograph("a person jumps", 1.0, 0)
    uploads = Uploads()
    token = uploads.add(f"../my walk{suffix.upper()}", file_of(motion, suffix, tmp_path))
    assert len(uploads.find(token)) == len(motion)


def bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("joints.npy", bytes(70_000_000))
    return made.getvalue()


def long_motion() -> bytes:
    made = io.BytesIO()
    np.save(made, np.tile(choreograph("stand", 1.0, 0).joints, (21, 1, 1)))
    return made.getvalue()


def objects() -> bytes:
    made = io.BytesIO()
    np.save(made, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return made.getvalue()


def huge_header() -> bytes:
    made = io.BytesIO()
    np.lib.format.write_array_header_1_0(made, {"descr": "<f4", "fortran_order": False, "shape": (10**11, 22, 3)})
    return made.getvalue() + b"short"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.pt", b"x", "suffix '.pt'; expected one of .npz, .npy, .bvh"), ("motion", b"x", "suffix ''"),
        ("a.bvh", b"x" * (MAX_BYTES + 1), "has 4194305 bytes; expected up to 4194304"),
        ("a.npz", bomb(), "unpacks to 70 MB"),
        ("a.npy", long_motion(), "lasts 21.0 s; expected up to 20 s"), ("a.npy", objects(), "a.npy"),
        ("a.npy", huge_header(), "a.npy"), ("a.npz", b"PK\x03\x04 no zip", "a.npz"),
        ("a.bvh", b"HIERARCHY\n\xff", "a.bvh"),
        ("a.bvh", b"", "a.bvh"),
    ],
    ids=["pt", "no suffix", "large", "bomb", "long", "pickle", "header", "torn", "bytes", "empty"],
)  # fmt: skip
def test_an_own_file_that_is_no_motion_is_refused_by_its_name_alone(name, data, words):
    with pytest.raises(FormatError, match=re.escape(words)) as error:
        read_upload(name, data)
    assert "/tmp" not in str(error.value) and "mbench-upload" not in str(error.value)


def test_own_motions_are_kept_up_to_a_number(tmp_path):
    data = file_of(choreograph("stand", 0.5, 0), ".npy", tmp_path)
    uploads = Uploads(most=2)
    tokens = [uploads.add("a.npy", data) for _ in range(3)]
    assert len(set(tokens)) == 3
    with pytest.raises(MBenchError, match="choose it again"):
        uploads.find(tokens[0])
    assert len(uploads.find(tokens[2])) == 10


def test_an_own_motion_stands_beside_the_models(store, tmp_path):
    uploads = Uploads()
    token = uploads.add("a.npy", file_of(choreograph("a person bows", 1.0, 0), ".npy", tmp_path))
    *_, page = run_form(
        Studio([Counting()], store, "cpu"), ["a person bows", 1, 0, ["counting"], "Skeleton"], uploads, token
    )
    assert page.index("your file") < page.index("counting") and page.count("<video") == 2
    *_, page = run_form(
        Studio([Counting()], store, "cpu"), ["a person bows", 1, 0, ["counting"], "Skeleton"], uploads, "x"
    )
    assert "choose it again" in page and page.count("<video") == 1
