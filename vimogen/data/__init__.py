"""Training data: ingest, score, filter, caption, split and publish; simulated capture; prompts."""
