"""The site's channels and newspapers by name, from `channels.toml`."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any, TypeVar
from urllib.parse import urlsplit

from zjnews.site import addresses
from zjnews.site.addresses import Kind

_PAPER_KINDS = (Kind.PAPER_PAGE, Kind.PAPER_FRONT, Kind.PAPER_ISSUES)
_ALIKE = 0.5
"""Share of its letters that a name has in common with a misspelt one."""
ALL = "all"  # names every channel or newspaper


@dataclass(frozen=True, slots=True)
class Channel:
    name: str
    title: str  # as the site calls it
    english: str
    list: str  # address of its first list page


@dataclass(frozen=True, slots=True)
class Paper:
    name: str  # the first label of its host: `zjrb`
    title: str
    english: str

    @property
    def address(self) -> str:
        return f"https://{addresses.paper_host(self.name)}"


_Entry = TypeVar("_Entry", Channel, Paper)


@cache
def _read() -> dict[str, Any]:
    # Not by `__file__`: the package may lie in an egg.
    file = resources.files("zjnews.site") / "channels.toml"
    try:
        found: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"site/channels.toml cannot be read: {error}") from error
    return found


def _entries(kind: str, cls: type[_Entry]) -> tuple[_Entry, ...]:
    """Raises ValueError with a line that names the entry."""
    found = []
    for number, entry in enumerate(_read().get(kind, []), 1):
        try:
            found.append(cls(**entry))
        except TypeError as error:
            wants = ", ".join(field.name for field in fields(cls))
            has = ", ".join(entry) if isinstance(entry, dict) else entry
            raise ValueError(
                f"site/channels.toml: {kind} number {number} has {has}; it needs {wants}"
            ) from error
    return tuple(found)


@cache
def channels() -> tuple[Channel, ...]:
    """All channels, in the order of the file. Raises ValueError."""
    return _entries("channel", Channel)


@cache
def papers() -> tuple[Paper, ...]:
    """All newspapers, in the order of the file."""
    return _entries("paper", Paper)


def find_channels(text: str) -> list[Channel]:
    """The channels that a text names: names, list addresses or `all`, separated by commas; each
    once. Raises ValueError with a line that says what is wrong."""
    by_name = {channel.name: channel for channel in channels()}
    found: dict[str, Channel] = {}
    for word in _words(text):
        if word == ALL:
            chosen = list(channels())
        elif word in by_name:
            chosen = [by_name[word]]
        else:
            chosen = [_listed_at(word)]
        for channel in chosen:
            found.setdefault(addresses.address_of(channel.list).canonical, channel)
    return list(found.values())


def find_papers(text: str) -> list[Paper]:
    """The newspapers that a text names, as `find_channels` does."""
    by_name = {paper.name: paper for paper in papers()}
    found: dict[str, Paper] = {}
    for word in _words(text):
        if word != ALL and word not in by_name:
            known = f"known: {', '.join(by_name)}, or all"
            raise ValueError(f"no newspaper '{word}'; {_did_you_mean(word, papers())}{known}")
        for paper in papers() if word == ALL else [by_name[word]]:
            found[paper.name] = paper
    return list(found.values())


def _words(text: str) -> list[str]:
    return [" ".join(word.split()) for word in text.split(",") if word.strip()]


def _did_you_mean(text: str, entries: Iterable[Channel | Paper]) -> str:
    """The question for the entry whose name or title is most like a text; "" if none is."""
    names = {
        said.lower(): entry.name
        for entry in entries
        for said in (entry.english, entry.title, entry.name)
    }
    near = get_close_matches(text.lower(), names, 1, _ALIKE)
    return f"did you mean {names[near[0]]}? " if near else ""


def _listed_at(text: str) -> Channel:
    """A channel that is known by its list's address only."""
    address = addresses.address_of(text)
    if "/" not in text:
        meant = _did_you_mean(text, channels())
        raise ValueError(f"no channel '{text}'; {meant}the command `channels` shows them all")
    if not address.on_site:
        hosts = ", ".join((addresses.SITE, *sorted(addresses.SISTER_HOSTS)))
        raise ValueError(f"{text} is no http or https address on {hosts}")
    if address.is_article or address.kind in addresses.MEDIA_KINDS:
        raise ValueError(f"{text} is the address of an article or file, not of a list")
    host = urlsplit(address.canonical).hostname or ""
    is_of_paper = host.split(".", 1)[0] in {paper.name for paper in papers()}
    if is_of_paper or address.kind in _PAPER_KINDS:
        raise ValueError(f"{text} belongs to a newspaper; use the spider `paper`")
    name = (
        address.canonical.removeprefix("https://").replace(f".{addresses.SITE}", "", 1).strip("/")
    )
    return Channel(name=name, title=name, english=name, list=address.url)
