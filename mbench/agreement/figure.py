"""Win ratios by people against win ratios by each metric, a panel a metric, a dot a model."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mbench.errors import ConfigError
from mbench.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".svg", ".png")
COLUMNS = 4
PANEL = 2.6  # inches a side
MARKERS = "osD^vP*X<>"
STYLE: dict[Any, Any] = {"svg.hashsalt": "mbench", "svg.fonttype": "none", "font.size": 8, "text.parse_math": False}


def check_figure(path: Path) -> None:
    """Refuse a figure that nothing writes, before anything is computed.

    Raises:
        ConfigError: the suffix is neither .svg nor .png.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: has the suffix {path.suffix!r}; expected .svg or .png")


def write_figure(result: dict[str, Any], path: Path) -> None:
    """Draw what `agreement` returned; the same result gives the same bytes.

    Args:
        result: of `agreement`.
        path: an .svg or .png file.

    Raises:
        MBenchError: it can't be written, or has another suffix.
    """
    import matplotlib
    from matplotlib.figure import Figure

    check_figure(path)
    panels = [(q["question"], n, m) for q in result["questions"] for n, m in q["metrics"].items() if m["win_ratios"]]
    across = min(COLUMNS, max(len(panels), 1))
    down = max(math.ceil(len(panels) / across), 1)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(PANEL * across, PANEL * down + 0.5), layout="constrained", dpi=150)
        grid = figure.subplots(down, across, squeeze=False)
        for axes in grid.flat[len(panels) :]:
            axes.set_axis_off()
        for axes, (question, name, metric) in zip(grid.flat, panels, strict=False):
            _panel(axes, f"{name}\n{question}".strip(), metric, result["models"])
        _legend(figure, grid)
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
        with atomic_write(path) as file:
            figure.savefig(file, format=path.suffix[1:].lower(), metadata=metadata)


def _panel(axes: Axes, title: str, metric: dict[str, Any], models: list[str]) -> None:
    axes.plot([0, 1], [0, 1], color="0.8", linewidth=0.8, zorder=0)
    for index, model in enumerate(models):
        if model in metric["win_ratios"]:
            ratios = metric["win_ratios"][model]
            marker = MARKERS[index // 10 % len(MARKERS)]
            axes.plot(ratios["metric"], ratios["human"], marker, color=f"C{index % 10}", markersize=5, label=model)
    rho = metric["spearman"]["value"]
    axes.set_title(title if rho is None else f"{title}\nSpearman {rho:.2f}", fontsize=8)
    axes.set_xlabel("win ratio by the metric")
    axes.set_ylabel("win ratio by people")
    axes.set_xlim(-0.05, 1.05)
    axes.set_ylim(-0.05, 1.05)
    axes.set_aspect("equal")
    axes.spines[["top", "right"]].set_visible(False)


def _legend(figure: Any, grid: Any) -> None:
    """Name the models once, under all panels."""
    named: dict[str, Any] = {}
    for axes in grid.flat:
        handles, labels = axes.get_legend_handles_labels()
        named |= dict(zip(labels, handles, strict=True))
    if named:
        figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=min(len(named), 6), frameon=False)
