"""The parser of the choreographer: sentences and the plans they must give.

A plan is written `action/side*count>direction@degrees~tempo`, parts left out where they are not said, several joined by
a space in the order in which they are done, what happens at the same time after a `+`, the mood in front of a `:`.
"""

from __future__ import annotations

import re

import pytest

from baselines.choreographer.moves import ACTIONS, Move, forms
from baselines.choreographer.plan import Plan, parse
from baselines.choreographer.styles import STYLES

SENTENCES = """
A person walks forward. | walk>forward
A man is walking. | walk
Someone walked backwards. | walk>backward
A person walks backward slowly. | walk>backward~0.66
A person takes four steps forward. | walk*4>forward
She takes 3 steps to the left. | sidestep*3>left
The person walks in a circle. | walk>circle
A person walks counterclockwise in a big circle. | walk>circle
A person walks to the right. | walk>right
Someone quickly walks straight ahead. | walk>forward~1.35
A person runs very fast. | run~1.6
He ran forward and then stopped. | run>forward stand
A woman jogs in place. | high_knees>place
A person marches on the spot. | march>place
A person is sidestepping to the left. | sidestep>left
Someone steps sideways to the right. | sidestep>right
The person tiptoes forward. | tiptoe>forward
A person sneaks forward carefully. | sneak>forward~0.82
A man limps. | limp
The man walks with a limp. | limp
A person stumbles backwards. | stagger>backward
A kid skips along. | skip
A person turns left. | turn>left
A person turns around. | turn@180
A person turns 90 degrees to the right. | turn>right@90
A dancer spins around twice. | spin*2
A person waves. | wave
A person waves with the left hand. | wave/left
Someone is waving both hands. | wave/both
She waves hello with her right arm three times. | wave/right*3
A person claps. | clap
A person claps their hands five times. | clap*5
The crowd member applauds enthusiastically. | happy: clap
A man bows. | bow
He takes a bow. | bow
A person bows deeply twice. | bow*2
A person squats. | squat
A person does three squats. | squat*3
Someone crouches. | crouch
A person lunges forward with the right leg. | lunge/right>forward
A person performs two lunges to the left. | lunge*2>left
A person jumps. | jump
A person jumps forward three times. | jump*3>forward
A person leaps backward. | jump>backward
A man jumps on one leg. | hop
A person hops on the left foot four times. | hop/left*4
She does ten jumping jacks. | jumping_jacks*10
A boy jumps rope. | jump_rope
A person kicks with the right leg. | kick/right
A person kicks to the side with their left foot. | kick/left>side
He throws a left punch. | punch/left
A boxer punches quickly, alternating hands. | punch/both~1.35
A man throws a ball with his left hand. | throw/left
A person reaches up with the right hand. | reach/right>up
Someone reaches down. | reach>down
A person picks up a box from the floor. | pick_up>up
A woman picks something up with both hands. | pick_up/both>up
He puts the box down. | put_down>down
A person sits down. | sit>down
A person is sitting on the floor. | sit_floor>down
Someone kneels on the left knee. | kneel/left
A person kneels on both knees. | kneel/both
A person stretches. | stretch
A person points forward. | point>forward
A person points to the left with the right hand. | point/right>left
A person looks around. | look_around
Someone looks up. | look_around>up
A person looks to the left. | look_around>left
A person does arm circles. | arm_circles/both
He circles his left arm backward. | arm_circles/left>backward
A person bends over and touches their toes. | toe_touch toe_touch
A person balances on the left leg. | balance/left
She stands on one leg. | balance/right
A person raises both arms. | raise_arm/both
A man lifts his left hand above his head. | raise_arm/left>up
A person spreads their arms. | spread_arms
A person crosses their arms. | cross_arms
A woman puts her hands on her hips. | hands_on_hips
The soldier salutes. | salute
A person shakes hands. | shake_hands
A person shakes their head. | shake_head
A person nods twice. | nod*2
A person shrugs. | shrug
A person stomps with the left foot. | stomp/left
A person crawls forward. | crawl>forward
A person does five push-ups. | push_up*5
A person lies down on the floor. | lie_down>down
A person dances. | dance
A man plays the guitar. | guitar/right
A person drinks from a cup. | drink
A person pushes a box. | push
A person swings a golf club. | golf/right
A man climbs the stairs. | climb_stairs
A sad person walks slowly. | sad: walk~0.66
A happy woman dances. | happy: dance
He angrily stomps. | angry: stomp
An exhausted man sits down. | tired: sit>down
A drunk man staggers. | drunk: stagger
A person walks forward and then waves. | walk>forward wave
A person waves, then bows. | wave bow
A person walks forward, turns around and walks back. | walk>forward turn@180 walk>forward
First he jumps, after that he squats, finally he claps. | jump squat clap
A person sits down, claps three times, and stands up. | sit>down clap*3 stand_up>up
Before sitting down, he waves. | wave sit>down
He waves before sitting down. | wave sit>down
He sits down after walking. | walk sit>down
After walking, he sits down. | walk sit>down
A person walks while waving. | walk+wave
A person waves while walking backwards. | walk>backward+wave
While walking forward, she claps. | walk>forward+clap
A person walks forward waving the right hand. | walk>forward+wave/right
The man walks with his hands on his hips. | walk+hands_on_hips
The man walks with his arms raised. | walk+raise_arm/both
A man walks like a zombie. | walk+robot
A person squats with arms crossed. | squat+cross_arms
Walking and jumping. | walk jump
A person stands and waves. | wave
A person stands still. | stand
Someone raises the left arm and kicks with the right leg. | raise_arm/left kick/right
A person punches with the right hand, then kicks with the left foot. | punch/right kick/left
A person walks three steps forward, turns left and hops twice. | walk*3>forward turn>left hop*2
"""
TABLE = [tuple(part.strip() for part in line.split("|")) for line in SENTENCES.strip().splitlines()]


