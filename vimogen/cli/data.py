"""`vimogen data`."""
