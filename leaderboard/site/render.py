"""Templates to text. Every value is escaped unless it is markup already (`mbench.report.html.Html`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mbench.report.content import section_id, title, unit
from mbench.report.html import between, number, plural, prose, slug
from mbench.report.overview import DIRECTION

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
STATIC = HERE / "static"


def render(template: str, **context: Any) -> str:
    """Return a template of `leaderboard/site/templates` as text that ends in a newline.

    Args:
        template: its name.
        context: its variables; a name that it reads and that is not among them is an error.
    """
    return _environment().get_template(template).render(**context)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters = (title, section_id, unit, number, between, plural, prose, slug)
    environment.filters.update({function.__name__: function for function in filters})
    environment.filters["direction"] = DIRECTION.__getitem__
    return environment
