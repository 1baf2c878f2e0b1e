"""Prompt suites: the built-in ones, files in our format, the official files, plugins.

    suite = load_suite("mbench-mini")
    suite.by_id("m01").text
"""

from mbench.suites.load import load_suite, suite_from_rows, suite_names, write_suite
from mbench.suites.prompt import Prompt
from mbench.suites.suite import SUITES, Suite
from mbench.suites.validation import validate

__all__ = [
    "SUITES", "Prompt", "Suite", "load_suite", "suite_from_rows", "suite_names", "validate", "write_suite",
]  # fmt: skip
