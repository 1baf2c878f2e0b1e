"""The end of the page: how to make the same numbers again, and the cards of what made them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from textwrap import shorten
from typing import Any

import yaml

from mbench.report.content import Content
from mbench.report.html import Html, facts, join, tag

FILES = ("run.json", "result.json", "scores.csv", "distance.csv", "motions/index.jsonl")
LONGEST = 240  # characters of a field of the anchors' provenance, which lists every clip


def reproduce(content: Content) -> Html:
    """Return the configuration, the command and the versions, with links to the run's files."""
    run, result = content.run, content.result
    made_by = run.get("provenance", {})
    packages = ", ".join(f"{name} {version}" for name, version in made_by.get("packages", {}).items())
    return join([
        facts([
            ("Command", command(made_by.get("command", []))),
            ("Run", result["run_id"]),
            ("Commit", made_by.get("commit")),
            ("Packages", packages),
            ("Python", made_by.get("python")),
            ("Platform", made_by.get("platform")),
            ("Started", run.get("start")),
            ("Ended", run.get("end")),
        ], "small-facts"),
        tag("h3", "Configuration"),
        tag("pre", tag("code", configuration(run.get("config", {}))), tabindex=0),
        tag("p", "Files of this run: ", _links(content), "."),
    ])  # fmt: skip


def command(words: list[str]) -> str:
    """Return a command line as one types it: the program without its folder."""
    return shlex.join([Path(words[0]).name, *words[1:]]) if words else ""


def configuration(config: dict[str, Any]) -> str:
    """Return a configuration as the YAML file that `mbench evaluate` reads."""
    text: str = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
    return text


def _links(content: Content) -> Html:
    there = [name for name in FILES if (content.folder.path / name).exists()]
    return join([tag("a", name, href=name) for name in there], ", ")


def cards(content: Content) -> Html:
    """Return the cards of the model, the suite and the anchors."""
    suite = {**content.result["suite"], "prompts": content.result["prompts"]}
    sources = content.anchors.provenance if content.anchors else {}
    anchors = {field: shorten(_text(value), LONGEST, placeholder=" …") for field, value in sources.items()}
    shown = [
        ("Model", content.run.get("card", {})),
        ("Suite", suite),
        ("Anchors", {"version": content.result["anchors"], **anchors}),
    ]
    return tag("div", *(_card(name, card) for name, card in shown), class_="cards")


def _card(name: str, card: dict[str, Any]) -> Html:
    pairs = [(field.replace("_", " ").capitalize(), _text(value)) for field, value in card.items()]
    return tag("div", tag("h3", name), facts(pairs, "small-facts"), class_="card")


def _text(value: Any) -> str:
    """Return a value of a card as text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
