"""Baselines: motion models that others are compared with."""
