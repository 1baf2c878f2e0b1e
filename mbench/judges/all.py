"""Imports the modules of the built-in judges, which registers them."""

from mbench.judges.retrieval import judge
from mbench.judges.vision import gemini, openai

__all__ = ["gemini", "judge", "openai"]
