"""WARC files as the server that they were recorded from: what is answered to an address."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import filterfalse
from pathlib import Path

from zjnews.archives import cdxj, warcs
from zjnews.archives.cdxj import Capture
from zjnews.archives.warcs import Answer, Damage
from zjnews.items import Rejected
from zjnews.pages.guard import bounded
from zjnews.text.cleaning import error_in_words, unique

_REDIRECTS = (301, 302, 303, 307, 308)
_NOT_NOW = (408, 429)
_OTHER_SCHEME = {"http": "https", "https": "http"}


class Playback:
    """Answers from WARC files. Needs no more memory for a hundred gigabytes than for one."""

    def __init__(self, archives: Iterable[Path], report: cdxj.Report = cdxj.ignore_damage) -> None:
        """`report` is called for damage that is met, and for a file that cannot be read."""
        self.index = cdxj.Index(archives, report)
        self.report = report

    def answer(self, url: str, is_known: bool = False, is_settled: bool = False) -> Answer | None:
        """The newest answer to an address, or None.

        `is_known`: the caller has the page, so that a 304 is of use. One that means
        "not now" (429, 500 …) counts only where there is no other, and not at all where it has to
        be `is_settled`. Where there is none to the very address, the page that was served to
        another spelling of it is.
        """
        for capture in self.best_first(url):
            is_of_use = is_known or capture.status != warcs.NOT_MODIFIED
            if is_of_use and not (is_settled and _is_not_now(capture)):
                try:
                    return self.whole(self.answer_at(capture))
                except Rejected as rejected:
                    self.report(capture.archive, Damage(capture.offset, rejected.detail))
        return None

    def add(self, archive: Path) -> None:
        """Answer from one more WARC file. Raises OSError."""
        self.index.add(archive)

    def original(self, url: str, digest: str) -> tuple[str, str] | None:
        """Address and WARC-Date of an answer to an address that has the body of a digest. None,
        too, where it cannot be read any more."""
        try:
            for capture in self.captures(url):
                if capture.digest == digest and not capture.is_revisit:
                    record = warcs.read_at(capture.archive, capture.offset)
                    if record.header("WARC-Payload-Digest") == digest:
                        return record.url, record.header("WARC-Date") or ""
        except (OSError, Rejected):
            return None
        return None

    def best_first(self, url: str) -> Iterator[Capture]:
        """What may answer. Other spellings are looked up only where the very address has nothing
        of use."""
        own = self.captures(url)
        yield from filterfalse(_is_not_now, own)
        rest = [*filter(_is_not_now, own), *self.pages_elsewhere(url)]
        yield from sorted(rest, key=_is_not_now)

    def captures(self, url: str) -> list[Capture]:
        """Newest first."""
        return self.index.captures(url)[::-1]

    def pages_elsewhere(self, url: str) -> Iterator[Capture]:
        """Usable answers to another spelling: no redirects, which would lead back and forth."""
        for other in _other_spellings(url):
            for capture in self.captures(other):
                if capture.status not in _REDIRECTS:
                    yield capture

    def answer_at(self, capture: Capture) -> Answer:
        """Raises Rejected, as `guard.bounded` does: `broken-warc` where the index does not fit its
        file too."""
        with bounded(capture.url):
            try:
                answer = warcs.read_answer(warcs.read_at(capture.archive, capture.offset))
            except OSError as error:
                raise Rejected("broken-warc", error_in_words(error)) from error
        if cdxj.normal_form(answer.url) != cdxj.normal_form(capture.url):
            raise Rejected("broken-warc", f"holds another address than {capture.url}")
        return answer

    def whole(self, answer: Answer) -> Answer:
        """An answer with its body, which a revisit has elsewhere. Raises Rejected (`broken-warc`)
        where that is not to be found."""
        if answer.kind != "revisit" or answer.status == warcs.NOT_MODIFIED:
            return answer
        for capture in self.captures(answer.original_url or answer.url):
            if not capture.is_revisit and _is_original(capture, answer):
                return with_body(answer, self.answer_at(capture))
        raise no_original(answer)


def with_body(revisit: Answer, original: Answer) -> Answer:
    """The answer that a revisit refers to; its headers may be those of the original too."""
    if not revisit.headers:
        revisit = replace(revisit, status=original.status, headers=original.headers)
    return replace(revisit, kind="response", body=original.body)


def no_original(revisit: Answer) -> Rejected:
    return Rejected("broken-warc", f"the original of a revisit of {revisit.url} is not there")


def _is_original(capture: Capture, revisit: Answer) -> bool:
    """Whether a revisit refers to an answer: by its digest, or its date where it has none."""
    if revisit.digest:
        return capture.digest == revisit.digest
    return cdxj.timestamp_of(revisit.original_date) == capture.timestamp


def _is_not_now(capture: Capture) -> bool:
    return capture.status >= 500 or capture.status in _NOT_NOW


def _other_spellings(url: str) -> Iterator[str]:
    """The same address by the other scheme, and with single slashes only."""
    scheme, _, rest = url.partition("://")
    single = re.sub("//+", "/", rest)
    other = _OTHER_SCHEME.get(scheme, scheme)
    found = (f"{s}://{r}" for r in (rest, single) for s in (scheme, other))
    yield from unique(spelling for spelling in found if spelling != url)
