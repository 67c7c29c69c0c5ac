"""What an address of zjol.com.cn means: kind, CMS number, date, newspaper, canonical form.

No I/O, and nothing of the project is imported. The forms were read off real addresses.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import lru_cache
from urllib.parse import parse_qs, urljoin, urlsplit

SITE = "zjol.com.cn"
IMAGES = "zjolcdn.com"
"""Where the site keeps pictures, beside hosts of its own: `img.zjolcdn.com`, `img2.zjolcdn.com`."""
APP_HOST = f"zj.{SITE}"


class Kind(str, Enum):
    """What stands at an address."""

    TRS = "trs"
    """Article of the TRS content system, since 2016."""
    SYSTEM = "system"
    """Article of the older content system, 2001 to 2021."""
    PAPER = "paper"
    """Newspaper article."""
    APP = "app"
    """Article page of the app."""
    LIST = "list"
    """One page of a channel's list of articles, or a channel's front page."""
    PAPER_PAGE = "paper-page"
    """One printed page of a newspaper issue."""
    PAPER_FRONT = "paper-front"
    """Front of a newspaper, of today or of a date."""
    PAPER_ISSUES = "paper-issues"
    """XML list of the issues of a month."""
    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"
    UNKNOWN = "unknown"
    """Anything else, off-site addresses and nonsense included."""


ARTICLE_KINDS = frozenset({Kind.TRS, Kind.SYSTEM, Kind.PAPER, Kind.APP})
MEDIA_KINDS = frozenset({Kind.IMAGE, Kind.VIDEO, Kind.DOCUMENT})

_PAPER_DAY = r"/html/(?P<date>\d{4}-\d\d/\d\d)"
# The group `suffix` is what the canonical form leaves out.
_FORMS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(form, re.ASCII))
    for kind, form in (
        (
            Kind.TRS,
            r"/(?:.*/)?\d{6}/t(?P<date>\d{8})_(?P<number>\d{1,12})"
            r"(?P<suffix>(?P<copy>_ext)?(?:_(?P<page>\d{1,3}))?)\.s?html?",
        ),
        (
            Kind.SYSTEM,
            r"/(?:.*/)?system/(?P<date>\d{4}/\d\d/\d\d)/(?P<number>\d{9})"
            r"(?P<suffix>(?P<copy>_ext)?(?:_(?P<page>\d{1,3}))?)\.s?html?",
        ),
        (Kind.PAPER, _PAPER_DAY + r"/content_(?P<number>\d{1,12})\.html?"),
        (Kind.PAPER_PAGE, _PAPER_DAY + r"/node_(?P<number>\d{1,12})\.html?"),
        (Kind.PAPER_FRONT, r"/paperindex\.html?|" + _PAPER_DAY + r"/[a-z]+index\.html?"),
        (Kind.PAPER_ISSUES, r"/html/\d{4}-\d\d/paper_existed\.xml"),
        (Kind.IMAGE, r"/.*\.(?:jpe?g|png|gif|webp|bmp)"),
        (Kind.VIDEO, r"/.*\.(?:mp4|m3u8|flv)"),
        (Kind.DOCUMENT, r"/.*\.(?:pdf|docx?|xlsx?)"),
        (
            Kind.LIST,
            r"/(?:[^.]*/)?(?:(?P<suffix>index\.s?html?)|index_(?P<page>\d{1,5})\.s?html?)?",
        ),
    )
)
_APP_FORM = re.compile(r"/news/(?P<number>\d{1,12})\.html", re.ASCII)
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """An address, taken apart. `read` makes it."""

    url: str
    """Absolute, as given."""
    kind: Kind
    on_site: bool
    """Whether the host is zjol.com.cn or one of its subdomains, by http or https."""
    canonical: str
    """https, lower-case host without port, single slashes, no query, fragment, `_ext` or page
    suffix; `/index.shtml` is `/`; an app article is always `https://zj.zjol.com.cn/news/N.html`.
    The query stays where the kind is unknown, since it may be what names the page. An off-site
    address stays as it is."""
    number: str | None = None
    """Number of the article in its content system, or of the printed page."""
    date: date | None = None
    """Day in the address; null where it gives none, or one that no calendar has."""
    paper: str | None = None
    """Newspaper, by its host: `zjrb`, `qjwb` …"""
    page: int = 1
    """Which page of an article or list this is, from 1."""
    is_copy: bool = False
    """The `_ext` copy of an article."""

    @property
    def is_article(self) -> bool:
        return self.kind in ARTICLE_KINDS

    @property
    def first_page(self) -> str:
        """Absolute address of the first page of the article, by the scheme and path as given."""
        whole, query, rest = self.url.split("#", 1)[0].partition("?")
        if self.page > 1:
            whole = re.sub(r"_\d{1,3}(?=\.s?html?$)", "", whole)
        return whole + query + rest

    @property
    def id(self) -> str:
        """Id of the record that the page gives, the same for every copy of the article."""
        if self.kind is Kind.PAPER:
            return f"paper:{self.paper}:{self.number}"
        if self.is_article:
            return f"{self.kind.value}:{self.number}"
        return "url:" + hashlib.sha1(self.canonical.encode("utf-8", "replace")).hexdigest()


@lru_cache(maxsize=4096)
def read(url: str, base: str | None = None) -> Address:
    """Take an address apart. Never raises: what is no address of the site is `unknown`.

    A relative or protocol-relative `url` is joined with `base`; without a base, `//host/…` is
    taken as https.
    """
    try:
        absolute = _absolute(url, base)
        parts = urlsplit(absolute)
        host = (parts.hostname or "").rstrip(".")
        _ = parts.port  # raises where it is no number
    except ValueError:
        return Address(url=url, kind=Kind.UNKNOWN, on_site=False, canonical=url)
    if parts.scheme not in ("http", "https") or not _lies_on(host, SITE) or "\\" in absolute:
        return Address(url=absolute, kind=Kind.UNKNOWN, on_site=False, canonical=absolute)
    path = _clean_path(parts.path)
    if host == APP_HOST and (number := _app_number(path, parts.query)):
        canonical = f"https://{APP_HOST}/news/{number}.html"
        return Address(absolute, Kind.APP, on_site=True, canonical=canonical, number=number)
    return _read_path(absolute, host, path, parts.query)


def is_on_site(url: str) -> bool:
    """Whether an absolute address lies on zjol.com.cn or one of its subdomains."""
    return read(url).on_site


def may_hold_images(url: str) -> bool:
    """Whether an absolute address lies where the site keeps the pictures of its articles."""
    return is_on_site(url) or is_on_image_host(url)


def is_on_image_host(url: str) -> bool:
    """Whether an absolute address lies on the domain that holds nothing but pictures."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and _lies_on(host, IMAGES) and "\\" not in url


