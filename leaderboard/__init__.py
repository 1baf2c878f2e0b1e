"""The leaderboard and the human-evaluation arena."""
