"""The CMS payload: fills in number and keywords, compares its body with the visible one."""

import re

from zjnews.items import Article, Block, Payload, text_of
from zjnews.pages.guard import bounded_item
from zjnews.text.cleaning import squeeze

_REMAINS = re.compile(r"\]\]>[^。！？]{0,200}|\d{3,12}\s?.*\s?public\s?html")
"""Lines that an unrecognised payload leaves among the paragraphs."""
_COPY_LENGTH = 100
"""Characters from which on a repeated body is a copy and no refrain."""
_COPIES = 3
"""How many further occurrences of the first line are looked at."""


class PayloadPipeline:
    """Reads `Article.payloads`; knows nothing of their form on the page."""

    @bounded_item
    def process_item(self, item: Article) -> Article:
        item.body, copied = without_copy(item.body)
        if copied:
            item.warnings.append("copy-removed")
        payload = own_payload(item)
        if payload is not None:
            self.apply(payload, item)
        return item

    def apply(self, payload: Payload, item: Article) -> None:
        if item.id.startswith("url:"):
            item.id = f"trs:{payload.number}"
        if payload.keywords:
            item.keywords = payload.keywords
        text = text_of(item.body)
        if payload.text != text and squeeze(payload.text) != squeeze(text):
            item.warnings.append("payload-differs")


def own_payload(item: Article) -> Payload | None:
    """The payload of this article, by its number or else its title; a page may carry others too."""
    number = item.id.rsplit(":", 1)[-1].lstrip("0")
    title = squeeze(item.title or "")
    by_number = (p for p in item.payloads if p.number.lstrip("0") == number)
    by_title = (p for p in item.payloads if squeeze(p.title) == title)
    return next(by_number, None) or next(by_title, None)


def without_copy(blocks: list[Block]) -> tuple[list[Block], bool]:
    """Cut off a second copy of the whole body after the first, and whether
    there was one."""
    texts = [block.text or "" for block in blocks]
    first = next(filter(None, texts), "")
    start = texts.index(first) if first else 0
    for again in [n for n in range(start + 1, len(texts)) if texts[n] == first][:_COPIES]:
        original = [text for text in texts[start:again] if text and not _REMAINS.fullmatch(text)]
        copy = [text for text in texts[again:] if text]
        if sum(map(len, original)) >= _COPY_LENGTH and copy[: len(original)] == original:
            return [b for b in blocks[:again] if not _is_remains(b)], True
    kept = [block for block in blocks if not _is_remains(block)]
    return kept, len(kept) < len(blocks)


def _is_remains(block: Block) -> bool:
    text = block.text or ""
    return ("]]>" in text or "public" in text) and bool(_REMAINS.fullmatch(text))
