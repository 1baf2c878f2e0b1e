"""Words that say how, which way, how often and with what: patterns of the parser, lower case."""

from __future__ import annotations

import re

NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "a couple of": 2, "a couple": 2, "a few": 3, "several": 4, "multiple": 4, "many": 5,
    "some": 3,
}  # fmt: skip
MOST = 20  # a larger count is somebody's sense of humour
NUMBER = r"(?:\d{1,3}|" + "|".join(NUMBERS) + ")"
TIMES = (
    (re.compile(rf"\b({NUMBER})(?: more| small| big| large| quick| slow| long| short)* (?:times|time|steps?|paces|strides|laps|repetitions|reps|rounds)\b"), None),
    (re.compile(r"\bonce\b(?! (?:again|more|he|she|they))"), 1),
    (re.compile(r"\btwice\b"), 2),
    (re.compile(r"\bthrice\b"), 3),
    (re.compile(r"\b(?:repeatedly|over and over|again and again|numerous times|a number of times)\b"), 4),
)  # fmt: skip

LIMB = r"(?:arms?|hands?|wrists?|elbows?|fists?|legs?|foot|feet|knees?|shoulders?|fingers?|palms?|ankles?)"
OWN = r"(?:his |her |their |its |the |outstretched |raised )*"
SIDES = {
    "both": re.compile(
        rf"\bboth\b|\b(?:two|alternat(?:e|es|ing|ely)|each) (?:[a-z]+ )?{LIMB}|\balternat(?:es?|ing|ely)\b|\bleft and (?:[a-z]+ )?right\b"
        r"|\bright and (?:[a-z]+ )?left\b|\bone (?:after|then) the other\b|\b(?:arms|hands|fists|elbows|knees)\b"
    ),
    "left": re.compile(rf"\bleft[- ](?:[a-z]+ )?{LIMB}\b|\bleft[- ]handed|\bwith {OWN}left\b"),
    "right": re.compile(rf"\bright[- ](?:[a-z]+ )?{LIMB}\b|\bright[- ]handed|\bwith {OWN}right\b"),
}  # fmt: skip

DIRECTIONS = {
    "circle": r"(?:in|around in|making) (?:a |an |one |two |\w+ )?(?:(?:small|large|big|wide|full|complete|tight|\w+wise) )*circles?|circular(?:ly)?|circles|around (?:the|a) (?:room|track|field|circle)"
    r"|in a (?:loop|ring)|in a (?:counter|anti)?-?clockwise circle",
    "place": r"in place|on the spot|in one spot|without moving",
    "backward": r"backwards?|back(?! and forth| up| to (?:his|her|their|the) feet| to (?:a )?stand| down| of)|in reverse|rearwards?",
    "left": r"left|(?:counter|anti)[- ]?clockwise",
    "right": r"right|clockwise",
    "forward": r"forwards?|ahead|straight|in front|to the front|onwards?|diagonal(?:ly)?|towards?",
    "up": r"up|upwards?|overhead|above|high|(?:the )?(?:sky|ceiling|shelf|top)",
    "down": r"down|downwards?|(?:the )?(?:floor|ground)|below|low",
    "side": r"side|sideways|sides|laterally|out to (?:the|his|her|their) sides?",
}  # fmt: skip
DIRECTION = {name: re.compile(rf"\b(?:{words})\b") for name, words in DIRECTIONS.items()}

TEMPO = (
    (re.compile(r"\b(?:very|extremely|really|super) slow(?:ly)?\b|\bslow motion\b|\bsnail"), 0.5),
    (re.compile(r"\bslow(?:ly|er)?\b|\bsluggish|\bunhurried"), 0.66),
    (re.compile(r"\b(?:careful|cautious|leisure|leisurely|gentle|gent|gradual|calm|soft|casual|relax|relaxed)(?:ly)?\b"), 0.82),
    (re.compile(r"\b(?:very|extremely|really|super) (?:fast|quick(?:ly)?|rapid(?:ly)?)\b|\bas fast as\b|\bfull speed\b"), 1.6),
    (re.compile(r"\b(?:fast|faster|quick|quickly|rapid|rapidly|swift|swiftly|brisk|briskly|hurried|hurriedly|speedy|speedily|hastily|sudden|suddenly|in a hurry|sharply)\b"), 1.35),
    (re.compile(r"\b(?:energetic|energetically|vigorous|vigorously|wild|wildly|lively|frantic|frantically)\b"), 1.2),
)  # fmt: skip
SIZE = (
    (re.compile(r"\b(?:energetic|vigorous|wild|exaggerated|forceful|powerful|strong|dramatic|enthusiastic|frantic)(?:ly|ally)?\b"), 1.2),
    (re.compile(r"\b(?:big|huge|large|wide|widely|high|deep|deeply|hard|far|long|giant|fully)\b"), 1.2),
    (re.compile(r"\b(?:slight|slightly|small|little|tiny|short|low|subtle|subtly|a bit|gently|softly|weakly|half-?heartedly)\b"), 0.75),
)  # fmt: skip

ANGLES = (
    (re.compile(r"\b(\d{2,3})[- ]?(?:degrees?|°)"), None),
    (re.compile(r"\b(?:full|complete|whole) (?:turn|circle|rotation|spin)|\ball the way (?:a)?round|\b360\b"), 360.0),
    (re.compile(r"\b(?:half|180)[- ](?:turn|circle|rotation)|\b180\b|\baround\b|\bround\b|\bopposite\b|\bbehind\b|\bu-turn|\babout[- ](?:face|turn)|\bback\b|\bthe other (?:way|direction)"), 180.0),
    (re.compile(r"\bquarter[- ](?:turn|circle)"), 90.0),
    (re.compile(r"\bslight(?:ly)?\b"), 45.0),
)  # fmt: skip

# Between two actions. The first group that matches names the relation.
JOINTS = re.compile(
    r"(?P<after>,? *\b(?:after|once) (?=[a-z]+ing\b|having\b|he\b|she\b|they\b))"
    r"|(?P<before>,? *\bbefore (?=[a-z]+ing\b|he\b|she\b|they\b|the\b))"
    r"|(?P<during>,? *\b(?:and )?(?:while|whilst|at the same time(?: as)?|simultaneously|meanwhile|as (?=he\b|she\b|they\b|the person\b|it\b))(?: also\b)? *)"
    r"|(?P<then>[,;.]? *\b(?:and )?(?:then|next|finally|lastly|after that|afterwards?|later|subsequently|followed by|until|till)\b[ ,]*)"
    r"|(?P<stop>\s*[.;!?]\s+)"
    r"|(?P<weak>,? +\band\b +|\s*,\s*|\s+but\s+|\s+to (?=[a-z]+\b))"
)
ARTICLE = re.compile(r"\b(?:a|an|the|his|her|their|its|some|my|your) $")
DOES = re.compile(
    r"\b(?:do(?:es|ing)?|did|perform\w*|execut\w+|mak(?:es|ing|e)|made|tak(?:es|ing|e)|took|giv(?:es|ing|e)|practi[cs]\w+|attempt\w*"
    r"|tr(?:ies|ying|y)|start\w*|beg[aiu]n\w*|complet\w+|finish\w*|repeat\w*|with|in) (?:[a-z0-9]+ ){0,3}$"
)
ON_TOP = re.compile(r"(?:\bwith (?:[a-z]+ ){0,3}|\blike an? )$")
