"""What the site is, and what an address of it means: kind, number, day, newspaper, canonical form.

No I/O, and nothing of the project is imported. The forms were read off real addresses.
"""

import datetime
import hashlib
import posixpath
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import parse_qs, urljoin, urlsplit

SITE = "zjol.com.cn"  # the site's own domain, with all its subdomains
ENGLISH_HOST = "www.inzhejiang.com"  # in Zhejiang, the English site; the same without `www.`
_MOVED_PAPERS = {"qjwb": "qjwb.thehour.cn"}
"""Newspapers that have left `PAPER.zjol.com.cn`. Old links lead there still."""
SISTER_HOSTS = frozenset({ENGLISH_HOST, ENGLISH_HOST.removeprefix("www."), *_MOVED_PAPERS.values()})
"""Hosts that belong to the site, though they lie on other domains: these, none below or above."""
IMAGES = "zjolcdn.com"
"""Where the site keeps pictures, beside hosts of its own: `img.zjolcdn.com`, `img2.zjolcdn.com`."""
APP_HOST = f"zj.{SITE}"
_APP_NEWS = "news"


class Kind(StrEnum):
    """What is at an address."""

    TRS = "trs"  # article of the TRS content system, since 2016
    SYSTEM = "system"  # article of the older content system, 2001 to 2021
    PAPER = "paper"  # newspaper article
    APP = "app"  # article page of the app
    LIST = "list"  # one page of a channel's list of articles, or a channel's front page
    PAPER_PAGE = "paper-page"  # one printed page of a newspaper issue
    PAPER_FRONT = "paper-front"  # front of a newspaper, of today or of a date
    PAPER_ISSUES = "paper-issues"  # XML list of the issues of a month
    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"
    UNKNOWN = "unknown"  # anything else, off-site addresses and nonsense included


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
            r"(?P<suffix>(?:_ext)?(?:_(?P<page>\d{1,3}))?)\.s?html?",
        ),
        (
            Kind.SYSTEM,
            r"/(?:.*/)?system/(?P<date>\d{4}/\d\d/\d\d)/(?P<number>\d{9})"
            r"(?P<suffix>(?:_ext)?(?:_(?P<page>\d{1,3}))?)\.s?html?",
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
_APP_QUERY = re.compile(r"/(?P<counter>news|album|topic|short_video)\.html", re.ASCII)
_APP_NUMBER = re.compile(r"\d{1,12}", re.ASCII)
_APP_KEY = re.compile(r"[0-9a-f]{1,40}", re.ASCII)
"""`short_video.html?id=5f3c…`, in hexadecimal digits."""
_CENTURY = range(2000, 2100)  # years of which an address can tell the day of an article
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", re.ASCII)

_PLAIN = re.compile(r"(?!//)[\w./-]+(?:\?[\w=&.-]+)?", re.ASCII)
"""A path without anything that a browser would change."""
_PLAIN_BASE = re.compile(r"https?://[a-z0-9.-]+/", re.ASCII)
_PLAIN_ADDRESS = re.compile(_PLAIN_BASE.pattern + _PLAIN.pattern, re.ASCII)
_FOLDERS = r"(?:[\w-]+/)*"
_BELOW = re.compile(rf"(?:\./)?(?P<path>{_FOLDERS}\w[\w.-]*)", re.ASCII)
_PAGE = re.compile(rf"(?P<folder>{_PLAIN_BASE.pattern}{_FOLDERS})[\w.-]*", re.ASCII)
"""`./W020.jpg` and the page that it is beside, neither with `..` in it."""
LONGEST = 2000  # characters; no address of the site is near it
_LONGEST_ASKED = 32 * 1024
"""Characters; servers take no longer ones. The standard library remembers the last addresses that
it took apart, so that very long ones would fill the memory."""
_PORTS = {"http": 80, "https": 443}
_IN_BRACKETS = re.compile(r"\[[0-9a-f:.]+\](?::\d*)?", re.IGNORECASE | re.ASCII)
_EDGES = "".join(map(chr, range(0x21)))
_BREAKS = re.compile(r"[\t\n\r]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_QUERY = re.compile(r"([?#]|$)")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,30}):", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """An address, taken apart. `read` makes it."""

    url: str
    """Absolute, as given."""
    kind: Kind
    on_site: bool
    """Whether the host is one of the site, by http or https, see `is_on_site`."""
    canonical: str
    """https, lower-case host without port, single slashes, no query, fragment, `_ext` or page
    suffix; `/index.shtml` is `/`. In the app `https://zj.zjol.com.cn/news/N.html` or
    `…/album.html?id=N`. Of unknown kind with its query, off the site unchanged."""
    number: str | None = None
    """Of the article, `album:N` for other things than news in the app, or of the printed page."""
    date: datetime.date | None = None
    """Day in the address, 2000 to 2099; None if there is none or no calendar has it."""
    day: str | None = None
    """The eight digits of the day in the address, a day or not: `20201015`."""
    paper: str | None = None
    """Newspaper, by its host: `zjrb`, `qjwb` …"""
    page: int = 1
    """Which page of an article or list this is, from 1."""

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
        """Id of the record that the page gives, the same for every copy of the article.

        The sites of counties and cities count by themselves, so that a number alone names several
        articles; copies of one share number and day.
        """
        if self.kind is Kind.PAPER:
            return f"paper:{self.paper}:{self.number}"
        if self.kind is Kind.APP:
            return f"app:{self.number}"
        if self.is_article:
            return f"{self.kind.value}:{self.day}:{self.number}"
        return "url:" + hashlib.sha1(self.canonical.encode("utf-8", "replace")).hexdigest()


def address_of(url: str, base: str | None = None) -> Address:
    """Take an address apart. Never raises: what is no address of the site is `unknown`, and so is
    one of more than 2,000 characters.

    A relative or protocol-relative `url` is joined with `base`; without a base, `//host/…` is
    taken as https.
    """
    if len(url) > LONGEST or len(base or "") > LONGEST:
        return _unknown(url)
    return _read(url, base)


@lru_cache(maxsize=4096)
def _read(url: str, base: str | None) -> Address:
    absolute = join(base, url)
    if absolute is None:
        return _unknown(url)
    parts = urlsplit(absolute)
    host = _host_of(absolute)
    if host is None or not _is_of_site(host):
        return _unknown(absolute)
    if f"www.{host}" == ENGLISH_HOST:
        host = ENGLISH_HOST
    path = _clean_path(parts.path)
    if host == APP_HOST and (found := _read_app(absolute, path, parts.query)):
        return found
    return _read_path(absolute, host, path, parts.query)


def _unknown(url: str) -> Address:
    return Address(url=url, kind=Kind.UNKNOWN, on_site=False, canonical=url)


def is_on_site(url: str) -> bool:
    """Whether an absolute address is on zjol.com.cn, one of its subdomains or a sister host."""
    return address_of(url).on_site


def paper_host(paper: str) -> str:
    """Host of a newspaper, where it is published now: `zjrb.zjol.com.cn`, `qjwb.thehour.cn`."""
    return _MOVED_PAPERS.get(paper, f"{paper}.{SITE}")


def may_hold_images(url: str) -> bool:
    """Whether an absolute address is where the site keeps the pictures of its articles."""
    return is_on_site(url) or is_on_image_host(url)


def is_on_image_host(url: str) -> bool:
    """Whether an absolute address is on the domain that holds nothing but pictures."""
    return _lies_on(_host_of(url) or "", IMAGES)


def is_host_of_site(name: str) -> bool:
    """Whether a host belongs to the site, the domain of its pictures included."""
    host = name.lower().rstrip(".")
    return _is_of_site(host) or _lies_on(host, IMAGES)


def join(base: str | None, url: str) -> str | None:
    r"""The absolute address that a browser would ask for, where a page at `base` says `url`; None
    where that is broken, or longer than 32,768 characters. An address by http or https comes
    without user name, password and the port of its scheme.

        "https://zjol.com.cn/a/", "..\\b\n.html"  ->  "https://zjol.com.cn/b.html"
        None, " HTTP://me:secret@ZJOL.com.cn:80"  ->  "http://zjol.com.cn"
        "https://zjol.com.cn/a/", "http://[::1"   ->  None
    """
    is_short = len(url) < LONGEST
    # As nearly everywhere, and the rest costs.
    if is_short and _PLAIN_ADDRESS.fullmatch(url):
        return url
    if base and is_short and (below := _BELOW.fullmatch(url)) and (page := _PAGE.fullmatch(base)):
        return page["folder"] + below["path"]
    try:
        if base and is_short and _PLAIN.fullmatch(url) and _PLAIN_BASE.match(base):
            return urljoin(base, url)
        relative = _as_a_browser(url, base)
        return _serialized(urljoin(base, relative) if base else relative)
    except ValueError:
        return None


def _as_a_browser(url: str, base: str | None) -> str:
    """An address without what a browser takes out of it, or takes for something else."""
    url = _SURROGATES.sub("\ufffd", _BREAKS.sub("", url.strip(_EDGES)))
    url = _CONTROLS.sub(lambda found: f"%{ord(found[0]):02X}", url)
    if len(url) > _LONGEST_ASKED:
        raise ValueError("too long")
    scheme = _SCHEME.match(url)
    of_base = urlsplit(base).scheme if base else ""
    name = scheme[1].lower() if scheme else of_base or "https"
    if name not in _PORTS:
        return url
    path, mark, query = _QUERY.split(url[scheme.end() if scheme else 0 :], maxsplit=1)
    path = path.replace("\\", "/")
    if path.startswith("//") or (scheme and name != of_base):
        path = path.lstrip("/")
        if not path:
            raise ValueError("no host")
        path = f"{name}://{path}"
    return path + mark + query


def _serialized(url: str) -> str:
    """Raises ValueError where an address by http or https has a host or port that cannot be."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        return url
    host, port = parts.hostname, parts.port
    place = parts.netloc.rpartition("@")[2]
    # urllib takes what is between brackets for the host, whatever is around them.
    if not host or " " in host or not (_IN_BRACKETS.fullmatch(place) or {*"[]"}.isdisjoint(place)):
        raise ValueError("no host")
    rest = url[len(f"{parts.scheme}://{parts.netloc}") :]
    host = f"[{host}]" if ":" in host else host
    number = "" if port in (None, _PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{number}{rest}"


def _host_of(url: str) -> str | None:
    """The host of an absolute address by http or https and by the port of its scheme."""
    try:
        parts = urlsplit(url)
        port = parts.port  # raises where it is no number
    except ValueError:
        return None
    if "\\" in url or parts.scheme not in _PORTS or port not in (None, _PORTS[parts.scheme]):
        return None
    return (parts.hostname or "").rstrip(".")


def _lies_on(host: str, domain: str) -> bool:
    return bool(_HOST.fullmatch(host)) and (host == domain or host.endswith(f".{domain}"))


def _is_of_site(host: str) -> bool:
    return host in SISTER_HOSTS or _lies_on(host, SITE)


def _clean_path(path: str) -> str:
    """Single slashes, no `.` and `..`."""
    path = re.sub("/{2,}", "/", path) or "/"
    if "/." in path:
        is_folder = path.endswith(("/", "/.", "/.."))
        path = posixpath.normpath(path) + ("/" if is_folder else "")
    return path.replace("//", "/")


def _read_app(url: str, path: str, query: str) -> Address | None:
    """An article of the app; albums, topics and videos have ids of their own: `app:album:N`."""
    form = _APP_FORM.fullmatch(path)
    if form:
        counter, number = _APP_NEWS, form["number"]
    elif form := _APP_QUERY.fullmatch(path):
        counter, number = form["counter"], parse_qs(query).get("id", [""])[0].lower()
    else:
        return None
    if not (_APP_KEY if counter == "short_video" else _APP_NUMBER).fullmatch(number):
        return None
    if counter == _APP_NEWS:
        canonical = f"https://{APP_HOST}/news/{number}.html"
    else:
        canonical = f"https://{APP_HOST}/{counter}.html?id={number}"
        number = f"{counter}:{number}"
    return Address(url, Kind.APP, on_site=True, canonical=canonical, number=number)


def _read_path(url: str, host: str, path: str, query: str) -> Address:
    for kind, form in _FORMS:
        if match := form.fullmatch(path):
            return _address(url, host, kind, match)
    canonical = f"https://{host}{path}" + (f"?{query}" if query else "")
    return Address(url, Kind.UNKNOWN, on_site=True, canonical=canonical)


def _address(url: str, host: str, kind: Kind, match: re.Match[str]) -> Address:
    found = match.groupdict()
    day = re.sub(r"\D", "", found.get("date") or "") or None
    path = match.string
    if found.get("suffix"):
        path = path[: match.start("suffix")] + path[match.end("suffix") :]
    return Address(
        url,
        kind,
        on_site=True,
        canonical=f"https://{host}{path}",
        number=found.get("number"),
        date=_date(day),
        day=day,
        paper=host.split(".", 1)[0] if kind.value.startswith("paper") else None,
        page=int(found.get("page") or 0) + 1,
    )


def _date(day: str | None) -> datetime.date | None:
    try:
        found = datetime.date.fromisoformat(day or "")
    except ValueError:
        return None
    return found if found.year in _CENTURY else None
