"""The embedded judge: motions and texts in one space, learned by contrast on motion capture."""
