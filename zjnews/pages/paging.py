"""What scripts tell of the further pages of a list or article. Nothing is run: calls and loops of
known forms are read."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from urllib.parse import urlsplit

from zjnews.site import addresses
from zjnews.site.addresses import Address
from zjnews.text.cleaning import unique

MOST_PAGES = 2000  # no list shows more pages

_CALL = re.compile(r"[Cc]reatePageHTML\s{0,3}\(")
_COMMENT = re.compile(r"/\*(?:[^*/]|\*(?!/)|/(?!\*)){0,20000}\*/")
_MOST_CALLS = 20
_MOST_SCRIPTS = 20  # scripts that may write links to the pages of an article
_MOST_ARGUMENTS = 20
_LINE_START = 200  # characters before a call in which its line begins
_NO_CALL = re.compile(r"//|\bfunction\s+$")
_ARGUMENT = re.compile(
    r"\s{0,20}(?:\"(?P<double>[^\"\n]{0,200})\"|'(?P<single>[^'\n]{0,200})'|(?P<bare>[\w$.]{1,60}))"
    r"\s{0,20}(?P<end>[,)])"
)
_VARIABLE = re.compile(
    r"(?<![\w$.])(?P<name>[A-Za-z_$][\w$]{0,60})\s{0,9}=\s{0,9}(?:(?:parseInt|Number)\(\s?)?"
    r"(?:(?P<number>\d{1,5})(?![\d.])|\"(?P<double>[^\"\n]{0,200})\"|'(?P<single>[^'\n]{0,200})')"
)
_ENDING = re.compile(r"\.?(s?html?)")
_COUNT = re.compile(r"\d{1,5}", re.ASCII)
_PLUS = r"\s{0,9}\+\s{0,9}"
_TWO_LITERALS = re.compile(rf"[\"']{_PLUS}[\"']")
_MOST_NAMES = 10  # variables of a script that are looked into
_TEMPLATE = re.compile(r"\$\{([\w$]{1,30})\}")
_COUNTED = ("countPage", "pageCount")
"""Variables of the content system's own script, which draws a few links around the present page."""
_PREFIX = re.compile(rf"(?<![\w$.])(?P<name>[A-Za-z_$][\w$]{{0,60}}){_PLUS}(?P<quote>[\"'])")
"""A variable that a text is put after."""
_LOOP = re.compile(
    r"for\s{0,9}\(\s{0,9}(?:(?:var|let)\s{1,9})?(?P<name>[A-Za-z_$][\w$]{0,30})\s{0,9}=\s{0,9}"
    r"(?P<first>[\w$]{1,60})\s{0,9};\s{0,9}(?P=name)\s{0,9}(?P<test><=?)\s{0,9}"
    r"(?P<last>[\w$]{1,60})(?:\s?(?P<sign>[+-])\s?(?P<step>\d))?"
)

Values = dict[str, str]  # variables and what they are set to, numbers as text


@dataclass(frozen=True, slots=True)
class Announced:
    """The pages that scripts draw links to."""

    urls: list[str] = field(default_factory=list)
    """Of a list all pages in order; of an article perhaps without the first."""
    is_readable: bool = True
    """False where there may be further pages but the scripts do not say in so many words which."""


def announced(scripts: list[str], address: Address, base: str) -> Announced:
    """The pages that the scripts of a page announce; `base` is joined with relative addresses."""
    scripts = [_COMMENT.sub("", script) for script in scripts]
    values = _values(scripts)
    calls = [
        _called(arguments, values, address, base)
        for arguments in islice(_calls(scripts), _MOST_CALLS)
    ]
    if known := [call for call in calls if call is not None]:
        return Announced(_pages(address, *max(known, key=itemgetter(0))))
    number = address.number
    counted = next((values[name] for name in _COUNTED if name in values), "")
    if not calls and _COUNT.fullmatch(counted):
        stem, ending = _own_file(address)
        if any(".write" in script and stem in script for script in scripts):
            return Announced(_pages(address, int(counted), stem, ending))
    if calls or not address.is_article or not number:
        return Announced(is_readable=not calls)
    holding = [name for name, value in values.items() if number in value][:_MOST_NAMES]
    # What can be before the number of a page, of a variable that holds an article's name.
    length = len(number) + len("_ext_")
    names = {name: values[name][values[name].rindex(number) :][:length] for name in holding}
    named = (_with_names(script, names) for script in scripts)
    writing = (script for script in named if number in script or ".write" in script)
    written = [_written(script, values, number) for script in islice(writing, _MOST_SCRIPTS)]
    suffixes = unique(suffix for found in written for suffix in found or ())
    stem, ending = _own_file(address)
    urls = _joined(address, [f"{stem}_{suffix}.{ending}" for suffix in suffixes])
    return Announced(urls, is_readable=None not in written or bool(urls))