def _absolute(url: str, base: str | None) -> str:
    url = url.strip()
    if base:
        return urljoin(base, url)
    return f"https:{url}" if url.startswith("//") else url


def _lies_on(host: str, domain: str) -> bool:
    return bool(_HOST.fullmatch(host)) and (host == domain or host.endswith(f".{domain}"))


def _clean_path(path: str) -> str:
    """Single slashes, no `.` and `..`."""
    path = re.sub("/{2,}", "/", path) or "/"
    if "/." in path:
        is_folder = path.endswith(("/", "/.", "/.."))
        path = posixpath.normpath(path) + ("/" if is_folder else "")
    return path.replace("//", "/")


def _app_number(path: str, query: str) -> str | None:
    if match := _APP_FORM.fullmatch(path):
        return match["number"]
    if path != "/news.html":
        return None
    number = parse_qs(query).get("id", [""])[0]
    return number if number.isascii() and number.isdigit() else None


def _read_path(url: str, host: str, path: str, query: str) -> Address:
    for kind, form in _FORMS:
        if match := form.fullmatch(path):
            return _address(url, host, kind, match)
    canonical = f"https://{host}{path}" + (f"?{query}" if query else "")
    return Address(url, Kind.UNKNOWN, on_site=True, canonical=canonical)


def _address(url: str, host: str, kind: Kind, match: re.Match[str]) -> Address:
    found = match.groupdict()
    path = match.string
    if found.get("suffix"):
        path = path[: match.start("suffix")] + path[match.end("suffix") :]
    return Address(
        url,
        kind,
        on_site=True,
        canonical=f"https://{host}{path}",
        number=found.get("number"),
        date=_day(found.get("date")),
        paper=host.split(".", 1)[0] if kind.value.startswith("paper") else None,
        page=int(found.get("page") or 0) + 1,
        is_copy=bool(found.get("copy")),
    )


def _day(text: str | None) -> date | None:
    digits = re.sub(r"\D", "", text or "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
