"""Training ViMoGen: `vimogen train CONFIG`."""