def _pages(address: Address, count: int, stem: str, ending: str) -> list[str]:
    suffixes = ["", *(f"_{number}" for number in range(1, min(count, MOST_PAGES)))]
    return _joined(address, (f"{stem}{suffix}.{ending}" for suffix in suffixes))


def _joined(address: Address, names: Iterable[str]) -> list[str]:
    return list(filter(None, (addresses.join(address.url, name) for name in names)))


def _values(scripts: Iterable[str]) -> Values:
    return {
        found["name"]: found["number"] or found["double"] or found["single"] or ""
        for script in scripts
        for found in _VARIABLE.finditer(script)
    }


def _calls(scripts: Iterable[str]) -> Iterator[list[str | None]]:
    """The arguments of each `createPageHTML(…)`, bare words marked by `$`, other terms as None."""
    for script in scripts:
        for call in _CALL.finditer(script):
            line = script[max(0, call.start() - _LINE_START) : call.start()].rsplit("\n", 1)[-1]
            if not _NO_CALL.search(line):
                yield _arguments(script, call.end())


def _arguments(script: str, at: int) -> list[str | None]:
    found: list[str | None] = []
    while len(found) < _MOST_ARGUMENTS and (argument := _ARGUMENT.match(script, at)):
        bare = argument["bare"]
        found.append(f"${bare}" if bare else argument["double"] or argument["single"] or "")
        if argument["end"] == ")":
            return found
        at = argument.end()
    return [*found, None]


def _called(
    arguments: list[str | None], values: Values, address: Address, base: str
) -> tuple[int, str, str] | None:
    """How many pages one call draws, name and ending of the first file: of `(3, 0, "index",
    "shtml")`, with variables or another name first, too. None if it does not say how many."""
    known = [_value(argument, values) for argument in arguments]
    counts = [value for value in known if value is None or _COUNT.fullmatch(value)][:2]
    if not counts or counts[0] is None:
        return None
    count = max(int(value) for value in counts if value is not None)
    stem, ending = _own_file(address)
    names = [value for value in known if value and not _COUNT.fullmatch(value)]
    endings = [n for n, value in enumerate(names) if _ENDING.fullmatch(value)]
    if endings:
        ending = names[endings[0]].lstrip(".")
        names = names[: endings[0]]
    if names and names[-1] != address.number:
        stem = addresses.join(base, names[-1]) or stem
    return count, stem, ending


def _value(argument: str | None, values: Values) -> str | None:
    """What an argument stands for; None where it cannot be known."""
    if argument is None or not argument.startswith("$"):
        return argument
    return argument[1:] if _COUNT.fullmatch(argument[1:]) else values.get(argument[1:])


def _own_file(address: Address) -> tuple[str, str]:
    """Name and ending of the first page's file."""
    name = urlsplit(address.first_page).path.rsplit("/", 1)[-1]
    stem, _, ending = name.partition(".")
    return stem or "index", ending or "shtml"


def _written(script: str, values: Values, number: str) -> list[str] | None:
    """What the names of further pages end in, `1` or `02`, in the links that a script writes, in a
    loop or not; None if it does not say how many."""
    file = rf"{re.escape(number)}(?:_ext)?_"
    suffixes = [found[1] for found in re.finditer(rf"{file}(\d{{1,3}})\.s?html?", script)]
    is_drawn = ".write" in script and "<a" in script and "html" in script
    before = rf"(?:{file}|[\"']_)" if is_drawn else file
    sums = re.finditer(
        rf"{before}(?P<zeros>0{{0,2}})[\"']{_PLUS}\(?\s?(?P<name>[A-Za-z_$][\w$]{{0,30}})", script
    )
    loops = _loops(script, values)
    is_known = True
    for found in islice(sums, _MOST_NAMES):
        numbers = loops.get(found["name"])
        is_known = is_known and numbers is not None
        suffixes += [f"{found['zeros']}{number}" for number in numbers or () if number]
    return suffixes if is_known or suffixes else None


def _with_names(script: str, names: Values) -> str:
    """The script with the article's name in place of variables, and split texts joined."""

    def value(found: re.Match[str]) -> str:
        return found["quote"] + names[found["name"]] if found["name"] in names else found[0]

    script = _TEMPLATE.sub(r"'+\1+'", script) if "${" in script else script
    return _TWO_LITERALS.sub("", _PREFIX.sub(value, script) if names else script)


def _loops(script: str, values: Values) -> dict[str, range]:
    """The numbers that the variable of each `for` runs through, where they can be known."""
    found: dict[str, range] = {}
    for loop in _LOOP.finditer(script):
        first, last = (_value(f"${loop[end]}", values) for end in ("first", "last"))
        if first and last and _COUNT.fullmatch(first) and _COUNT.fullmatch(last):
            stop = int(last) + (loop["test"] == "<=")
            if loop["step"]:
                stop += int(loop["step"]) * (1 if loop["sign"] == "+" else -1)
            found.setdefault(loop["name"], range(int(first), min(stop, MOST_PAGES)))
    return found
