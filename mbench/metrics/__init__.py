"""Metrics: one small module a family; see `base` for the plugin interface."""
