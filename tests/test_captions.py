"""Captions from labels: counts, determinism, nothing lost, nothing flipped."""

from __future__ import annotations

import json

import pytest

from mbench.datasets.base import Caption, Clip
from mbench.datasets.captions import captions_of, paraphrases


def test_every_label_of_the_shared_motions_has_twelve_captions(shared):
    rows = [json.loads(line) for line in (shared / "mocap" / "metadata.jsonl").read_text().splitlines()]
    for label in {row["content"] for row in rows if row["content"]}:
        captions = paraphrases(label)
        assert len({caption.lower().rstrip(".") for caption in captions}) == 12, label
        assert not any("a movement called" in caption for caption in captions), label


def test_a_label_gives_the_same_captions_again_and_others_for_another_seed():
    assert paraphrases("bow", "angry") == paraphrases("bow", "angry")
    assert paraphrases("bow", "angry") != paraphrases("bow", "angry", seed=1)
    assert paraphrases("bow", count=20)[:5] == paraphrases("bow", count=5)


def test_no_label_no_captions():
    assert paraphrases("") == []


def test_written_captions_come_first_and_spam_never():
    spam = Caption("visit <a href=http://tickets.example/>us</a>", source="kit-ml")
    clip = Clip("1", 20, 40, (spam, Caption("A man bows low.", source="kit-ml")), labels={"content": "bow"})
    captions = captions_of(clip, count=5)
    assert captions[0] == "A man bows low." and len(captions) == 6
    assert not any("tickets" in caption for caption in captions)


@pytest.mark.parametrize("labels", [{}, {"content": ""}])
def test_a_clip_that_says_nothing_has_no_captions(labels):
    assert captions_of(Clip("1", 20, 40, labels=labels)) == []
