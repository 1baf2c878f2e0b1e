"""What a vision-language model is shown: the published view, the same for every model and every machine."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from conftest import make_walk
from judge_server import figure_at, serving
from mbench.judges.vision import media
from mbench.judges.vision.openai import OpenAISettings
from mbench.render import render
from motions import posed
from vision_judges import WALK, fresh, judge_of, saying, scripted

__all__ = ["fresh"]  # the fixture


def settings_of(**options):
    return OpenAISettings(model="m", **{"render": "skeleton", "size": 64, **options})


def pictures_of(shown):
    return [np.asarray(Image.open(io.BytesIO(data))) for data in shown.files]


def frames_of_video(data):
    import av

    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)], float(stream.average_rate)


@pytest.mark.parametrize(("style", "name"), [("body", "mesh"), ("skeleton", "skeleton")])
def test_pictures_are_those_of_the_published_view(style, name):
    short = WALK.replace(joints=WALK.joints[:9])
    shown = media.media_of(short, settings_of(render=style, frames=3))
    rendered = list(render(short, style=name, preset="mbench", size=64, device="cpu"))
    for picture, frame in zip(pictures_of(shown), (0, 4, 8), strict=True):
        assert np.array_equal(picture, rendered[frame])
    assert shown.seconds == (0.0, 0.2, 0.4)


def test_only_the_joints_count():
    motion = posed(3, frames=12)
    assert motion.pose is not None
    bare = motion.replace(joints=motion.joints)
    options = settings_of(render="body", frames=2)
    assert media.media_of(motion, options).hash == media.media_of(bare, options).hash
    assert (
        media.media_of(motion.replace(joints=motion.joints[::-1]), options).hash != media.media_of(bare, options).hash
    )


def test_frames_are_taken_at_their_times_at_any_rate():
    fast = media.media_of(make_walk(1.0, 60.0), settings_of(frames=4))
    slow = media.media_of(make_walk(1.0, 20.0), settings_of(frames=4))
    assert fast.seconds == slow.seconds == pytest.approx((0.0, 0.3, 0.65, 0.95))
    for one, other in zip(pictures_of(fast), pictures_of(slow), strict=True):
        assert np.allclose(figure_at(one), figure_at(other), atol=0.03)


@pytest.mark.parametrize("frames", [1, 2])
def test_motions_shorter_than_the_pictures_asked_for(frames):
    motion = WALK.replace(joints=WALK.joints[:frames])
    assert len(media.media_of(motion, settings_of(frames=8)).files) == frames
    assert len(frames_of_video(media.media_of(motion, settings_of(mode="video")).files[0])[0]) == 1


@pytest.mark.parametrize("protocol", ["openai", "gemini"])
def test_a_video_is_sent_whole(protocol):
    motion = make_walk(2.0)
    with serving(scripted(verify=saying("yes"))) as server:
        judge = judge_of(protocol, server, mode="video", fps=5, size=128)
        assert judge.match([motion], ["walk"]) == [1.0]
    for call in server.calls:
        ((kind, data),) = call.files
        frames, rate = frames_of_video(data)
        assert (kind, len(frames), rate, frames[0].shape) == ("video/mp4", 10, 5.0, (128, 128, 3))
        assert (np.diff([figure_at(frame)[0] for frame in frames]) > 0).all()
        assert "The video shows one motion of 2.0 s at 5 pictures a second" in call.text
    if protocol == "gemini":
        (part,) = [part for part in server.calls[0].body["contents"][0]["parts"] if "inlineData" in part]
        assert part["videoMetadata"] == {"fps": 5.0}
    else:
        assert server.calls[0].body["messages"][1]["content"][0]["type"] == "video_url"


def test_order_and_number_of_files_decide_the_hash():
    hashes = [media._hash(files) for files in ((b"ab", b"c"), (b"c", b"ab"), (b"a", b"bc"), (b"abc",))]
    assert len(set(hashes)) == 4


def test_a_motion_is_drawn_once_while_it_is_among_the_last_ones(monkeypatch):
    drawn = []
    monkeypatch.setattr(media, "media_of", lambda motion, settings: drawn.append(motion) or len(drawn))
    monkeypatch.setattr(media, "KEPT", 2)
    studio = media.Studio(settings_of())
    one, two, three = (WALK.replace(joints=WALK.joints + np.float32(n)) for n in range(3))
    assert [studio.media(m) for m in (one, one, two, one, three, one, two)] == [1, 1, 2, 1, 3, 1, 4]
    assert studio.media(one.with_meta(source="elsewhere")) == 1
