"""Articles that somebody wants to hear of: the words of alerts, and what has matched them."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from scrapy.exceptions import UsageError

from zjnews.items import RECORD_KEYS, Article
from zjnews.site import addresses, channels
from zjnews.state import sql
from zjnews.state.database import Database, typed
from zjnews.state.logs import logger
from zjnews.text.cleaning import error_in_words, normal_form
from zjnews.watch.notices import Target, targets_of

_WORDS = ("any", "all", "none")
_LISTS = (*_WORDS, "channels", "fields", "notify")
_FIELDS = ("title", "text")
"""Keys of the record that are searched, where an alert names none."""
_KEPT_SECONDS = 7 * 24 * 3600
"""What could not be told for so long, as nobody asks for it any more, is no news."""
_SHOWN = ("title", "canonical_url", "source", "published_at")
"""What a match keeps of the record."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One table of alerts.toml."""

    name: str
    any: tuple[re.Pattern[str], ...]
    all: tuple[re.Pattern[str], ...]
    none: tuple[re.Pattern[str], ...]
    lists: frozenset[str]
    """Names of the channels or newspapers that must list the article; empty for all."""
    fields: tuple[str, ...]
    targets: tuple[Target, ...]

    def matches(self, folded: Mapping[str, str]) -> bool:
        """Whether the words are in a record, wherever it was listed."""
        text = "\n".join(folded[key] for key in self.fields)

        def has(word: re.Pattern[str]) -> bool:
            return word.search(text) is not None

        is_wanted = all(map(has, self.all)) and (not self.any or any(map(has, self.any)))
        return is_wanted and not any(map(has, self.none))


