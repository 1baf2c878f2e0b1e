"""Commands that `mbench` finds by entry point: `mbench leaderboard`, `mbench arena`, `mbench serve`.

Nothing heavy is imported here: `mbench --help` lists them.
"""
