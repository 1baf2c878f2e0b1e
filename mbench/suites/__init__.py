"""Prompt suites: the built-in ones, files in our format, the official files, plugins.

`load_suite("mbench-mini").by_id("m01").text` is a prompt's text.
"""

from mbench.suites.load import load_suite, suite_from_rows, suite_names
from mbench.suites.prompt import Prompt
from mbench.suites.suite import SUITES, Suite
from mbench.suites.validation import validate
from mbench.suites.write import write_suite

__all__ = ["SUITES", "Prompt", "Suite", "load_suite", "suite_from_rows", "suite_names", "validate", "write_suite"]
