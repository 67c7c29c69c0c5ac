"""What a job is: one `scrapy crawl` of one channel or newspaper, as a row of the queue has it."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from scrapy.exceptions import UsageError

from zjnews.site import addresses
from zjnews.site.channels import Channel, Paper, channels, find_channels, find_papers

SETTINGS = (
    "AUTOTHROTTLE_ENABLED",
    "AUTOTHROTTLE_MAX_DELAY",
    "AUTOTHROTTLE_START_DELAY",
    "CLOSESPIDER_ERRORCOUNT",
    "CLOSESPIDER_ITEMCOUNT",
    "CLOSESPIDER_PAGECOUNT",
    "CLOSESPIDER_TIMEOUT",
    "CONCURRENT_REQUESTS",
    "CONTACT",
    "DEPTH_LIMIT",
    "DOWNLOAD_DELAY",
    "DOWNLOAD_TIMEOUT",
    "DOWNLOAD_VERIFY_CERTIFICATES",
    "DROP_DUPLICATES",
    "FEED_BATCH_SECONDS",
    "FEED_EXPORT_BATCH_ITEM_COUNT",
    "HOST_FAILURES",
    "HOST_PAUSE",
    "HOST_PAUSES",
    "HOST_PAUSE_MAX",
    "LOG_LEVEL",
    "PAGE_SECONDS",
    "REFRESH_HOURS",
    "RETRY_PAUSE",
    "RETRY_TIMES",
    "WATCH",
)
"""Those that a job may set: numbers and words of one crawl. No files, addresses, secrets or code,
which are a matter of the machine that crawls."""
_MOST_CHARACTERS = 2_000
"""Of one argument or setting."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a spider takes."""

    names: str
    """The argument that names what is crawled."""
    others: tuple[str, ...]
    find: Callable[[str], list[Channel] | list[Paper]]


KINDS = {
    "channel": Kind("channels", ("since", "until", "full", "max_pages"), find_channels),
    "paper": Kind("papers", ("since", "until", "full"), find_papers),
}


@dataclass(frozen=True, slots=True)
class Job:
    """One crawl. Its texts are checked, see `checked`."""

    spider: str
    """`channel`, `paper`."""
    name: str
    """Of a channel or newspaper; of a channel without a name, the address of its list."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """The others: `{"since": "3d"}`."""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """`channel zjxc`."""
        return f"{self.spider} {self.name}"

    @property
    def lock(self) -> str:
        """What no two running jobs have in common: the address of a list, `paper zjrb`."""
        if self.spider == "paper":
            return self.title
        [channel] = find_channels(self.name)
        return f"channel {addresses.address_of(channel.list).canonical}"

    @property
    def digest(self) -> str:
        """What no two waiting jobs have in common: all that they ask for."""
        parts = (self.lock, sorted(self.arguments.items()), sorted(self.settings.items()))
        return sha256(json.dumps(parts).encode()).hexdigest()

    def row(self) -> dict[str, Any]:
        """As the queue keeps it."""
        return {
            "spider": self.spider,
            "name": self.name,
            "arguments": dict(self.arguments),
            "settings": dict(self.settings),
        }

    def command(self) -> list[str]:
        """Arguments of `scrapy crawl`. Each text has its name before it, and is never an option."""
        given = {KINDS[self.spider].names: self.name, **self.arguments}
        return [
            self.spider,
            *(part for name, value in given.items() for part in ("-a", f"{name}={value}")),
            *(part for name, value in self.settings.items() for part in ("-s", f"{name}={value}")),
        ]


def job_of(row: Mapping[str, Any]) -> Job:
    """The job of a row, which anyone may have written. Raises UsageError."""
    spider, name = row.get("spider"), row.get("name")
    arguments, settings = row.get("arguments", {}), row.get("settings", {})
    if not (isinstance(spider, str) and isinstance(name, str)):
        raise UsageError("it names no spider")
    if not (isinstance(arguments, dict) and isinstance(settings, dict)):
        raise UsageError("its arguments are no table")
    kind = KINDS.get(spider)
    [job, *others] = jobs_of(spider, {kind.names if kind else "": name, **arguments}, settings)
    if others:
        raise UsageError(f"{name} is more than one")
    return job


def jobs_of(spider: str, arguments: Mapping[str, Any], settings: Mapping[str, Any]) -> list[Job]:
    """One job for each channel or newspaper that the arguments of a spider name. Raises
    UsageError."""
    if spider not in KINDS:
        raise UsageError(f"no spider '{spider}' for jobs; known: {', '.join(KINDS)}")
    kind = KINDS[spider]
    given = checked("argument", arguments, (kind.names, *kind.others), spider)
    chosen = checked("setting", settings, SETTINGS, "a job")
    try:
        found = kind.find(given.pop(kind.names, ""))
    except ValueError as error:
        raise UsageError(f"{spider}: {error}") from error
    if not found:
        raise UsageError(f"{spider}: give {kind.names}")
    return [Job(spider, _name_of(entry), given, chosen) for entry in found]


def checked(
    what: str, given: Mapping[str, Any], known: Iterable[str], taker: str
) -> dict[str, str]:
    """Names and values as texts of one line. Raises UsageError."""
    known = tuple(known)
    for name, value in given.items():
        if name not in known:
            raise UsageError(f"{taker} takes no {what} '{name}'; known: {', '.join(known)}")
        if not isinstance(value, (str, int, float)):
            raise UsageError(f"{what} {name} is neither text nor number")
        if not str(value).isprintable() or len(str(value)) > _MOST_CHARACTERS:
            raise UsageError(f"{what} {name} is no text of one line")
    return {name: str(value) for name, value in given.items()}


def _name_of(entry: Channel | Paper) -> str:
    """By which it is found again."""
    if isinstance(entry, Paper) or entry in channels():
        return entry.name
    return entry.list
