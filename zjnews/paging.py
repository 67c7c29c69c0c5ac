"""What scripts tell of the further pages of a list or article. Nothing is run: calls and loops of
known forms are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import urlsplit

from zjnews import addresses
from zjnews.addresses import Address

MOST_PAGES = 2000
"""No list shows more pages."""

_CALL = "createPageHTML"
_COMMENT = re.compile(r"/\*(?:[^*]|\*(?!/)){0,20000}\*/")
_MOST_CALLS = 20
_LINE_START = 200
"""Characters before a call in which its line begins."""
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
_MOST_NAMES = 10
"""Variables of a script that are looked into."""
_LAST = r"(?P<last>[\w$]{1,60})(?:\s?(?P<sign>[+-])\s?(?P<step>\d))?"

Values = dict[str, str]
"""Variables and what they are set to, numbers as text."""


@dataclass(frozen=True, slots=True)
class Announced:
    """The pages that scripts draw links to."""

    urls: list[str] = field(default_factory=list)
    """Of a list all pages in order; of an article perhaps without the first."""
    is_readable: bool = True
    """False where there may be further pages but the scripts do not say in so many words which."""


def announced(scripts: list[str], address: Address, base: str) -> Announced:
    """The pages that the scripts of the page at an address announce. `base` is what relative
    addresses are joined with."""
    scripts = [_COMMENT.sub("", script) for script in scripts]
    values = _values(scripts)
    calls = [_called(arguments, values, address, base) for arguments in _calls(scripts)]
    if known := [call for call in calls if call is not None]:
        return Announced(max(known, key=len))
    if calls or not address.is_article or not address.number:
        return Announced(is_readable=not calls)
    written = [_written(script, values, address) for script in scripts]
    urls = [url for pages in written for url in pages or ()]
    return Announced(urls, is_readable=None not in written or bool(urls))


def _values(scripts: Iterable[str]) -> Values:
    return {
        found["name"]: found["number"] or found["double"] or found["single"] or ""
        for script in scripts
        for found in _VARIABLE.finditer(script)
    }


def _calls(scripts: Iterable[str]) -> Iterator[list[str | None]]:
    """The arguments of each call of `createPageHTML`, bare words marked by `$`; None for what is
    more than a word or a text."""
    for script in scripts:
        at = script.find(_CALL)
        for _ in range(_MOST_CALLS):
            if at < 0:
                break
            line = script[max(0, at - _LINE_START) : at].rsplit("\n", 1)[-1]
            at += len(_CALL)
            if script[at : at + 1] == "(" and not _NO_CALL.search(line):
                yield _arguments(script, at + 1)
            at = script.find(_CALL, at)


def _arguments(script: str, at: int) -> list[str | None]:
    found: list[str | None] = []
    while argument := _ARGUMENT.match(script, at):
        bare = argument["bare"]
        found.append(f"${bare}" if bare else argument["double"] or argument["single"] or "")
        if argument["end"] == ")":
            return found
        at = argument.end()
    return [*found, None]


def _called(
    arguments: list[str | None], values: Values, address: Address, base: str
) -> list[str] | None:
    """The pages of one call: `(3, 0, "index", "shtml")`, perhaps with variables, perhaps with the
    name of an element or the article first. None where it does not say how many."""
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
    suffixes = ["", *(f"_{number}" for number in range(1, min(count, MOST_PAGES)))]
    pages = (addresses.join(address.url, f"{stem}{end}.{ending}") for end in suffixes)
    return list(filter(None, pages))


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


def _written(script: str, values: Values, address: Address) -> list[str] | None:
    """The pages of an article that a script writes links to, one by one or in a loop; None where it
    does not say how many."""
    number = re.escape(address.number or "")
    script = _with_names(script, values, address.number or "")
    file = rf"{number}(?:_ext)?_"
    stem, ending = _own_file(address)
    suffixes = [found[1] for found in re.finditer(rf"{file}(\d{{1,3}})\.s?html?", script)]
    is_drawn = ".write" in script and "<a" in script and "html" in script
    before = rf"(?:{file}|[\"']_)" if is_drawn else file
    sums = re.finditer(
        rf"{before}(?P<zeros>0{{0,2}})[\"']{_PLUS}\(?\s?(?P<name>[A-Za-z_$][\w$]{{0,30}})", script
    )
    is_known = True
    for found in islice(sums, _MOST_NAMES):
        numbers = _loop(script, found["name"], values)
        is_known = is_known and numbers is not None
        suffixes += [f"{found['zeros']}{number}" for number in numbers or () if number]
    if not is_known and not suffixes:
        return None
    own = (addresses.join(address.url, f"{stem}_{suffix}.{ending}") for suffix in suffixes)
    return list(dict.fromkeys(filter(None, own)))


def _with_names(script: str, values: Values, number: str) -> str:
    """The script with the variables that hold the article's name written out, and texts that are
    put together in one piece."""
    holding = [name for name, value in values.items() if number in value][:_MOST_NAMES]
    for name in holding:
        value = values[name].replace("\\", r"\\")
        script = re.sub(rf"(?<![\w$.]){re.escape(name)}{_PLUS}([\"'])", rf"\g<1>{value}", script)
    return _TWO_LITERALS.sub("", script)


def _loop(script: str, variable: str, values: Values) -> range | None:
    """The numbers that the variable of a `for` runs through."""
    name = re.escape(variable)
    loop = re.search(
        rf"for\s{{0,9}}\(\s{{0,9}}(?:(?:var|let)\s{{1,9}})?{name}\s{{0,9}}=\s{{0,9}}(?P<first>[\w$]{{1,60}})"
        rf"\s{{0,9}};\s{{0,9}}{name}\s{{0,9}}(?P<test><=?)\s{{0,9}}{_LAST}",
        script,
    )
    if loop is None:
        return None
    first, last = (_value(f"${loop[end]}", values) for end in ("first", "last"))
    if not first or not last or not _COUNT.fullmatch(first) or not _COUNT.fullmatch(last):
        return None
    stop = int(last) + (loop["test"] == "<=")
    if loop["step"]:
        stop += int(loop["step"]) * (1 if loop["sign"] == "+" else -1)
    return range(int(first), min(stop, MOST_PAGES))
