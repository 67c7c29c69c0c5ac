"""A second look at a page whose article has been read: what of it was probably read wrongly.

Each doubt is a warning of the record; docs/record.md says what it means and how often it is raised.
"""

import re
from collections.abc import Iterator
from itertools import chain

from zjnews.items import Article
from zjnews.loaders.walk import is_hidden
from zjnews.pages.elements import Inside
from zjnews.pages.page import Page
from zjnews.pages.tree import Document, Element, Text, parent_of
from zjnews.text import credits, furniture
from zjnews.text.cleaning import fold, places_of, squeeze
from zjnews.text.credits.persons import HAN, is_name

_PARAGRAPHS = ("p", "div", "td", "section", "br")
_SENTENCE = re.compile(r"[。！？][”’」』）)]?$|[a-z]{2}[.!?][\"”’)]?$")
_END = 4
_LONG = 30  # characters (folded) of a sentence that must be the article's or nobody's
_LONG_LATIN = 70
_SAMPLE = 12
"""Characters at the end of a sentence by which it is found again; its start may lose a byline."""
_BEFORE_MARK = re.compile(rf"[。！？.!?”’」』）)\"](?<=(.{{{_SAMPLE}}}).)")
"""Such characters, before what a sentence may end with."""
_TAIL = 40  # characters in which, with white space, such a sample is
_SOURCE_LENGTH = 24
_SOURCE_MARKS = re.compile(r"[，。！？；,!?;]|\d{4,}|[:：]|^来\s?源|\d[\d.,]*\s?[万千]?[次人]?$")
_CREDIT_LENGTH = 80
_REPORTER = re.compile("记者|通讯员|编辑|拍友")
_BYLINE = re.compile(
    r"[（(][^（()）]{0,12}(?:记者|通讯员|编辑|拍友)\s?[/／:：]?\s?[\u3400-\u9fff]{2,4}[^（()）。]{0,30}[）)](?:$|。|[^，。]{0,40}讯)"
    r"|^.{0,30}(?:记者|通讯员)\s?[\u3400-\u9fff]{2,4}[^，。]{0,20}报道\s?[:：]"
    r"|讯\s?[（(][^（()）]{0,12}(?:记者|通讯员)"
)
"""A byline that was left at an end of a paragraph."""
_CAPTION_CREDIT = re.compile(
    r"(?:摄影?|供图|图源|图片来源)\s?[:：]|[\s/／][\u3400-\u9fff]{2,4}\s?摄$|[Pp]hotos? by "
)
_EDITOR = re.compile(r"编辑\s?[:：]\s{0,3}[\u3400-\u9fff]{2,4}\s{0,3}[<）)\s]")
_CREDIT = re.compile(
    r"(?:[编审校摄影图文稿写制播导划筹者员译辑计频述理画]|监制|后期|统筹|出品|海报)\s?[:：丨|｜/／]\s?"
    r"(?:[\u3400-\u9fff·]{2,4}(?=$|[\s、，,;；/／|｜丨）)])|[A-Z][a-z]+\s[A-Z])"
    r"|^[□■○◎●▲△◆◇－—-]\s?(?:本报|本网)?(?:.{0,6}(?:记者|通讯员|拍友))?\s?[\u3400-\u9fff]{2,4}$"
    r"|^.{0,12}(?:记者|通讯员|拍友|特约撰稿|评论员)\s?[\u3400-\u9fff]{2,4}(?:[\s、][\u3400-\u9fff]{2,4}){0,4}$"
    r"|[\u3400-\u9fff]\s[摄文图]$|[/／][文图摄]$"
)
_LATIN_CREDIT = re.compile(
    r"(?:By|Text|Words|Photos?|Reporters?|Writers?|Editors?|Edited|Translat(?:ed|ion|or)|Source|Written"
    r"|Inter|Story|Proofread\w*)\b(?:\s?(?:by|:|：))?\s[A-Z][\w.'’ ,&|/-]{3,70}$"
)
_LATIN_NAME = re.compile(r"(?=.+[A-Z])[A-Z][\w.'’-]{0,40}(?:\s[A-Z][\w.'’-]{0,40}){0,4}")
_COUNTRY = re.compile(r"^[\[［【〔（(].{1,6}?[\]］】〕）)]\s?")
_SHORT_NAME = re.compile(
    r"[\u3400-\u9fff]{2,3}|[\u3400-\u9fff]{1,9}[·•][\u3400-\u9fff·•]{1,12}|[\u3400-\u9fff]{4,6}(?<=[尔江木提娜罕])"
)
_NO_PERSON = re.compile(
    r"记者|通讯|拍友|编辑|作者|摄影|报道|来源|供图|提供|综合|实习|发自|[报网社台站]$"
)
_DASH = "——"
_LIKENESS = 0.3  # share of the pairs of letters of the shorter title that the longer one has, too


