"""The table of votes that the database exports and the analysis reads: a row an answer to a question.

Undone and skipped tasks are not in it. Columns of both types of study:
    rater     random id
    question  id
    item      id of the item
    kind      pair, rating, attention, or repeat (a pair or rating that the rater had before)
    prompt    id
    seconds   from the task on the screen to the vote
    time      UTC, ISO 8601
    comment   as written, may be empty

Of pairs:
    model_a, model_b  what was on the left and on the right
    winner            a, b, tie or both_bad
    better            of attention checks, a or b: the side that must win; else empty

Of ratings:
    model     what was shown
    value     1 to 5
    better    of attention checks, `high` (the value must not be below 4) or `low` (not above 2); else empty
"""

from __future__ import annotations

COMMON = ("rater", "question", "item", "kind", "prompt")
PAIRS = (*COMMON, "model_a", "model_b", "winner", "better", "seconds", "time", "comment")
RATINGS = (*COMMON, "model", "value", "better", "seconds", "time", "comment")
KINDS = ("pair", "rating", "attention", "repeat")
