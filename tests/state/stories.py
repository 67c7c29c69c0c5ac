"""Articles, and what a crawl does with them."""

import hashlib
import json
from typing import Any

from zjnews.items import Article
from zjnews.state import State
from zjnews.state.outbox import Batch


def story(number: int, text: str = "甲", **fields: Any) -> Article:
    given: dict[str, Any] = {
        "id": f"trs:{number}",
        "asked": f"trs:{number}",
        "url": f"https://zjnews.zjol.com.cn/202609/t20260914_{number}.shtml",
        "content_hash": hashlib.sha256(text.encode()).hexdigest(),
    }
    return Article(**{**given, **fields})


def record_of(number: int) -> str:
    return json.dumps({"id": f"trs:{number}"})


def add(state: State, *articles: Article, batches: tuple[Batch, ...] | None = None) -> None:
    """Articles that wait in batches, by default in one."""
    chosen = (Batch("out.jsonl", {}),) if batches is None else batches
    for article in articles:
        assert state.claim(article) is None
        state.add(article, json.dumps({"id": article.id}), list(chosen))


def give(state: State, *articles: Article) -> None:
    """Articles that are known, and that no feed takes."""
    add(state, *articles, batches=())


def any_sketch(number: int) -> bytes:
    """64 bytes like no others."""
    return hashlib.sha512(str(number).encode()).digest()


def numbers_known(state: State, among: range) -> set[int]:
    return {number for number in among if state.known.find(f"trs:{number}")}


def lines_of(state: State) -> dict[str, list[str]]:
    """What waits, by the address of its batch."""
    box = state.outbox
    return {batch.uri: [line for _, line in box.records(batch)] for batch in box.batches()}


def sketched(state: State, number: int, sketch: bytes) -> str | None:
    """An article with a sketch is added; what it is told to be a copy of."""
    state.run.claim(f"trs:{number}", "")
    first = state.run.first_like(f"trs:{number}", sketch)
    state.add(story(number, sketch=sketch, duplicate_of=first), "{}", [])
    return first


def form(number: int) -> bytes:
    """A sketch that shares a band with all others of its kind, and no more."""
    return ONE[:8] + any_sketch(number)[8:]


def barely_like(sketch: bytes) -> bytes:
    """One that shares 57 bytes with another, and only the first band."""
    return bytes(byte ^ (place >= 8 and place % 8 == 0) for place, byte in enumerate(sketch))


ONE, OTHER = any_sketch(1), any_sketch(2)
