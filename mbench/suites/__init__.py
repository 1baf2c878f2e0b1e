"""Prompt suites: the built-in ones, the official files, the validator."""
