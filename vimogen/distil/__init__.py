"""Distillation data: motions that a generator makes for many prompts, the best of several kept."""
