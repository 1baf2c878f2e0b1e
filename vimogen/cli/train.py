"""`vimogen train`."""
