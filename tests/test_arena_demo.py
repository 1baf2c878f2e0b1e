"""The demo: a whole study from nothing, made once."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from arena_studies import tiny_video
from leaderboard.arena import demo, known, media
from leaderboard.arena.study import read_study
from mbench.errors import UnknownNameError


@pytest.fixture(autouse=True)
def drawn(tmp_path, monkeypatch):
    """Draw plain colours instead of motions."""
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "cache"))

    def draw(clips, workers, quiet):
        undrawn = [clip for clip in clips if not clip.path.exists()]
        for clip in undrawn:
            clip.path.parent.mkdir(parents=True, exist_ok=True)
            clip.path.write_bytes(tiny_video())
        return len(undrawn)

    monkeypatch.setattr(media, "draw", draw)


def test_the_demo_is_a_whole_study_made_once(tmp_path, monkeypatch):
    folder = demo.make_demo()
    study = read_study(folder)
    assert folder.is_relative_to(tmp_path / "cache" / "arena-demo")
    assert list(study.models) == ["choreographer", "static", "jittered", "sliding"]
    assert (len(study.of_kind("pair")), len(study.of_kind("training"))) == (16, 4)
    assert len(study.of_kind("attention")) == study.shares["attention"] == 1
    assert sum(study.shares.values()) == study.per_rater == 12
    assert len(list((folder / "media").iterdir())) == 2 * len(study.clips)
    (folder / "votes.sqlite").write_bytes(b"")
    assert demo.make_demo() == folder
    assert read_study(folder) == study
    here = demo.make_demo(tmp_path / "here")  # from the same runs and videos, with random names of its own
    assert here == tmp_path / "here"
    assert not set(read_study(here).clips) & set(study.clips)
    monkeypatch.setattr(demo, "STUDY", MappingProxyType({**demo.STUDY, "votes": 4}))
    assert demo.make_demo() != folder  # an old demo does not stand for a new one


def test_without_the_generator_there_is_no_demo(monkeypatch):
    monkeypatch.setattr(demo, "GENERATOR", "choreograper")
    with pytest.raises(UnknownNameError, match="did you mean 'choreographer'"):
        demo.make_demo()


def test_every_prompt_of_the_demo_is_understood():
    assert all(known.generated(text, seconds, 0) is not None for _, text, seconds in demo.PROMPTS)
