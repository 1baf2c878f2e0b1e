"""docs/vimogen_reference.md: its examples are accepted, its thresholds and defaults are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from vimogen.gate import GateSettings, build_gate
from vimogen.reference.bank import BankSettings
from vimogen.reference.build import KINDS
from vimogen.reference.files import FilesSettings
from vimogen.reference.video import WORDING, VideoOptions, VideoSettings

PAGE = (Path(__file__).parents[1] / "docs/vimogen_reference.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


def test_every_yaml_is_accepted():
    gates = [block["gate"] for block in BLOCKS if "gate" in block]
    videos = [block["reference"] for block in BLOCKS if "reference" in block]
    assert [len(BLOCKS), len(gates), len(videos)] == [3, 1, 1]
    assert build_gate(gates[0]).settings.match == 0.1
    assert VideoSettings.model_validate(videos[0]).video.frames == 81


def test_every_source_and_default_is_told():
    assert all(f"`{{{kind}: " in PAGE for kind in KINDS)
    defaults = [(FilesSettings, "fps"), (BankSettings, "least"), (BankSettings, "nearest"), (VideoOptions, "height"),
                (VideoOptions, "width"), (VideoOptions, "fps")]  # fmt: skip
    for settings, field in defaults:
        assert f"`{field}` ({settings.model_fields[field].default:g})" in PAGE, field
    assert f'"{WORDING}"' in " ".join(PAGE.split())
    gate = GateSettings()
    assert f"below {gate.jitter} m/frame²" in PAGE and f"surer than {gate.match} that it shows" in PAGE


def test_the_python_example_runs():
    names: dict[str, object] = {}
    exec(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1], names)
    (decision,) = names["decisions"]
    assert decision.reference is not None and decision.match is not None
