"""Render the made-up site in samples/ into one WARC file.
The same articles and templates always give the same bytes: no clock, no randomness."""

import argparse
import re
import struct
import tomllib
import uuid
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from warcio.statusandheaders import StatusAndHeaders  # type: ignore[import-untyped, unused-ignore]
from warcio.warcwriter import WARCWriter  # type: ignore[import-untyped, unused-ignore]

from zjnews.archives import cdxj

HERE = Path(__file__).resolve().parent
WARC_NAME = "zjol.warc.gz"
FETCHED = datetime(2026, 9, 15, 2, 0, 0, tzinfo=UTC)
BEIJING = timezone(timedelta(hours=8))
LIST_LENGTH = 11
HOT_LENGTH = 20
RELATED_LENGTH = 8

CONTENT_TYPES = {
    "trs": "text/html; charset=utf-8",
    "county": "text/html; charset=UTF-8",
    "app": "text/html;charset=utf-8",
}
SERVERS = {
    "old": "Apache/2.2.15 (CentOS)",
    "trs2016": "nginx/1.12.2",
    "english": "nginx/1.12.2",
    "trs": "Tengine",
    "app": "openresty",
    "paper": "nginx",
}

Header = tuple[str, str]
Block = dict[str, Any]


@dataclass(frozen=True)
class SamplePage:
    """One answer of the made-up site, as it stands in the WARC file."""

    address: str
    status: int
    headers: tuple[Header, ...]
    body: bytes


@dataclass(frozen=True)
class Payload:
    """The block of XML that carries an article a second time."""

    wrapper: str
    place: str
    body: str
    names: list[str]
    drop: int | None = None
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Article:
    """One file of articles/. Block texts are HTML, everything else is plain text."""

    address: str
    layout: str
    title: str
    blocks: list[Block]
    copies: list[str] = field(default_factory=list)
    encoding: str = "utf-8"
    charset: str = "utf-8"
    content_type: str = ""
    title_class: str = "contTit"
    title_form: str = "text"
    date: str = ""
    date_form: str = "first"
    modified: str = ""
    source: str = ""
    author: str = ""
    editor: str = ""
    crumbs: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    summary: str = ""
    style: str = "p"
    heading: str = "strong"
    wrap: str = ""
    form: str = ""
    more: str = ""
    paper: str = ""
    page: list[str] = field(default_factory=list)
    node: str = ""
    kicker: str = ""
    subtitle: str = ""
    listed: bool = True
    payloads: list[Payload] = field(default_factory=list)

    @property
    def host(self) -> str:
        """Return the host label: `zjnews` of `zjnews.zjol.com.cn`."""
        return self.address.split("/")[2].split(".")[0]

    @property
    def folder(self) -> str:
        """Return the channel path, `zjnews/hznews/`; empty where there is none."""
        path = self.address.split("/", 3)[3]
        return re.split(r"(?:\d{6}/t\d|system/|html/)", path, maxsplit=1)[0]

    @property
    def file(self) -> str:
        """Return the last part of the address."""
        return self.address.rsplit("/", 1)[1]

    @property
    def number(self) -> str:
        """Return the running number that the address ends in."""
        return str(re.findall(r"\d+", self.address.split("?div")[0])[-1])

    @property
    def moment(self) -> datetime:
        """Return the printed time, or noon of the day in the address."""
        found = re.findall(r"\d+", self.date or re.sub(r"^https?://[^/]+", "", self.address))
        year, month, day, *clock = (int(part) for part in found)
        hour, minute, second = [*clock, 0, 0, 0][:3] if self.date else (12, 0, 0)
        return datetime(year, month, day, hour, minute, second, tzinfo=BEIJING)

    @property
    def time(self) -> str:
        """Return the time as list pages print it."""
        return f"{self.printed_day}{self.moment.hour:02}时"

    @property
    def printed_day(self) -> str:
        """Return the day as a newspaper page prints it."""
        return f"{self.moment.year}年{self.moment.month:02}月{self.moment.day:02}日"

    @property
    def href(self) -> str:
        """Return the address without its scheme, as the frame's links have it."""
        return self.address.split(":", 1)[1]

    @property
    def page_title(self) -> str:
        """Return the text of the `<title>` element."""
        if self.layout == "paper":
            return f"{self.title}-{self.paper}"
        return "_".join([self.title, self.crumbs[-1], self.crumbs[0], "浙江在线"])


def load_toml(path: Path) -> dict[str, Any]:
    """Read one TOML file."""
    with path.open("rb") as file:
        data: dict[str, Any] = tomllib.load(file)
    return data


