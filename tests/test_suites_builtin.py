"""The balance of the built-in suites, and what no prompt of them may ask for."""

from __future__ import annotations

import itertools
import re
from collections import Counter

import pytest

from mbench.suites import Suite, load_suite, validate
from mbench.suites.builtin import DATA
from mbench.suites.names import CATEGORIES, CONSISTENCY, GROUPS
from mbench.suites.validation import text_key

SUITES = ["mbench-mini", "mbench-open"]
REGIONS = {"upper-body", "lower-body", "full-body"}

# What 22 joints cannot show: the face, speech, fingers, a turn of the head alone.
UNSEEN = (
    "face facial smile smiles smiling frown frowns grin grins wink winks blink blinks eye eyes gaze stare stares brow "
    "eyebrow eyebrows mouth lip lips tongue nose cheek cheeks ear ears say says speak speaks shout shouts talk talks "
    "sing sings whisper whispers laugh laughs cry cries weep weeps finger fingers thumb thumbs fist fists pinch grips "
    "glance glances looks"
).split()
# What is not there: furniture, stairs, other people, things in the hand; only ever mimed.
ABSENT = (
    "chair bench stairs ladder wall table sofa shelf door phone ball bottle cup glass sword gun racket bat club "
    "hammer sledgehammer saw broom spade shovel axe rake tray cart rope box crate barrel bag sack bucket umbrella hat "
    "jacket rucksack boot scarf belt coin basket pram jar bar baby partner opponent friend horse sheep crowd"
).split()
MIMED = re.compile(r"\b(mimes?|imaginary|invisible|unseen|pretend|as if|as though|like)\b")
IDIOMS = re.compile(r"\b(box step|box in the air|hammer thrower)\b")  # words of ABSENT in them are no things
STOP = set(
    "a an the and or of to in on at with for from by as if is are it its his her their he she they someone somebody "
    "person man woman up down out then while again both one".split()
)


@pytest.fixture(params=SUITES)
def suite(request: pytest.FixtureRequest) -> Suite:
    return load_suite(request.param)


def words(text: str) -> list[str]:
    return text_key(text).split()


def all_texts(suite: Suite) -> list[str]:
    return [text for prompt in suite for text in (prompt.text, *prompt.candidates)]


def jaccard(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b)


def test_nothing_is_wrong_with_them(suite):
    assert validate(suite) == []
    assert suite.source == "built-in"
    assert suite.licence == "Apache-2.0"
    assert (DATA / f"{suite.name}.json").is_file()


def test_mini_scores_what_it_promises():
    mini = load_suite("mbench-mini")
    assert len(mini) == 45
    assert [prompt.id for prompt in mini] == [f"m{number:02d}" for number in range(1, 46)]
    assert all(set(GROUPS["quality"] + GROUPS["pose"]) <= set(prompt.dimensions) for prompt in mini)
    counts = Counter(dimension for prompt in mini for dimension in prompt.dimensions)
    assert counts[CONSISTENCY] == counts["motion_generalizability"] == 15
    for group in ("consistency", "generalization"):
        dimension = GROUPS[group][0]
        assert {prompt.tags[0] for prompt in mini if dimension in prompt.dimensions} == set(CATEGORIES)
    assert Counter(prompt.tags[0] for prompt in mini) == dict.fromkeys(CATEGORIES, 5)


def test_open_has_four_blocks():
    blocks = Counter((prompt.id[0], prompt.dimensions) for prompt in load_suite("mbench-open"))
    assert blocks == {
        ("q", GROUPS["quality"]): 150,
        ("p", GROUPS["pose"]): 100,
        ("c", GROUPS["consistency"]): 100,
        ("g", GROUPS["generalization"]): 100,
    }


def test_open_covers_the_categories():
    categories = Counter(prompt.tags[0] for prompt in load_suite("mbench-open"))
    assert set(categories) == set(CATEGORIES)
    assert min(categories.values()) >= 25
    assert max(categories.values()) <= 0.25 * 450


def test_ordinary_motions_in_the_quality_block_and_rare_ones_in_generalization():
    suite = load_suite("mbench-open")
    assert not [p for p in suite if p.id[0] in "qc" and "rare" in p.tags]
    assert sum("rare" in p.tags for p in suite if p.id[0] == "g") >= 40