def brief(plan: Plan) -> str:
    """Return a plan as the table writes it."""
    mood = f"{plan.mood}: " if plan.mood else ""
    return mood + " ".join("+".join([one(m), *(one(d) for d in m.during)]) for m in plan.moves)


def one(move: Move) -> str:
    side, count = f"/{move.side}" * bool(move.side), f"*{move.count}" if move.count else ""
    direction, degrees = f">{move.direction}" * bool(move.direction), f"@{move.degrees:g}" if move.degrees else ""
    return move.action + side + count + direction + degrees + (f"~{move.tempo:g}" if move.tempo != 1 else "")


@pytest.mark.parametrize(("sentence", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_sentence(sentence: str, expected: str) -> None:
    plan = parse(sentence)
    assert brief(plan) == expected
    assert plan.unknown == ""


@pytest.mark.parametrize(
    ("sentence", "unknown"),
    [
        ("A purple idea evaporates.", "a purple idea evaporates"),
        ("", ""),
        ("Ein Mann geht nach Hause.", "ein mann geht nach hause"),
        ("A person walks forward, then photosynthesises.", "photosynthesises"),
    ],
)
def test_what_is_not_understood_is_said(sentence: str, unknown: str) -> None:
    assert parse(sentence).unknown == unknown


def test_nothing_understood_is_standing() -> None:
    assert parse("A purple idea evaporates.").moves == (Move("stand"),)


def test_a_thing_is_not_an_action() -> None:
    assert brief(parse("A person carries the punch.")) == "carry"
    assert brief(parse("A person does a punch.")) == "punch"
    assert brief(parse("A person walks at a relaxed pace.")) == "walk~0.82"


def test_case_and_spaces_do_not_matter() -> None:
    assert parse("  A PERSON   Walks\nForward ") == parse("a person walks forward.")


def test_a_silly_count_is_bounded() -> None:
    assert parse("A person jumps 999 times.").moves[0].count == 20
    assert parse("A person jumps 0 times.").moves[0].count == 1


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_every_action_is_found_by_its_own_name(name: str) -> None:
    words = {
        "sit_floor": "sits on the floor",
        "check_watch": "checks her watch",
        "brush": "brushes his teeth",
        "lean_aside": "leans to the side",
    }
    sentence = words.get(name, name.replace("_", " "))
    assert parse(f"a person {sentence}").moves[0].action == name


@pytest.mark.parametrize("mood", [name for name in STYLES if name])
def test_every_mood_is_found_by_its_own_name(mood: str) -> None:
    assert parse(f"A {mood} person walks.").mood == mood


@pytest.mark.parametrize(
    ("verb", "inflected"),
    [
        ("wave", "wave waves waved waving"),
        ("hop", "hop hops hopped hopping"),
        ("carry", "carry carries carried carrying"),
        ("punch", "punch punches punched punching"),
    ],
)
def test_inflections(verb: str, inflected: str) -> None:
    assert all(re.fullmatch(forms(verb), word) for word in inflected.split())
    assert re.fullmatch(forms(f"{verb} up"), f"{inflected.split()[-1]} up")
    assert not re.fullmatch(forms(verb), f"{verb}scotch")
