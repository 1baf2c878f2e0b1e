"""What the experiments of ViMoGen share: prompts, motions that are kept, marks, estimates with intervals, tables."""
