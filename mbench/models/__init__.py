"""Motion models: the protocol and the adapters that come with the core."""
