"""Where reference motions come from."""
