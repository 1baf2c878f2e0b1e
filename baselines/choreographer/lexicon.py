"""Words that say how, which way, how often and with what: patterns of the parser, lower case."""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "a couple of": 2, "a couple": 2, "a few": 3, "several": 4, "multiple": 4, "many": 5,
    "some": 3,
}  # fmt: skip
MOST = 20  # a larger count is somebody's sense of humour
NUMBER = r"(?:\d{1,3}|" + "|".join(NUMBERS) + ")"
LIMB = r"(?:arms?|forearms?|hands?|wrists?|elbows?|fists?|legs?|foot|feet|knees?|shoulders?|fingers?|palms?|ankles?)"
_OWN = r"(?:his |her |their |its |the |outstretched |raised )*"

Table = Sequence[tuple[re.Pattern[str], float | None]]


def _words(*alternatives: str) -> re.Pattern[str]:
    """Return a pattern of whole words, of which any may be there."""
    return re.compile(rf"\b(?:{'|'.join(alternatives)})\b")


def _ly(*adjectives: str) -> str:
    """Return adjectives and their adverbs."""
    return rf"(?:{'|'.join(adjectives)})(?:ly|ally)?"


_HOW = "more|small|big|large|quick|slow|long|short"
_TIMES = "times|time|steps?|paces|strides|laps|repetitions|reps|rounds"
TIMES: tuple[tuple[re.Pattern[str], int | None], ...] = (
    (re.compile(rf"\b({NUMBER})(?: (?:{_HOW}))* (?:{_TIMES})\b"), None),
    (re.compile(r"\bonce\b(?! (?:again|more|he|she|they))"), 1),
    (_words("twice"), 2),
    (_words("thrice"), 3),
    (_words("repeatedly", "over and over", "again and again", "numerous times", "a number of times"), 4),
)

SIDES = {
    "both": _words(
        "both",
        rf"(?:two|alternat(?:e|es|ing|ely)|each) (?:[a-z]+ )?{LIMB}",
        "alternat(?:es?|ing|ely)",
        "left and (?:[a-z]+ )?right",
        "right and (?:[a-z]+ )?left",
        "one (?:after|then) the other",
        "arms|hands|fists|elbows|knees",
    ),
    "left": _words(rf"left[- ](?:[a-z]+ )?{LIMB}", "left[- ]handed", rf"with {_OWN}left"),
    "right": _words(rf"right[- ](?:[a-z]+ )?{LIMB}", "right[- ]handed", rf"with {_OWN}right"),
}

# In the order in which they are looked for: a circle is a circle whichever way round it goes.
DIRECTION = {
    "circle": _words(
        r"(?:in|around in|making) (?:a |an |one |two |\w+ )?(?:(?:small|large|big|wide|full|tight|\w+wise) )*circles?",
        "circular(?:ly)?|circles|in a (?:loop|ring)",
        "around (?:the|a) (?:room|track|field|circle)",
    ),
    "place": _words("in place|on the spot|in one spot|without moving"),
    "backward": _words(
        "backwards?|in reverse|rearwards?",
        "back(?! and forth| up| to (?:his|her|their|the) feet| to (?:a )?stand| down| of)",
    ),
    "left": _words("left|(?:counter|anti)[- ]?clockwise"),
    "right": _words("right|clockwise"),
    "forward": _words("forwards?|ahead|straight|in front|to the front|onwards?|diagonal(?:ly)?|towards?"),
    "up": _words("up|upwards?|overhead|above|high|sky|ceiling|shelf|top"),
    "down": _words("down|downwards?|floor|ground|below|low"),
    "side": _words("side|sideways|sides|laterally"),
}

