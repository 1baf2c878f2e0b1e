"""The leaderboard as a static site, made of result folders only."""
