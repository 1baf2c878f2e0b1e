"""What the tests of vision-language judges share: judges of both protocols, scripted servers, small motions."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from conftest import make_walk
from judge_server import Call, JudgeServer
from mbench.judges.base import build_judge
from mbench.judges.vision import media
from mbench.motion import Motion

KEY = "sk-very-secret-0123456789abcdef"
PROTOCOLS = ("openai", "gemini")
SMALL = {"model": "eyes-1", "render": "skeleton", "size": 64, "frames": 2, "backoff": 0.02, "timeout": 5.0}
WALK = make_walk(1.0)
STILL = WALK.replace(joints=np.repeat(WALK.joints[:1], len(WALK), axis=0))


_DRAWN: dict[Any, Any] = {}
_draw = media.media_of


def _drawn_once(motion: Motion, settings: Any) -> Any:
    """Draw for real, but each motion once for all tests: new judges would draw it again."""
    looks = [getattr(settings, name) for name in ("mode", "render", "frames", "fps", "size")]
    key = (motion.joints.tobytes(), motion.fps, *looks)
    if key not in _DRAWN:
        _DRAWN[key] = _draw(motion, settings)
    return _DRAWN[key]


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    """Give each test a cache of its own and no keys."""
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(media, "media_of", _drawn_once)
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def judge_of(protocol: str, server: JudgeServer, **options: Any) -> Any:
    url = server.base_url if protocol == "openai" else server.root
    return build_judge(protocol, {**SMALL, "base_url": url, **options})


def motions(count: int) -> list[Motion]:
    """Return motions that differ."""
    return [WALK.replace(joints=WALK.joints + np.float32([0, 0, 0.01 * n])) for n in range(count)]


def scripted(
    verify: Sequence[Any] | Callable[[Call], Any] = "yes",
    choose: Sequence[Any] | Callable[[Call], Any] = "A",
    describe: Any = "It moves.",
) -> Callable[[Call], Any]:
    """Return a server's function: text to send (again and again), a list of things to send, or a function."""
    scripts = {"verify": verify, "choose": choose, "describe": describe}
    scripts = {role: list(script) if isinstance(script, list | tuple) else script for role, script in scripts.items()}

    def answer(call: Call) -> Any:
        script = scripts[call.role]
        if callable(script):
            return script(call)
        return script.pop(0) if isinstance(script, list) else script

    return answer


def saying(value: str) -> str:
    return json.dumps({"reason": "it is seen", "answer": value})
