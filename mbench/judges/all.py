"""Imports the modules of the built-in judges, which registers them."""
