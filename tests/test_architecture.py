"""Imports run downward only, and what must be light is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# From low to high. A module may import its own tier and those before it.
TIERS = [
    ["errors", "files", "yamlfile", "stats", "registry", "card", "cache", "seeds", "weights"],
    ["config"],
    ["motion"],
    ["io"],
    ["body"],
    ["render"],
    ["datasets", "vectors", "text", "training", "training_captions"],
    ["judges"],
    ["metrics", "suites", "models"],
    ["versions"],
    ["scoring", "score_files", "provenance", "progress", "results", "plan"],
    ["generate_stage", "score_sets", "score_stage", "summary", "distance_stage", "comparison", "official", "agreement"],
    ["report", "runner"],
    ["cli", "__main__"],
]
TIER = {name: number for number, names in enumerate(TIERS) for name in names}


def imports_of(path: Path) -> set[str]:
    """Return the modules that a file imports anywhere but under TYPE_CHECKING."""
    tree = ast.parse(path.read_text())
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= (
                {f"{node.module}.{alias.name}" for alias in node.names} if node.module == "mbench" else {node.module}
            )
    return found


def files_of(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("path", files_of("mbench"), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_downward(path):
    parts = path.relative_to(ROOT / "mbench").with_suffix("").parts
    if parts == ("__init__",):
        return  # the public names, imported when used
    assert parts[0] in TIER, f"{path}: give the module a tier"
    for name in imports_of(path):
        assert name.split(".")[0] not in {"baselines", "vimogen", "leaderboard"}, f"{path} imports {name}"
        if name.startswith("mbench."):
            other = name.split(".")[1]
            fine = other == "__version__" or TIER[other] <= TIER[parts[0]]
            assert fine, f"{path} imports {name}, which stands above it"


@pytest.mark.parametrize("path", files_of("leaderboard"), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_leaderboard_imports_mbench_only(path):
    assert not {name.split(".")[0] for name in imports_of(path)} & {"baselines", "vimogen"}, path


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "code",
    [
        "import mbench, numpy; mbench.score(mbench.Motion(numpy.random.rand(40, 22, 3).astype('f4')))",
        "import mbench.cli",
        "from baselines.choreographer import Choreographer; Choreographer()",
    ],
    ids=["joint metrics", "command line", "choreographer"],
)
def test_torch_is_not_imported(code):
    heavy = {"torch", "smplx", "sentence_transformers", "warp", "gradio", "matplotlib"}
    loaded = python(f"{code}; import sys; print(*sys.modules)").split()
    assert not heavy & set(loaded)


@pytest.mark.parametrize("name", ["leaderboard", "arena", "serve"])
def test_commands_of_the_leaderboard_are_light(name):
    heavy = {"torch", "gradio", "fastapi", "sqlalchemy", "matplotlib", "pandas", "jinja2", "scipy"}
    loaded = python(f"import leaderboard.cli.{name}, sys; print(*sys.modules)").split()
    assert not heavy & set(loaded)


def test_importing_mbench_imports_nothing_heavy():
    loaded = python("import mbench, sys; print(*sys.modules)").split()
    assert not {"numpy", "scipy", "pandas", "pydantic", "rich"} & set(loaded)


def test_every_public_name_is_there():
    import mbench

    assert all(getattr(mbench, name) is not None for name in mbench.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = mbench.nothing


def test_no_file_is_longer_than_the_house_allows():
    long = {str(p): n for top in ("mbench", "baselines", "vimogen", "leaderboard") for p in files_of(top)
            if (n := p.read_text().count("\n")) > 300}  # fmt: skip
    assert not long