def test_durations_are_balanced(suite):
    seconds = Counter(prompt.seconds for prompt in suite)
    assert set(seconds) == {3, 4, 5, 6, 7, 8, 9, 10}
    shares = [count / len(suite) for count in seconds.values()]
    assert min(shares) >= 0.06
    assert max(shares) <= 0.18
    assert 5.5 <= sum(prompt.seconds for prompt in suite) / len(suite) <= 7.0


def test_several_steps_get_more_time(suite):
    def mean(several: bool) -> float:
        seconds = [prompt.seconds for prompt in suite if ("multi-step" in prompt.tags) is several]
        return sum(seconds) / len(seconds)

    assert mean(True) >= mean(False) + 1


def test_tags_are_a_category_a_region_and_free_ones(suite):
    for prompt in suite:
        category, region, *free = prompt.tags
        assert category in CATEGORIES
        assert region in REGIONS
        assert not set(free) & ({*CATEGORIES} | REGIONS)
        assert len(set(free)) == len(free)


def test_side_tags_agree_with_the_text(suite):
    for prompt in suite:
        for side in ("left", "right"):
            assert side not in prompt.tags or side in prompt.text.lower(), prompt.text


def test_consistency_prompts_have_nine_distractors_and_no_others_have(suite):
    for prompt in suite:
        assert len(prompt.candidates) == (9 if CONSISTENCY in prompt.dimensions else 0), prompt.id


def test_distractors_are_near(suite):
    """Every distractor shares words with the prompt or with another label of its ten: no odd one out."""
    for prompt in suite:
        labels = [set(words(text)) for text in (prompt.text, *prompt.candidates)]
        for index, label in enumerate(labels if prompt.candidates else []):
            assert max(jaccard(label, other) for other in labels[:index] + labels[index + 1 :]) >= 0.3, prompt.id


def test_the_right_label_cannot_be_guessed_from_the_ten_texts():
    """The text nearest to all others, the longest and the shortest are right about as often as chance, 1 in 10."""
    judged = [p for name in SUITES for p in load_suite(name) if p.candidates]
    hits = Counter()
    for prompt in judged:
        labels = [words(text) for text in (prompt.text, *prompt.candidates)]
        centrality = [sum(jaccard(set(a), set(b)) for b in labels) for a in labels]
        lengths = [len(label) for label in labels]
        for rule, scores in (("central", centrality), ("long", lengths), ("short", [-n for n in lengths])):
            best = [index for index, score in enumerate(scores) if score >= max(scores) - 1e-9]
            hits[rule] += (0 in best) / len(best)
    assert max(hits.values()) / len(judged) <= 0.16, hits  # chance 0.10, two standard deviations at n = 115 are 0.056


def test_no_two_prompts_are_nearly_the_same():
    prompts = [prompt for name in SUITES for prompt in load_suite(name)]
    content = [set(words(prompt.text)) - STOP for prompt in prompts]
    near = [
        (prompts[i].text, prompts[j].text)
        for i, j in itertools.combinations(range(len(prompts)), 2)
        if jaccard(content[i], content[j]) >= 0.7
    ]
    assert near == []


def test_mini_is_not_part_of_open():
    texts = {text_key(text) for text in all_texts(load_suite("mbench-open"))}
    assert not [prompt.text for prompt in load_suite("mbench-mini") if text_key(prompt.text) in texts]


def test_nothing_is_asked_that_a_body_without_face_and_hands_cannot_show(suite):
    assert not [text for text in all_texts(suite) if set(words(text)) & set(UNSEEN)]


def test_things_and_other_people_are_mimed(suite):
    texts = [IDIOMS.sub("", text.casefold()) for text in all_texts(suite)]
    assert not [text for text in texts if set(words(text)) & set(ABSENT) and not MIMED.search(text)]


def test_texts_are_sentences(suite):
    for text in all_texts(suite):
        assert text[0].isupper() and text.endswith("."), text
        assert 3 <= len(words(text)) <= 30, text
        assert "  " not in text and text == text.strip()


def test_phrasing_varies(suite):
    subjects = Counter(words(prompt.text)[0] for prompt in suite)
    assert len(subjects) >= 10
    texts = [set(words(prompt.text)) for prompt in suite]
    women = sum(bool({"woman", "she", "her"} & text) for text in texts)
    men = sum(bool({"man", "he", "his", "him"} & text) for text in texts)
    assert 0.6 <= women / men <= 1.7
    lengths = [len(words(prompt.text)) for prompt in suite]
    assert min(lengths) <= 5 and max(lengths) >= 16
