"""Imports the modules of the built-in judges, which registers them."""

import mbench.judges.vision.gemini
import mbench.judges.vision.openai  # noqa: F401
