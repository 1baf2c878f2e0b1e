"""Draw the balance of the built-in suites and bring the table in docs/suite.md up to date.

python scripts/suite_balance.py
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mbench.suites import Prompt, Suite, load_suite
from mbench.suites.names import CATEGORIES, GROUPS
from mbench.suites.validation import text_key

DOCS = Path(__file__).parents[1] / "docs"
PAGE, FIGURE = DOCS / "suite.md", DOCS / "suite_balance.png"
BEGIN, END = "<!-- balance: made by scripts/suite_balance.py -->\n", "<!-- end of balance -->\n"
SECONDS = tuple(range(3, 11))
REGIONS = ("upper-body", "lower-body", "full-body")
COLOURS = {"quality": "#4477aa", "pose": "#66ccee", "consistency": "#ccbb44", "generalization": "#ee6677"}


def block(prompt: Prompt) -> str:
    """Return the block of a prompt of mbench-open."""
    return next(group for group, dimensions in GROUPS.items() if prompt.dimensions == dimensions)


def tables(full: Suite, mini: Suite) -> str:
    """Return two Markdown tables: categories, and seconds."""
    parts: dict[str, Sequence[Prompt]] = {
        **{group: [p for p in full if block(p) == group] for group in GROUPS},
        "mbench-open": full.prompts,
        "mbench-mini": mini.prompts,
    }
    categories = [(name, lambda p, name=name: name in p.tags) for name in CATEGORIES]
    seconds = [(f"{n} s", lambda p, n=n: p.seconds == n) for n in SECONDS]
    sizes = _row("prompts", [str(len(prompts)) for prompts in parts.values()])
    words = _row("words a prompt, median (range)", [_words(prompts) for prompts in parts.values()])
    means = _row("mean seconds", [f"{sum(p.seconds for p in ps) / len(ps):.1f}" for ps in parts.values()])
    return (
        _table("category", parts, categories) + sizes + words + "\n" + _table("duration", parts, seconds) + means + "\n"
    )


def _table(title: str, parts: dict[str, Sequence[Prompt]], rows: list[tuple[str, Callable[[Prompt], bool]]]) -> str:
    head = _row(title, list(parts)) + _row("---", ["---:"] * len(parts))
    return head + "".join(_row(name, [str(sum(map(test, ps))) for ps in parts.values()]) for name, test in rows)


def _row(first: str, cells: list[str]) -> str:
    return f"| {first} | {' | '.join(cells)} |\n"


def _words(prompts: Sequence[Prompt]) -> str:
    counts = sorted(len(text_key(prompt.text).split()) for prompt in prompts)
    return f"{counts[len(counts) // 2]} ({counts[0]} to {counts[-1]})"


def draw(full: Suite, mini: Suite, path: Path) -> None:
    """Write the figure: shares of categories, seconds and tags; blocks stacked, mini as diamonds."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    tags = Counter(tag for prompt in full for tag in prompt.tags[1:])
    free = [*REGIONS, *(tag for tag, _ in tags.most_common() if tag not in REGIONS)]
    figure, axes = plt.subplots(1, 3, figsize=(12, 4.6), layout="constrained")
    _bars(axes[0], "category", list(CATEGORIES), full, mini, lambda p: [p.tags[0]])
    _bars(axes[1], "duration", [f"{n} s" for n in SECONDS], full, mini, lambda p: [f"{p.seconds:g} s"])
    _bars(axes[2], "other tags (a prompt has several)", free, full, mini, lambda p: list(p.tags[1:]))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _bars(
    axis: Any, title: str, labels: list[str], full: Suite, mini: Suite, keys: Callable[[Prompt], list[str]]
) -> None:
    """Draw one panel: a bar a label, in per cent of the suite."""
    left = [0.0] * len(labels)
    for group, colour in COLOURS.items():
        counts = Counter(key for prompt in full if block(prompt) == group for key in keys(prompt))
        widths = [100 * counts[label] / len(full) for label in labels]
        axis.barh(labels, widths, left=left, color=colour, label=f"mbench-open: {group}")
        left = [a + b for a, b in zip(left, widths, strict=True)]
    counts = Counter(key for prompt in mini for key in keys(prompt))
    shares = [100 * counts[label] / len(mini) for label in labels]
    axis.plot(shares, labels, "D", color="black", markersize=4, linestyle="none", label="mbench-mini")
    axis.invert_yaxis()
    axis.set(title=title, xlabel="% of the prompts")
    axis.spines[["top", "right"]].set_visible(False)


def main() -> None:
    """Write both."""
    full, mini = load_suite("mbench-open"), load_suite("mbench-mini")
    draw(full, mini, FIGURE)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}{tables(full, mini)}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
