"""Judges: who answers whether a motion shows what a text asks."""
