"""What a model can't do, from facts."""

from __future__ import annotations

from mbench.files import read_json
from mbench.judges.retrieval.judge import CARD as JUDGE_CARD
from mbench.judges.retrieval.judge import SHIPPED as JUDGE
from model_card.cells import DASH, or_dash
from model_card.facts import Facts


def limits(facts: Facts) -> str:
    """Return what the model can't do."""
    tokens = or_dash(facts.config.get("text", {}).get("limit"))
    held = ", ".join(f"`{word}`" for word in facts.card.get("held_out") or []) or DASH
    action = (
        f"Know from a text the actions that were held out of its captions ({held}): those need a reference motion."
        if facts.follows_references
        else "Follow a reference motion. Actions that were held out of its teacher's captions it knows only from "
        "motions that the teacher made with references."
    )
    lines = [
        f"Read more than the first {tokens} tokens of a text; what comes after them is not seen, and a note says so.",
        f"Move for another time than {facts.span} s: longer is refused, shorter is the beginning of the shortest.",
        action,
        "Move fingers, face, objects or a second person: there are 22 joints of one body, on a flat floor.",
        f"Be used commercially: {or_dash(facts.card.get('licence'))}, as parts of the data are.",
        f"Be known better than its judge knows: {read_json(JUDGE / JUDGE_CARD)['notes']} [More](judges.md).",
    ]
    return "\n".join(f"- {line}" for line in lines)