def load_article(path: Path) -> Article:
    """Read one file of articles/; an unknown key is an error."""
    data = load_toml(path)
    payloads = [Payload(**item) for item in data.pop("payloads", [])]
    article = Article(**data)
    filled = [replace(item, blocks=payload_blocks(article, item)) for item in payloads]
    return replace(article, payloads=filled)


def payload_blocks(article: Article, payload: Payload) -> list[Block]:
    """Return the article's blocks, without the one that the payload leaves out."""
    return [block for index, block in enumerate(article.blocks) if index != payload.drop]


def load_articles() -> list[Article]:
    """Read all articles, oldest first."""
    articles = [load_article(path) for path in sorted((HERE / "articles").glob("*.toml"))]
    return sorted(articles, key=lambda article: (article.moment, article.address))


class Site:
    """Everything that the templates need: articles, frame data, environment."""

    def __init__(self) -> None:
        """Read the articles and the frame data."""
        self.articles = load_articles()
        self.frame = load_toml(HERE / "site.toml")
        self.environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            undefined=StrictUndefined,
        )

    def render(self, template: str, **values: Any) -> str:
        """Fill one template."""
        return self.environment.get_template(template).render(site=self.frame, **values)

    def neighbours(self, start: int) -> list[Article]:
        """Return all articles as a ring that begins at an index."""
        return self.articles[start:] + self.articles[:start]

    def lists(self, start: int) -> dict[str, list[Article]]:
        """Return the two lists of links beside a page."""
        ring = self.neighbours(start % len(self.articles))
        return {"hot": ring[:HOT_LENGTH], "newest": ring[HOT_LENGTH : 2 * HOT_LENGTH]}

    def related(self, article: Article) -> list[Article]:
        """Return articles of the same layout, then any others, never the article itself."""
        others = [other for other in self.articles if other.number != article.number]
        others.sort(key=lambda other: other.layout != article.layout)
        return others[:RELATED_LENGTH]


def article_bodies(site: Site) -> Iterator[tuple[Article, bytes]]:
    """Render every article and every copy of it."""
    for index, original in enumerate(site.articles):
        for address in [original.address, *original.copies]:
            article = replace(original, address=address)
            yield article, render_article(site, article, index)


def render_article(site: Site, article: Article, index: int) -> bytes:
    """Render one article page in its own encoding."""
    text = site.render(
        f"{article.layout}.html.j2",
        article=article,
        page_title=article.page_title,
        charset=article.charset,
        xhtml=article.encoding == "gbk",
        related=site.related(article),
        **site.lists(index + 1),
    )
    return text.encode(article.encoding)


def render_other(site: Site, page: dict[str, Any]) -> bytes:
    """Render one page of pages.toml: an image, a fixed text or a template."""
    if "image" in page:
        return png(*page["image"])
    if "text" in page:
        return str(page["text"]).lstrip().encode()
    values: dict[str, Any] = {
        "page": page,
        "page_title": page["heading"],
        "charset": "utf-8",
        "xhtml": False,
        "article": None,
        **site.lists(len(page["address"])),
        **page_lists(site, page),
    }
    return site.render(page["template"], **values).encode()


def page_lists(site: Site, page: dict[str, Any]) -> dict[str, Any]:
    """Return the links in the middle of a list, newspaper or topic page."""
    if page["kind"] == "list":
        return channel_list(site, page["part"])
    if page["kind"] == "newspaper page":
        folder = page["address"].rsplit("/", 1)[0] + "/content_"
        return {"entries": [item for item in site.articles if item.address.startswith(folder)]}
    if page["kind"] == "special topic":
        villages = [item for item in site.articles if item.layout in ("county", "app")]
        towns = [item for item in site.articles if item.layout == "paper"]
        return {"groups": [("村口", villages), ("镇上", towns)]}
    return {}


