"""The human-evaluation arena: a study fixed before the first vote, a server that keeps votes, analysis of them."""
