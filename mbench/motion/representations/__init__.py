"""Feature representations of motion: 276-dim (ViMoGen) and 263-dim (HumanML3D)."""
