"""`mbench serve`: the leaderboard, the arena and a playground as one app."""
