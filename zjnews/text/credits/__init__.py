"""Who made an article, as pages print it in Chinese and English: labels, bylines, names.

Works on lines of folded text only; knows no markup. In the line under the title anything behind a
label is taken; in the body a line must be names and roles throughout, for prose speaks of 记者 and
编辑 too, and a sentence lost is worse than a credit left. All words stand in `words.toml`.
"""

from zjnews.text.credits.lines import (
    LINE_LENGTH,
    credit_line,
    describes_work,
    is_of_works,
    merge,
    names,
    people_in,
    read_line,
    take_byline,
)
from zjnews.text.credits.persons import HAN, is_name, may_be_name
from zjnews.text.credits.words import FIELDS, Credits

__all__ = [
    "FIELDS",
    "HAN",
    "LINE_LENGTH",
    "Credits",
    "credit_line",
    "describes_work",
    "is_name",
    "is_of_works",
    "may_be_name",
    "merge",
    "names",
    "people_in",
    "read_line",
    "take_byline",
]
