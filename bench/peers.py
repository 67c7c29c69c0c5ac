"""Other readers of news pages on the same pages: how fast they are, and what they get right.

Run as `make bench-peers`. The pages are the made-up articles of samples/, of which it is known what
is right; each reader gets a page as text, or as bytes where it takes them. They take turns, and the
ratio to parsing alone is the median of the rounds.
"""

import argparse
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import gne
import lxml.html
import newspaper
import newsplease
import readability
import trafilatura
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

import zjnews
from bench.pages import compare
from samples.build import Article as Truth
from samples.build import Site, article_bodies

_TAGS = re.compile(r"<[^>]+>")
_NO_WORD = re.compile(r"[\W_]+")
_CREDIT = re.compile(r"（[^（）]*(?:记者|通讯员)[^（）]*）")
"""Some keep it in the text, some do not."""
_SHINGLE = 5
_ALIKE = 0.9
"""Share of the runs of five characters that two texts must have in common to be the same."""


@dataclass(frozen=True)
class Page:
    """One article page, and what is right on it."""

    truth: Truth
    body: bytes

    @property
    def url(self) -> str:
        return self.truth.address

    @property
    def markup(self) -> str:
        return self.body.decode(self.truth.encoding)


@dataclass(frozen=True)
class Found:
    """What a reader says of a page; None where it says nothing."""

    title: str | None
    date: datetime | str | None
    text: str | None


Reader = Callable[[Page], Found | None]


def by_zjnews(page: Page) -> Found | None:
    try:
        article = zjnews.read(page.body, url=page.url, content_type=page.truth.content_type or None)
    except zjnews.Rejected:
        return None
    record = article.record()
    return Found(record["title"], record["published_at"], record["text"])


def by_trafilatura(page: Page) -> Found | None:
    found: Any = trafilatura.bare_extraction(page.body, url=page.url, with_metadata=True)
    return Found(found.title, found.date, found.text) if found is not None else None


def by_newspaper(page: Page) -> Found:
    language = "en" if page.truth.layout == "english" else "zh"
    article = newspaper.Article(page.url, language=language, fetch_images=False)
    article.download(input_html=page.markup)
    article.parse()
    return Found(article.title, article.publish_date, article.text)


def by_gne(page: Page) -> Found:
    found = gne.GeneralNewsExtractor().extract(page.markup)
    return Found(found["title"], found["publish_time"], found["content"])


def by_readability(page: Page) -> Found:
    document = readability.Document(page.markup)
    text = lxml.html.fromstring(document.summary()).text_content()
    return Found(document.short_title(), None, text)


def by_resiliparse(page: Page) -> Found:
    tree = HTMLTree.parse(page.markup)
    return Found(tree.title, None, extract_plain_text(tree, main_content=True))


def by_news_please(page: Page) -> Found:
    found = newsplease.NewsPlease.from_html(page.markup, url=page.url, fetch_images=False)
    return Found(found.title, found.date_publish, found.maintext)


READERS: dict[str, Reader] = {
    "zjnews": by_zjnews,
    "resiliparse": by_resiliparse,
    "readability": by_readability,
    "trafilatura": by_trafilatura,
    "gne": by_gne,
    "newspaper4k": by_newspaper,
    "news-please": by_news_please,
}


def parse_only(page: Page) -> object:
    return lxml.html.document_fromstring(page.body)


def text_of(truth: Truth) -> str:
    """The paragraphs and headings of an article, but for its title."""
    parts = [block.get("p") or block.get("h") or "" for block in truth.blocks]
    plain = [html.unescape(_TAGS.sub("", part)) for part in parts]
    return "\n".join(part for part in plain if part != truth.title)


def is_title(found: Found, truth: Truth) -> bool:
    return _NO_WORD.sub("", found.title or "") == _NO_WORD.sub("", truth.title)


def is_date(found: Found, truth: Truth, digits: int) -> bool:
    """Whether so many digits of the printed time are right, 8 for the day and 12 for the minute."""
    said = re.sub(r"\D", "", str(found.date or ""))
    return said[:digits] == f"{truth.moment:%Y%m%d%H%M}"[:digits]


def is_text(found: Found, truth: Truth) -> bool:
    said, right = _shingles(found.text or ""), _shingles(text_of(truth))
    return len(said & right) >= _ALIKE * len(said | right)


def _shingles(text: str) -> set[str]:
    text = _NO_WORD.sub("", _CREDIT.sub("", text))
    return {text[at : at + _SHINGLE] for at in range(max(len(text) - _SHINGLE + 1, 1))}


def marks(reader: Reader, pages: list[Page]) -> Iterator[str]:
    """What share of title, day, minute and text is right, as text."""
    found = [(reader(page) or Found(None, None, None), page.truth) for page in pages]
    timed = [(one, truth) for one, truth in found if truth.date]
    yield _share([is_title(*one) for one in found])
    yield _share([is_date(*one, 8) for one in timed])
    yield _share([is_date(*one, 12) for one in timed])
    yield _share([is_text(*one) for one in found])


def _share(right: list[bool]) -> str:
    return f"{sum(right)}/{len(right)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    pages = [Page(truth, body) for truth, body in article_bodies(Site())]
    print(f"{'':28} {'title':>8} {'day':>8} {'minute':>8} {'text':>8}")
    for name, reader in READERS.items():
        print(f"{name:28} " + " ".join(f"{mark:>8}" for mark in marks(reader, pages)))
    compare({"lxml.html, parsing alone": parse_only, **READERS}, pages, options.rounds)


if __name__ == "__main__":
    main()
