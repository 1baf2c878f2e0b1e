"""Many raters at a real server that is killed under them: no vote that was acknowledged is lost, none is there twice.

The whole volume with ten kills is `benchmarks/arena_load.py`, which also tells how long raters wait.
"""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from arena_crowd import Count, Crowd, Server, count, kill_now_and_then
from arena_studies import make_study


def votes_of(tmp_path, raters, per_rater, where=None, kills=0, servers=1, workers=1, **fields):
    """Let a crowd vote; return what is in the database against what was acknowledged."""
    folder, study = make_study(
        tmp_path, 4, 20, attention=2, training=1, per_rater=per_rater, **{"votes": raters, **fields}
    )
    with ExitStack() as stack:
        running = [stack.enter_context(Server(folder, where, workers)) for _ in range(servers)]
        crowd = Crowd([server.port for server in running])
        killer = kill_now_and_then(running[0], crowd, kills, raters * per_rater)
        crowd.run(raters)
        killer.join()
    assert not crowd.wrong
    return count(study, where or folder, crowd)


def test_two_thousand_votes_of_fifty_raters(tmp_path):
    """Through `mbench arena serve` itself; the other tests start the API alone, which is there sooner."""
    assert votes_of(tmp_path, 50, 40, workers=None) == Count(
        acknowledged=2000, stored=2000, lost=0, doubled=0, crowded=0
    )


def test_a_server_that_is_killed_loses_no_vote(tmp_path, votes_in):
    found = votes_of(tmp_path, 20, 15, votes_in, kills=4)
    assert found == Count(acknowledged=300, stored=300, lost=0, doubled=0, crowded=0)


@pytest.mark.parametrize(("servers", "workers"), [(2, 1), (1, 2)])
def test_two_processes_share_a_file(tmp_path, servers, workers):
    """Each request goes to any of them; the study has room for three votes a pair, which 20 raters want at once."""
    found = votes_of(tmp_path, 20, 40, servers=servers, workers=workers, votes=3, repeats=0.0, attention_share=0.0)
    assert (found.lost, found.doubled, found.crowded) == (0, 0, 0)
    assert found.acknowledged == found.stored >= 3 * 120 - 20


def test_the_count_sees_what_it_is_for(tmp_path):
    """A vote that is acknowledged and not there, and one that is there otherwise, count as lost."""
    folder, study = make_study(tmp_path, 2, 3, training=0)
    with Server(folder, workers=1) as server:
        crowd = Crowd([server.port])
        crowd.run(1)
    task = next(iter(crowd.acknowledged))
    crowd.acknowledged |= {"never stored": {"overall": "left"}, task: {"overall": "none of these"}}
    found = count(study, folder, crowd)
    assert (found.lost, found.acknowledged - found.stored) == (2, 1)
