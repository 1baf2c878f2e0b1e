"""Bodies in SMPL format: the one that is shipped, one made of capsules, and the user's own."""

from mbench.body.body import Body, load_body
from mbench.body.files import convert_body
from mbench.body.registry import BODIES, BodySource, find_body

__all__ = ["BODIES", "Body", "BodySource", "convert_body", "find_body", "load_body"]
