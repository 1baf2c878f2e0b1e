"""`vimogen generate`."""