def doubts(page: Page, article: Article) -> list[str]:
    """Codes of what is doubtful about an article, read from a page."""
    persons = (article.authors, article.editors, article.photographers, article.translators)
    return [
        code
        for code, is_doubtful in (
            ("text-outside-body", has_text_outside(page, article)),
            ("credit-in-text", has_credit_in_text(article)),
            ("credit-unread", has_unread_editor(page, article)),
            ("furniture-in-text", any(map(furniture.may_be_frame, _texts(article)))),
            ("title-differs", title_differs(page, article)),
            ("source-doubtful", source_is_doubtful(article)),
            ("name-doubtful", not all(map(may_be_person, chain(*persons)))),
        )
        if is_doubtful
    ]


def has_text_outside(page: Page, article: Article) -> bool:
    """Whether the page has sentences that are neither in the article nor the site's own."""
    known = _squeezed(" ".join(_said(article)))
    ends = set(_BEFORE_MARK.findall(known))
    in_hidden = Inside(is_hidden)
    texts = (
        _paragraphs(page.document)
        if page.is_markup
        else ((t, None) for t in page.markup.split("\n"))
    )
    for text, element in texts:
        tail = _squeezed(text[-_TAIL:])
        if len(tail) > _SAMPLE and tail[-_SAMPLE - 1 : -1] in ends:
            continue  # as most, and it is quick to tell
        line = _squeezed(text)
        if not _is_sentence(line) or line[-_SAMPLE - 1 : -1] in ends:
            continue
        line = fold(text)
        if furniture.is_notice(line) or furniture.is_frame(line):
            continue
        if element is None or not in_hidden(parent_of(element)):
            return True
    return False


def _paragraphs(document: Document) -> Iterator[tuple[str, Element]]:
    """The longer texts with which paragraphs of a page begin."""
    for element in document.iter_elements(_PARAGRAPHS):
        node = element.next_sibling if element.tag == "br" else next(iter(element), None)
        if isinstance(node, Text) and len(node.data) >= _LONG:
            yield node.data, element


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _is_sentence(line: str) -> bool:
    if len(line) < _LONG or not _SENTENCE.search(line[-_END:]):
        return False
    return len(line) >= _LONG_LATIN or bool(HAN.search(line))


def title_differs(page: Page, article: Article) -> bool:
    """Whether `<title>` names another article. The name of a paper or of the site says nothing."""
    if not page.is_markup or not article.title or not page.title:
        return False
    if furniture.names_site(article.title):
        return True
    if furniture.names_site(page.title) or squeeze(article.title) in squeeze(page.title):
        return False
    if _DASH in article.title[1:] and not article.subtitle:
        return True  # a subtitle has probably stuck to the title
    named, title = _pairs(page.title), _pairs(article.title)
    common = len(named & title)
    return common < _LIKENESS * min(len(named), len(title))


def _pairs(text: str) -> set[str]:
    letters = squeeze(text)
    return {letters[n : n + 2] for n in range(len(letters) - 1)}


def source_is_doubtful(article: Article) -> bool:
    """Whether what was read as the source is more than the name of a medium."""
    source = article.source or ""
    is_long = len(source) > _SOURCE_LENGTH and bool(HAN.search(source))
    return is_long or bool(_SOURCE_MARKS.search(source))


def has_credit_in_text(article: Article) -> bool:
    """Whether a line of the text may be credits; those of a book or a film may be in one."""
    lines = list(_texts(article))
    ends = (*lines[:2], *lines[-2:])
    if any(_BYLINE.search(line) for line in ends if _REPORTER.search(line)):
        return True
    captions = (block.image.caption for block in article.body if block.image)
    if any(_CAPTION_CREDIT.search(caption) for caption in captions if caption):
        return True
    found = list(filter(looks_like_credit, lines))
    return bool(found) and not any(map(credits.describes_work, lines))


def has_unread_editor(page: Page, article: Article) -> bool:
    """Whether the page names an editor and the article has none."""
    if article.editors or not page.is_markup:
        return False
    return any(_EDITOR.match(page.markup, start) for start in places_of("编辑", page.markup))


def looks_like_credit(line: str) -> bool:
    """Whether a line may be credits that were not understood. It asks less than `credits` does."""
    if len(line) > _CREDIT_LENGTH or line[-1] in "。！？；，…,;":
        return False
    return bool(_CREDIT.search(line) or _LATIN_CREDIT.match(line))


def may_be_person(name: str) -> bool:
    """Whether a name may be a person's or a pen name, and not a role, a medium or a phrase."""
    if not HAN.search(name):
        return bool(_LATIN_NAME.fullmatch(name))
    name = _COUNTRY.sub("", name)
    return is_name(name) or bool(_SHORT_NAME.fullmatch(name) and not _NO_PERSON.search(name))


def _texts(article: Article) -> Iterator[str]:
    return (block.text for block in article.body if block.text)


def _said(article: Article) -> list[str]:
    """All that the article says, a list of pieces."""
    heads = (article.title, article.kicker, article.subtitle, article.summary)
    captions = (block.image.caption for block in article.body if block.image)
    cells = (cell for block in article.body if block.rows for row in block.rows for cell in row)
    return [text for text in (*heads, *_texts(article), *captions, *cells) if text]
