"""Fifty simulated raters vote through the arena's real server, which may be killed under them.

    python benchmarks/arena_load.py [--raters 50] [--votes 2000] [--kills 10] [--workers 2]
                                    [--database postgresql+psycopg://user@host/name | --postgres]

The server is `mbench arena serve`, or, with `--workers`, the API alone in as many processes. Prints how many votes were
acknowledged, how many the database holds, how many were lost (acknowledged and not stored) or doubled, and how long
raters waited. The raters vote without a pause, from a process of their own on the same machine; what gets no answer is
sent again. `--postgres` starts a PostgreSQL of its own (Debian's package). Waits with kills contain the restarts of the
server. The exit code is 1 if a vote was lost or doubled.
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from arena_crowd import Crowd, Server, count, kill_now_and_then, percentiles  # noqa: E402
from arena_studies import make_study  # noqa: E402
from postgres import postgres  # noqa: E402


def measure(folder: Path, database: str | None, options: argparse.Namespace) -> int:
    """Run the crowd, print what came of it, and return the exit code."""
    per_rater = options.votes // options.raters
    _, study = make_study(folder, models=5, prompts=40, votes=options.raters, per_rater=per_rater, attention=4)
    start = time.monotonic()
    with Server(folder, database, options.workers) as server:
        crowd = Crowd([server.port])
        killer = kill_now_and_then(server, crowd, options.kills, options.votes, options.seed)
        crowd.run(options.raters, options.seed)
        killer.join()
    took, found = time.monotonic() - start, count(study, database or folder, crowd)
    print(f"raters {options.raters}, votes {options.raters * per_rater}, kills {options.kills}, {took:.0f} s")
    print(f"acknowledged {found.acknowledged}, stored {found.stored}, lost {found.lost}, doubled {found.doubled}")
    for what, seconds in (("an answer", crowd.tries), ("a vote, tries and all", crowd.waits)):
        p50, p95 = percentiles(seconds)
        print(f"{what}: p50 {p50:.3f} s, p95 {p95:.3f} s, longest {max(seconds):.3f} s")
    print(*crowd.wrong, sep="\n", end="")
    return int(bool(found.lost or found.doubled or crowd.wrong or found.acknowledged != found.stored))


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("raters", 50), ("votes", 2000), ("kills", 0), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--database", metavar="URL", help="an empty database, e.g. postgresql+psycopg://user@host/name")
    parser.add_argument("--postgres", action="store_true", help="start a PostgreSQL for this run")
    options = parser.parse_args()
    with TemporaryDirectory() as folder, postgres() if options.postgres else nullcontext(options.database) as url:
        sys.exit(measure(Path(folder), url, options))


if __name__ == "__main__":
    main()