class Folded(dict[str, str]):
    """The values of a record as text to search, by key, each made when it is looked at."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        super().__init__()
        self.record = record

    def __missing__(self, key: str) -> str:
        self[key] = _text_of(self.record.get(key))
        return self[key]


@dataclass(frozen=True, slots=True)
class Match:
    """An article that matches an alert."""

    alert: str
    article: str
    revision: int
    title: str
    url: str
    source: str
    published_at: str
    lists: frozenset[str]
    """Names of those that had listed it when it came."""


def read_alerts(path: str, targets: Sequence[Target]) -> list[Alert]:
    """The alerts of a file. `targets`: who is told where an alert does not say. Raises UsageError,
    with a line that says what is wrong."""
    try:
        tables = tomllib.loads(Path(path).read_text("utf-8")).get("alert", [])
    except (OSError, ValueError) as error:
        raise UsageError(f"ALERTS={path} cannot be read: {error_in_words(error)}") from error
    if not isinstance(tables, list) or not tables or not all(isinstance(t, dict) for t in tables):
        raise UsageError(f"ALERTS={path} has no [[alert]]")
    alerts = []
    for number, table in enumerate(tables, 1):
        try:
            alerts.append(_alert(table, targets))
        except (UsageError, ValueError) as error:
            raise UsageError(f"ALERTS={path}, alert {number}: {error}") from error
    names = [alert.name for alert in alerts]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise UsageError(f"ALERTS={path}: two alerts are named '{twice}'")
    return alerts


def _alert(table: dict[str, Any], targets: Sequence[Target]) -> Alert:
    """Raises UsageError, ValueError."""
    if unknown := [key for key in table if key not in ("name", *_LISTS)]:
        raise ValueError(f"no '{unknown[0]}'; accepted: name, {', '.join(_LISTS)}")
    name = table.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ValueError("name is missing")
    given = {key: _texts(key, table.get(key, [])) for key in _LISTS}
    if not given["any"] and not given["all"]:
        raise ValueError("give words: any = […] or all = […]")
    if unknown := [key for key in given["fields"] if key not in RECORD_KEYS]:
        raise ValueError(f"the record has no '{unknown[0]}'; fields: {', '.join(RECORD_KEYS)}")
    own = targets_of(given["notify"], f"alert {name}") or list(targets)
    if not own:
        raise ValueError("nobody to tell: give notify = […], or the setting NOTIFY")
    return Alert(
        name=name.strip(),
        **{key: tuple(map(_pattern, given[key])) for key in _WORDS},
        lists=frozenset(name for word in given["channels"] for name in _names_of(word)),
        fields=tuple(given["fields"]) or _FIELDS,
        targets=tuple(own),
    )


def _texts(key: str, value: Any) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(t, str) and t.strip() for t in texts):
        raise ValueError(f"{key} is no list of texts")
    return texts


def _names_of(text: str) -> Iterator[str]:
    """The names that a channel or newspaper may have in a run. Raises ValueError."""
    if text in {paper.name for paper in channels.papers()}:
        yield text
        return
    found = channels.find_channels(text)
    places = {addresses.address_of(channel.list).canonical for channel in found}
    for channel in (*found, *channels.channels()):
        if addresses.address_of(channel.list).canonical in places:
            yield channel.name


def _pattern(word: str) -> re.Pattern[str]:
    """What finds a word; one in Latin letters only where it is a whole one."""
    folded = _folded(word)
    before = r"(?<![a-z\d])" if re.match(r"[a-z\d]", folded) else ""
    after = r"(?![a-z\d])" if re.search(r"[a-z\d]$", folded) else ""
    return re.compile(before + re.escape(folded) + after)


def _folded(text: str) -> str:
    return normal_form(text).casefold()


def _text_of(value: Any) -> str:
    """The value of a key as text to search."""
    if isinstance(value, str):
        return "\n".join(map(_folded, value.split("\n")))
    if isinstance(value, list | dict):
        parts = value.values() if isinstance(value, dict) else value
        return "\n".join(map(_text_of, parts))
    return ""


class Matches:
    """What has matched, each revision of an article once for each alert."""

    def __init__(self, db: Database, alerts: Sequence[Alert]) -> None:
        self.db = db
        self.alerts = {alert.name: alert for alert in alerts}

    def note(self, article: Article, line: str, lists: set[str], now: int) -> None:
        """Note the alerts that an article matches. To be called in the transaction by which it is
        known. `line`: its record as JSON. Raises StateError."""
        record = json.loads(line)
        folded = Folded(record)
        for alert in self.alerts.values():
            if alert.matches(folded):
                found = {key: record.get(key) for key in _SHOWN} | {"lists": sorted(lists)}
                kept = json.dumps(found, ensure_ascii=False)
                self.db.run(sql.PUT_MATCH, alert.name, article.id, article.revision, kept, now)

    def take(self, lists_of: Callable[[str], set[str]], now: int) -> list[Match]:
        """Those whose records are in their feeds, and of which nobody was told: from now on
        somebody was. To be called in the transaction that writes the messages. `lists_of`: the
        names of those that list an article, by its address. Raises StateError."""
        self.db.run(sql.DROP_OLD_MATCHES, now - _KEPT_SECONDS)
        taken = []
        for row in self.db.rows(sql.MATCHES):
            alert = self.alerts.get(row[0])
            if alert is None:
                continue
            self.db.run(sql.TELL_MATCH, now, *row[:3])
            match = _match(row)
            if match and (not alert.lists or alert.lists & (match.lists | lists_of(match.url))):
                taken.append(match)
        return sorted(taken, key=lambda match: match.published_at, reverse=True)


def _match(row: tuple[Any, ...]) -> Match | None:
    """None for a row that is damaged."""
    alert, article, revision, found = row
    try:
        kept = typed(dict, json.loads(found))
        title, url, source, published_at = (str(kept.get(key) or "") for key in _SHOWN)
        lists = frozenset(map(str, typed(list, kept.get("lists"))))
        datetime.fromisoformat(published_at or "2000-01-01")
        return Match(alert, article, revision, title, url, source, published_at, lists)
    except (RecursionError, TypeError, ValueError) as error:
        logger.warning("what is kept of %s for alert %s is damaged: %s", article, alert, error)
        return None
