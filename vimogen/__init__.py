"""ViMoGen and ViMoGen-light."""
