"""Vector representations of motion: the 276-dim one of ViMoGen and the 263-dim one of HumanML3D."""