_VERY = "(?:very|extremely|really|super)"
TEMPO: Table = (
    (_words(rf"{_VERY} slow(?:ly)?", "slow motion"), 0.5),
    (_words("slow(?:ly|er)?", "sluggish(?:ly)?", "unhurried(?:ly)?"), 0.66),
    (
        _words(_ly("careful", "cautious", "leisure", "gent", "gentle", "gradual", "calm", "soft", "casual", "relaxed")),
        0.82,
    ),
    (_words(rf"{_VERY} (?:fast|quick(?:ly)?|rapid(?:ly)?)", "as fast as", "full speed"), 1.6),
    (_words("fast(?:er)?", _ly("quick", "rapid", "swift", "brisk", "hurried", "sudden", "sharp")), 1.35),
    (_words("speedy", "speedily", "hastily", "in a hurry"), 1.35),
    (_words(_ly("energetic", "vigorous", "wild", "frantic"), "lively"), 1.2),
)
SIZE: Table = (
    (_words(_ly("energetic", "vigorous", "wild", "exaggerated", "forceful", "powerful", "dramatic", "frantic")), 1.2),
    (_words("strong(?:ly)?", "big|huge|large|giant|far|long|high|hard|fully", "wide(?:ly)?", "deep(?:ly)?"), 1.2),
    (_words("slight(?:ly)?", "small|little|tiny|short|low", "subt(?:le|ly)", "a bit|gently|softly|weakly"), 0.75),
)
ANGLES: Table = (
    (re.compile(r"\b(\d{2,3})[- ]?(?:degrees?|°)"), None),
    (_words("(?:full|complete|whole) (?:turn|circle|rotation|spin)", "all the way (?:a)?round", "360"), 360.0),
    (_words("half[- ](?:turn|circle|rotation)", "180", "around|round|opposite|behind|back"), 180.0),
    (_words("u-turn", "about[- ](?:face|turn)", "the other (?:way|direction)"), 180.0),
    (_words("quarter[- ](?:turn|circle)"), 90.0),
    (_words("slight(?:ly)?"), 45.0),
)

# Between two actions; the group that matches names the relation.
_WHO = r"he\b|she\b|they\b|it\b|the person\b"
JOINTS = re.compile(
    rf"(?P<after>,? *\b(?:after|once) (?=[a-z]+ing\b|having\b|{_WHO}))"
    rf"|(?P<before>,? *\bbefore (?=[a-z]+ing\b|{_WHO}|the\b))"
    r"|(?P<during>,? *\b(?:and )?(?:while|whilst|at the same time(?: as)?|simultaneously|meanwhile"
    rf"|as (?={_WHO}))(?: also\b)? *)"
    r"|(?P<then>[,;.]? *\b(?:and )?(?:then|next|finally|lastly|after that|afterwards?|later|subsequently|followed by"
    r"|until|till)\b[ ,]*)"
    r"|(?P<stop>\s*[.;!?]\s+)"
    r"|(?P<weak>,? +\band\b +|\s*,\s*|\s+but\s+|\s+to (?=[a-z]+\b))"
)
ARTICLE = re.compile(r"\b(?:a|an|the|his|her|their|its|some|my|your) $")
# `at a relaxed pace`: an article, a word that is nobody, and a verb that is not inflected.
_NOBODY = "(?!person|man|woman|human|boy|girl|guy|lady|child|figure|character|subject|actor|dancer|player|other)[a-z]+"
NOUN_PHRASE = re.compile(rf"\b(?:a|an|the|his|her|their|its|some|my|your) {_NOBODY} $")
DOES = re.compile(
    r"\b(?:do(?:es|ing)?|did|perform\w*|execut\w+|mak(?:es|ing|e)|made|tak(?:es|ing|e)|took|giv(?:es|ing|e)"
    r"|practi[cs]\w+|attempt\w*|tr(?:ies|ying|y)|start\w*|beg[aiu]n\w*|complet\w+|finish\w*|repeat\w*|with|in)"
    r" (?:[a-z0-9]+ ){0,3}$"
)
ON_TOP = re.compile(r"(?:\bwith (?:[a-z]+ ){0,3}|\blike an? )$")