def channel_list(site: Site, part: int) -> dict[str, Any]:
    """Return one page of a channel's list, newest first, with every form of link."""
    found = [item for item in reversed(site.articles) if item.layout != "paper"]
    parts_total = -(-len(found) // LIST_LENGTH)
    chosen = found[part * LIST_LENGTH : (part + 1) * LIST_LENGTH]
    entries = [
        {"href": list_link(item, index), "title": item.title, "time": item.time}
        for index, item in enumerate(chosen)
    ]
    return {"entries": entries, "parts_total": parts_total}


def list_link(article: Article, index: int) -> str:
    """Return a link as list pages have it: relative, without scheme, or with a doubled slash."""
    host, path = article.href[2:].split("/", 1)
    if article.folder == "zjnews/":
        return f"./{path.removeprefix('zjnews/')}"
    forms = [f"//{host}/{path}", f"//{host}//{path}", article.address]
    return forms[index % len(forms)]


def png(width: int, height: int, red: int, green: int, blue: int) -> bytes:
    """Return a PNG image of one colour."""

    def chunk(name: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + checksum

    rows = (b"\0" + bytes([red, green, blue]) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows, 9)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def article_page(article: Article, body: bytes) -> SamplePage:
    """Return an article's answer, with all headers but the date of the answer."""
    headers = (
        ("Content-Type", article.content_type or CONTENT_TYPES.get(article.layout, "text/html")),
        ("Server", SERVERS.get(article.layout, "nginx")),
        ("Last-Modified", http_date(article.moment)),
        ("Cache-Control", "max-age=120"),
    )
    return SamplePage(article.address, 200, headers, body)


def other_page(page: dict[str, Any], body: bytes) -> SamplePage:
    """Return the answer for a page of pages.toml."""
    headers: tuple[Header, ...] = (
        ("Content-Type", page.get("content_type", "text/html")),
        ("Server", "nginx"),
    )
    status = int(page.get("status", 200))
    if status == HTTPStatus.MOVED_PERMANENTLY:
        headers += (("Location", page["target"]),)
    return SamplePage(page["address"], status, headers, body)


def robots_page(host: str) -> SamplePage:
    """Return the robots.txt of a host."""
    headers = (("Content-Type", "text/plain"), ("Server", "nginx"))
    body = b"User-agent: *\nDisallow: /admin/\nDisallow: /search/\n"
    return SamplePage(f"https://{host}/robots.txt", 200, headers, body)


def http_date(moment: datetime) -> str:
    """Return a time as HTTP headers have it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def dated(page: SamplePage, order: int) -> SamplePage:
    """Add the headers that depend on the order of the answers."""
    date = ("Date", http_date(FETCHED + timedelta(seconds=order)))
    tail = (("Content-Length", str(len(page.body))), ("Connection", "keep-alive"))
    return replace(page, headers=(date, *page.headers, *tail))


def pages() -> Iterator[SamplePage]:
    """Yield every page of the made-up site, sorted by address."""
    site = Site()
    found = [article_page(article, body) for article, body in article_bodies(site)]
    others: Sequence[dict[str, Any]] = load_toml(HERE / "pages.toml")["page"]
    found += [other_page(page, render_other(site, page)) for page in others]
    found += [robots_page(host) for host in {page.address.split("/")[2] for page in found}]
    found.sort(key=lambda page: page.address)
    for order, page in enumerate(found, start=1):
        yield dated(page, order)


def record_headers(name: str, order: int) -> dict[str, str]:
    """Return the WARC headers that would otherwise differ between two runs."""
    moment = FETCHED + timedelta(seconds=order)
    return {
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}>",
        "WARC-Date": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def write_info(writer: Any) -> None:
    """Write the `warcinfo` record."""
    lines = [
        "software: zjnews samples/build.py",
        "format: WARC File Format 1.1",
        "conformsTo: https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "description: made-up pages in the layouts of zjol.com.cn",
    ]
    data = "".join(f"{line}\r\n" for line in lines).encode()
    headers = record_headers("warcinfo", 0) | {"WARC-Filename": WARC_NAME}
    record = writer.create_warc_record(
        "", "warcinfo", payload=BytesIO(data), length=len(data), warc_headers_dict=headers
    )
    writer.write_record(record)


def write_page(writer: Any, page: SamplePage, order: int) -> None:
    """Write one `response` record."""
    status = f"{page.status} {HTTPStatus(page.status).phrase}"
    record = writer.create_warc_record(
        page.address,
        "response",
        payload=BytesIO(page.body),
        http_headers=StatusAndHeaders(status, list(page.headers), protocol="HTTP/1.1"),
        warc_headers_dict=record_headers(page.address, order),
    )
    writer.write_record(record)


def build(out: Path) -> int:
    """Write the WARC file and its index, and return the number of pages in it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    order = 0
    with out.open("wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="WARC/1.1")
        write_info(writer)
        for order, page in enumerate(pages(), start=1):
            write_page(writer, page, order)
    cdxj.write_index(cdxj.lines_in(out, out), cdxj.path_of(out))
    return order


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Write the bundled made-up site as a WARC file.")
    parser.add_argument("--out", type=Path, default=HERE / WARC_NAME, help="the file to write")
    out: Path = parser.parse_args().out
    print(f"{build(out)} pages in {out}")


if __name__ == "__main__":
    main()
