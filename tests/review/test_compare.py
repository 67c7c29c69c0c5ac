"""`scrapy compare`: what it prints, its status, its page; then how records and texts are told apart."""

import gzip
import json
import math
import os
import resource
import sqlite3
import subprocess
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html
from scrapy import cmdline

from tests import command_line
from tests.command_line import MOST_SECONDS, ROOT, SCRAPY
from zjnews.items import RECORD_KEYS, Article
from zjnews.review import comparing, comparing_html, records
from zjnews.review.comparing import (
    MISSING,
    Comparison,
    Difference,
    Feed,
    Record,
    by_block,
    differences,
    marks,
)


@dataclass(frozen=True)
class Said:
    """What the command said, and how it ended."""

    status: int
    output: str
    errors: str

    @property
    def lines(self) -> list[str]:
        return self.output.splitlines()


def compare(*arguments: str | Path) -> Said:
    """Run `scrapy compare` in this process."""
    out, errors = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(errors), pytest.raises(SystemExit) as ended:
        cmdline.execute(["scrapy", "compare", *map(str, arguments)])
    assert isinstance(ended.value.code, int)
    return Said(ended.value.code, out.getvalue(), errors.getvalue())


def compare_apart(
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
    output: int | IO[bytes] = subprocess.PIPE,
) -> Said:
    """Run it in a process of its own, from the project's folder."""
    command = [*SCRAPY, "compare", *map(str, arguments)]
    if not (environment or before or output != subprocess.PIPE):
        done = command_line.run(command)
        return Said(done.returncode, done.stdout, done.stderr)
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "", **(environment or {})},
        preexec_fn=before,
        stdout=output,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        timeout=MOST_SECONDS,
        check=False,
    )
    return Said(done.returncode, done.stdout or "", done.stderr)


def an_article(number: int = 1, **values: Any) -> Record:
    url = f"https://zj.zjol.com.cn/{number}"
    return {**Article(id=f"trs:{number}", url=url, title=f"第{number}篇").record(), **values}


def paragraphs(*texts: str) -> list[Record]:
    return [{"type": "paragraph", "text": text} for text in texts]


def comparison(old: Path, new: Path, examples: int = 20) -> Comparison:
    with closing(Feed(old)) as one, closing(Feed(new)) as other:
        return comparing.compare(one, other, [], examples)


def write(path: Path, *records: Record | bytes) -> Path:
    """A file of records; bytes stand as they are."""
    lines = [
        each if isinstance(each, bytes) else json.dumps(each).encode() + b"\n" for each in records
    ]
    path.write_bytes(b"".join(lines))
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return tmp_path / "old.jsonl"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return tmp_path / "new.jsonl"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "report.html"


# --- What is printed --------------------------------------------------------------------------------


def test_the_whole_report(old: Path, new: Path) -> None:
    text = "山区的早市从四点开始，挑担的人打着手电下山，" * 4
    changed = text[:50] + "傍晚" + text[52:]
    write(
        old,
        an_article(1, authors=["张三"], body=paragraphs("甲", "乙"), summary=None),
        an_article(2, text=text),
        an_article(3),
        an_article(4, revision=2, title="走了"),
    )
    write(
        new,
        an_article(5, title="来了"),
        an_article(1, authors=["张三", "李四"], body=paragraphs("甲", "丙"), summary=""),
        an_article(2, text=changed),
        an_article(3),
    )
    said = compare(old, new)
    assert said == Said(
        1,
        f"""{old}: 4 records
{new}: 4 records
in both: 3 records, 2 differ
lost: 1 record
  trs:4 revision 2  走了
gained: 1 record
  trs:5  来了

authors: 1 record
  trs:1  ["张三"] -> ["张三", "李四"]

summary: 1 record
  trs:1  null -> ""

body: 1 record
  trs:1  body[1].text: "乙" -> "丙"

text: 1 record
  trs:2  …{text[40:80]}… -> …{changed[40:80]}…
""",
        "",
    )


def test_equal_files_in_another_order(old: Path, new: Path) -> None:
    write(old, an_article(1), an_article(2), an_article(3))
    write(new, an_article(3), an_article(1), an_article(2))
    said = compare(old, new)
    assert (said.status, said.errors) == (0, "")
    assert said.lines[2:] == [
        "in both: 3 records, 0 differ",
        "the records that both have stand in another order",
        "lost: 0 records",
        "gained: 0 records",
    ]


def test_gained_and_lost_records_make_no_other_order(old: Path, new: Path) -> None:
    write(old, an_article(1), an_article(2), an_article(3))
    write(new, an_article(9), an_article(1), an_article(3))
    said = compare(old, new)
    assert said.status == 1
    assert "order" not in said.output


def test_ignored_keys_make_no_difference(old: Path, new: Path) -> None:
    write(old, an_article(1))
    write(new, an_article(1, source="新华社", fetched_at="2026-09-15"))
    assert compare(old, new, "--ignore", "fetched_at").lines[-2:] == [
        "source: 1 record",
        '  trs:1  null -> "新华社"',
    ]
    said = compare(old, new, "--ignore", "fetched_at, source")
    assert said.status == 0
    assert said.lines[2] == "in both: 1 record, 0 differ; fetched_at, source ignored"
    assert said == compare(old, new, "--ignore", "fetched_at", "--ignore", "source")


def test_as_many_examples_as_are_asked_for(old: Path, new: Path) -> None:
    write(old, *(an_article(number) for number in range(20)))
    write(new, *(an_article(number + 10, source="甲") for number in range(20)))
    assert len(compare(old, new).lines) == 5 + 2 * 3 + 2 + 3
    assert len(compare(old, new, "--examples", "5").lines) == 5 + 2 * 5 + 2 + 5
    firsts = [line.split()[0] for line in compare(old, new).lines if line.startswith("  ")]
    assert firsts == [f"trs:{number}" for number in (0, 1, 2, 20, 21, 22, 10, 11, 12)]
    said = compare(old, new, "--examples", "0")
    assert said.lines[3:] == ["lost: 10 records", "gained: 10 records", "", "source: 10 records"]
    assert "  trs:19  " in compare(old, new, "--examples", "9" * 30).output


def test_examples_stand_in_the_order_of_the_old_file(old: Path, new: Path) -> None:
    write(old, *(an_article(number) for number in (3, 1, 2)))
    write(new, *(an_article(number, source="甲") for number in (1, 2, 3)))
    firsts = [line.split()[0] for line in compare(old, new).lines if line.startswith("  ")]
    assert firsts == ["trs:3", "trs:1", "trs:2"]


def test_of_repeats_the_last_one_counts(old: Path, new: Path) -> None:
    write(old, an_article(1, source="甲"), an_article(2), an_article(1), an_article(1))
    write(new, an_article(2, source="乙"), an_article(1), an_article(2))
    said = compare(old, new)
    assert said.status == 0
    assert said.lines[:3] == [
        f"{old}: 2 records, 2 repeats (the last one counts)",
        f"{new}: 2 records, 1 repeat (the last one counts)",
        "in both: 2 records, 0 differ",
    ]
    assert "another order" in said.output


def test_a_repeat_further_up_makes_no_other_order(old: Path, new: Path) -> None:
    write(old, an_article(1), an_article(2))
    write(new, an_article(2, source="乙"), an_article(1), an_article(2))
    said = compare(old, new)
    assert said.status == 0
    assert "another order" not in said.output


def test_each_revision_is_a_record_of_its_own(old: Path, new: Path) -> None:
    write(old, an_article(1), an_article(1, revision=2))
    write(new, an_article(1, revision=3), an_article(1))
    assert compare(old, new).lines[2:] == [
        "in both: 1 record, 0 differ",
        "lost: 1 record",
        "  trs:1 revision 2  第1篇",
        "gained: 1 record",
        "  trs:1 revision 3  第1篇",
    ]


def test_a_key_that_an_older_record_lacks_is_missing(old: Path, new: Path) -> None:
    older = {key: value for key, value in an_article(1).items() if key != "revision"}
    write(old, {**older, "gone": None})
    write(new, an_article(1))
    said = compare(old, new)
    assert said.status == 1
    assert said.lines[5:] == [
        "",
        "revision: 1 record",
        "  trs:1  missing -> 1",
        "",
        "gone: 1 record",
        "  trs:1  null -> missing",
    ]


def test_empty_files_are_equal(old: Path, new: Path, out: Path) -> None:
    write(old)
    write(new, b"\n\r\n")
    said = compare(old, new, "--html", out)
    assert (said.status, said.errors) == (0, "")
    assert said.lines[:2] == [f"{old}: 0 records", f"{new}: 0 records"]
    assert out.exists()


def test_nothing_from_a_page_steers_the_terminal(old: Path, new: Path) -> None:
    write(old, an_article(1, title="a\x1b[2J", id="trs:\x1b]0;x\x07"), an_article(2))
    write(new, an_article(2, title="甲\u202e乙\n丙", **{"\x1bkey": "\ud800"}))
    said = compare(old, new)
    assert said.lines[4] == r"  trs:\x1b]0;x\x07  a\x1b[2J"
    assert '  trs:2  "第2篇" -> "甲\\u202e乙\\n丙"' in said.lines
    assert said.lines[-2:] == [r"\x1bkey: 1 record", r'  trs:2  missing -> "\ud800"']


def test_a_terminal_that_knows_no_chinese(old: Path, new: Path) -> None:
    write(old, an_article(1))
    said = compare_apart(old, write(new), environment={"PYTHONIOENCODING": "ascii"})
    assert (said.status, said.errors) == (1, "")
    assert said.lines[4] == r"  trs:1  \u7b2c1\u7bc7"


def test_a_reader_that_goes_away(old: Path, new: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    said = compare_apart(write(old, an_article(1)), write(new), output=writer)
    os.close(writer)
    assert said == Said(1, "", "")


def test_an_output_that_cannot_be_written(old: Path, new: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        said = compare_apart(write(old), write(new), output=full)
    assert said == Said(2, "", "scrapy compare: standard output: No space left on device\n")


# --- What cannot be read ----------------------------------------------------------------------------

BROKEN = {
    b"no json\n": "not JSON",
    b"[1]\n": "not an object",
    b"{}\n": "no id",
    b'{"id": ""}\n': "no id",
    b'{"id": 5}\n': "no id",
    b'{"id": "a", "revision": null}\n': "its revision is no number",
    b'{"id": "a", "revision": true}\n': "its revision is no number",
    b'{"id": "\xff"}\n': "not UTF-8",
    b'{"id": "a", "x": ' + b"[" * 200 + b"]" * 200 + b"}\n": "nested too deep",
    b'{"id": "a", "x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n": "not JSON",
    b'{"id": "a", "x": ' + b"7" * 5_000 + b"}\n": "not JSON",
    b'{"id": "a", "title": "\xe4\xb8': "the file ends inside it",
    b'{"id": "a", "title": "b': "the file ends inside it",
}


@pytest.mark.parametrize(("line", "says"), BROKEN.items(), ids=range(len(BROKEN)))
def test_why_a_line_is_no_record(line: bytes, says: str) -> None:
    with pytest.raises(records.NoRecordError, match=f"^{says}$"):
        records.record_in(line)


@pytest.mark.parametrize(
    "line",
    [
        b'\xef\xbb\xbf{"id": "a"}\r\n',
        b'{"id": "a"}',
        b'{"id": "a", "x": "' + b"[{" * 500 + b'"}',
        b'{"id": "a", "x": [' + b"[[1], [2]], " * 500 + b"3]}",
    ],
    ids=range(4),
)
def test_what_is_a_record_all_the_same(line: bytes) -> None:
    assert records.record_in(line)["id"] == "a"


def test_lines_that_are_no_record_are_named_and_the_rest_compared(old: Path, new: Path) -> None:
    write(old, b"x\n", b"\n", an_article(1), *[b"{}\n"] * 6)
    write(new, an_article(1, source="甲"), b'{"id": "trs:2", "title": "\xe4\xb8')
    said = compare(old, new)
    assert said.status == 6
    assert said.errors.splitlines() == [
        f"scrapy compare: {old}:1: no record: not JSON",
        f"scrapy compare: {old}:4: no record: no id",
        f"scrapy compare: {old}:5: no record: no id",
        f"scrapy compare: {old}:6: no record: no id",
        f"scrapy compare: {old}:7: no record: no id",
        f"scrapy compare: {new}:2: no record: the file ends inside it",
    ]
    assert said.lines[:2] == [
        f"{old}: 1 record, 7 lines without a record",
        f"{new}: 1 record, 1 line without a record",
    ]
    assert said.lines[-1] == '  trs:1  null -> "甲"'


def test_equal_files_with_a_broken_line_are_not_well(old: Path, new: Path) -> None:
    write(old, an_article(1))
    write(new, an_article(1), b"\x00" * 100)
    assert compare(old, new).status == 6


def test_a_line_without_end_is_not_read_whole(
    old: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (comparing, records):
        monkeypatch.setattr(module, "LONGEST", 1 << 20)
    write(old, an_article(1), b"x" * (3 << 20), b"y\n", an_article(2))
    found = comparison(old, write(new, an_article(2)))
    assert found.old.named == [f"{old}:2: no record: longer than 1 MiB"]
    assert (found.old.records, found.old.broken, found.common) == (2, 1, 1)


@pytest.mark.parametrize(
    "others",
    [[b"other\n"], [an_article(1), an_article(2, source="乙")]],
    ids=["no record", "other"],
)
def test_a_file_that_changes_meanwhile(old: Path, new: Path, others: list[Record | bytes]) -> None:
    write(old, an_article(1), an_article(2))
    write(new, an_article(1), an_article(2, source="甲"))

    class Changed(Feed):
        def walk(self) -> Iterator[tuple[bytes, int, int]]:
            yield from super().walk()
            write(old, *others)

    with (
        closing(Changed(old)) as one,
        closing(Feed(new)) as other,
        pytest.raises(OSError, match="was changed while it was read"),
    ):
        comparing.compare(one, other, [], 3)


def test_a_gzipped_file_is_read_and_a_damaged_one_named(old: Path, new: Path) -> None:
    write(new, an_article(1), an_article(2, source="甲"))
    old.write_bytes(gzip.compress(write(old, an_article(1), an_article(2)).read_bytes()))
    assert compare(old, new).lines[-1] == '  trs:2  null -> "甲"'
    old.write_bytes(old.read_bytes()[:-9])
    said = compare(old, new)
    assert (said.status, len(said.errors.splitlines())) == (2, 1)
    assert said.errors.startswith(f"scrapy compare: {old}: damaged gzip: ")


# --- Bad arguments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "give two files, OLD.jsonl and NEW.jsonl, not 0"),
        (["{old}"], "give two files, OLD.jsonl and NEW.jsonl, not 1"),
        (["{old}", "{old}", "{old}"], "give two files, OLD.jsonl and NEW.jsonl, not 3"),
        (["{old}", "/nowhere.jsonl"], "/nowhere.jsonl: No such file or directory"),
        (["{folder}", "{old}"], "{folder}: Is a directory"),
        (["{old}", "{pipe}"], "{pipe}: not a file, which can be read twice"),
        (
            ["{old}", "{old}", "--ignore", "source,sauce"],
            f"--ignore: no key 'sauce'; known: {', '.join(RECORD_KEYS)}",
        ),
        (
            ["{old}", "{old}", "--examples", "few"],
            "argument --examples: 'few' is no number of 0 or more",
        ),
        (
            ["{old}", "{old}", "--examples", "-1"],
            "argument --examples: '-1' is no number of 0 or more",
        ),
        (["{old}", "{old}", "--examples"], "argument --examples: expected one argument"),
        (
            ["{old}", "{old}", "--sample", "3"],
            "no option '--sample'; scrapy compare -h shows them",
        ),
        (["{old}", "{old}", "--html", "{folder}"], "--html {folder}: not a file"),
        (["{old}", "{old}", "--html", "{pipe}"], "--html {pipe}: not a file"),
        (
            ["{old}", "{old}", "--html", "{old}"],
            "--html {old}: would overwrite what is compared",
        ),
        (
            ["{old}", "{old}", "--html", "/nowhere/x.html"],
            "--html /nowhere/x.html: nothing can be written to that folder",
        ),
    ],
)
def test_bad_arguments_are_one_line_and_status_2(
    tmp_path: Path, old: Path, arguments: list[str], says: str
) -> None:
    write(old, an_article(1))
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    keeper = os.open(fifo, os.O_RDWR)
    names = {"old": str(old), "folder": str(tmp_path), "pipe": str(fifo)}
    said = compare(*(argument.format(**names) for argument in arguments))
    os.close(keeper)
    assert (said.status, said.output) == (2, "")
    assert said.errors == f"scrapy compare: {says.format(**names)}\n"
    assert old.read_bytes() == write(tmp_path / "same.jsonl", an_article(1)).read_bytes()


# --- The page ---------------------------------------------------------------------------------------


def page_of(*arguments: str | Path, out: Path) -> html.HtmlElement:
    said = compare(*arguments, "--html", out)
    assert said.status in {1, 6}, said.errors
    return html.document_fromstring(out.read_bytes())


def section(page: html.HtmlElement, key: str) -> html.HtmlElement:
    """The section that the table's line of a key links to."""
    [link] = page.xpath("//table//a[text() = $key]", key=key)
    return page.get_element_by_id(link.get("href").removeprefix("#"))


def texts(element: html.HtmlElement, path: str) -> list[str]:
    return [found.text_content() for found in element.xpath(path)]


def test_the_page_shows_what_is_gone_and_what_is_new(old: Path, new: Path, out: Path) -> None:
    kept = "一段没有变过的文字" * 30
    body = paragraphs("头", kept + "今晚十点封闭施工" + kept, "尾")
    changed = paragraphs("头", kept + "今晚八点封闭施工" + kept, "尾", "新的一段")
    write(old, an_article(1, body=body, authors=[]), an_article(2))
    write(new, an_article(1, body=changed, authors=["张三"]), an_article(3))
    page = page_of(old, new, out=out)
    assert texts(page, "//table//tr")[1:] == ["lost1", "gained1", "authors1", "body1"]
    found = section(page, "body")
    assert texts(found, "h3") == ["第1篇"]
    assert texts(found, "p")[0] == "trs:1 https://zj.zjol.com.cn/1"
    assert found.xpath("p/a/@href") == ["https://zj.zjol.com.cn/1"]
    assert texts(found, ".//del") == ["十"]
    assert texts(found, ".//ins")[0] == "八"
    assert texts(found, "p")[1:4:2] == ["body[1].text", "body[3]"]
    around = texts(found, "p")[2]
    assert around.startswith("…")
    assert around.endswith("…")
    assert "今晚十八点封闭施工" in around
    assert len(around) < 140
    assert texts(found, "p")[4] == f"missing {json.dumps(changed[3], ensure_ascii=False)}"
    assert texts(section(page, "authors"), ".//ins") == ['"张三"']
    assert texts(section(page, "lost"), "h3") == ["第2篇"]
    assert texts(section(page, "gained"), "h3") == ["第3篇"]


def test_nothing_from_a_page_becomes_markup(old: Path, new: Path, out: Path) -> None:
    script = (
        "</ins></style><script>alert(1)</script><img src=x onerror=alert(1)>\x00\x1b\ud800\ufffe"
    )
    hostile = {"title": script, "url": "javascript:alert(1)", "source": script}
    write(old, an_article(1), an_article(2, id=script, **hostile))
    write(new, an_article(1, **hostile, **{script: [script]}))
    page = page_of(old, new, out=out)
    assert not page.xpath("//script | //img | //@onerror | //body//style")
    assert {href[:1] for href in page.xpath("//@href")} == {"#"}
    assert "javascript:alert(1)" in page.text_content()
    assert page.text_content().count("<script>alert(1)</script>") >= 6
    assert b"\x00" not in out.read_bytes()


@pytest.mark.parametrize(
    ("url", "href"),
    [
        ("HTTPS://zj.zjol.com.cn/a?b=1&c='\"<>", ["HTTPS://zj.zjol.com.cn/a?b=1&c='\"<>"]),
        ("http://zj.zjol.com.cn/", ["http://zj.zjol.com.cn/"]),
        (" https://zj.zjol.com.cn/", []),
        ("java\nscript:alert(1)//https://", []),
        ("data:text/html,x", []),
        ("file:///etc/passwd", []),
        ("//zj.zjol.com.cn/", []),
        (None, []),
        (["https://zj.zjol.com.cn/"], []),
    ],
)
def test_only_addresses_of_the_web_are_linked(
    old: Path, new: Path, url: Any, href: list[str]
) -> None:
    found = comparison(write(old), write(new, an_article(1, url=url)))
    page = html.document_fromstring(comparing_html.html_of(found))
    assert page.xpath("//section//@href") == href


def test_the_page_needs_nothing_else(old: Path, new: Path, out: Path) -> None:
    page = page_of(write(old, an_article(1)), write(new, an_article(1, source="甲")), out=out)
    text = out.read_text("utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert '<meta charset="utf-8">' in text
    assert page.xpath("//meta[@name='viewport']")
    assert "prefers-color-scheme: dark" in text
    assert not page.xpath("//link | //script | //@src")
    for word in ("url(", "@import"):
        assert word not in text
    [policy] = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'")


def test_the_page_shows_more_examples(old: Path, new: Path, out: Path) -> None:
    write(old, *(an_article(number) for number in range(30)))
    write(new, *(an_article(number, source="甲") for number in (*range(30), *range(50, 80))))
    page = page_of(old, new, "--examples", "1", out=out)
    assert len(section(page, "gained").xpath("h3")) == 20
    found = section(page, "source")
    assert len(found.xpath("h3")) == 20
    assert "the first 20 of them" in found.text_content()
    found = section(page_of(old, new, "--examples", "25", out=out), "source")
    assert len(found.xpath("h3")) == 25
    found = section(page_of(old, new, "--examples", "30", out=out), "source")
    assert "of them" not in found.text_content()


def test_the_page_names_lines_that_are_no_record(old: Path, new: Path, out: Path) -> None:
    page = page_of(write(old, b"<b>\n"), write(new), out=out)
    assert f"{old}:1: no record: not JSON" in texts(page, "//p")


def test_line_ends_that_come_or_go_are_seen(old: Path, new: Path, out: Path) -> None:
    write(old, an_article(1, text="甲乙丙丁戊己\n庚辛"))
    write(new, an_article(1, text="甲乙丙丁戊己\n\n庚辛"))
    found = section(page_of(old, new, out=out), "text")
    assert texts(found, ".//ins") == ["↵\n"]
    assert texts(found, "p")[-1] == "甲乙丙丁戊己\n↵\n庚辛"


def test_the_page_stays_small(old: Path, new: Path, out: Path) -> None:
    long = "".join(chr(0x4E00 + number % 5_000) for number in range(500_000))
    many = paragraphs(*(f"第{number}段" for number in range(1_000)))
    other = paragraphs(*(f"第{number}节" for number in range(1_000)))
    write(old, an_article(1, summary=long, text=long, body=many))
    write(new, an_article(1, summary=long[::-1], text=long + "。", body=other))
    page = page_of(old, new, out=out)
    assert out.stat().st_size < 50_000
    assert "499,000 characters more" in section(page, "summary").text_content()
    assert texts(section(page, "text"), ".//ins") == ["。"]
    assert len(section(page, "body").xpath(".//ins")) == 10
    assert texts(section(page, "body"), "p")[-1] == "and 990 more"


def test_a_page_that_cannot_be_written_leaves_the_old_one(old: Path, new: Path, out: Path) -> None:
    out.write_text("before")
    write(old, *(an_article(number) for number in range(20)))
    write(new, *(an_article(number, source="甲") for number in range(20)))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    said = compare_apart(old, new, "--html", out, before=limit)
    assert (said.status, said.output) == (2, "")
    assert said.errors == f"scrapy compare: {out}: File too large\n"
    assert out.read_text() == "before"
    assert {path.name for path in out.parent.iterdir()} == {"old.jsonl", "new.jsonl", out.name}


# --- Two records ------------------------------------------------------------------------------------

on_a_busy_machine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.0, 1.0])
    | st.text("ab甲\n"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["title", "body", "source", "other"])
RECORDS = st.dictionaries(KEYS, VALUES)


@on_a_busy_machine
@given(RECORDS, RECORDS)
def test_no_difference_means_equal(old: Record, new: Record) -> None:
    is_equal = json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)
    assert (differences(old, new) == {}) == is_equal
    assert differences(old, json.loads(json.dumps(old))) == {}


@on_a_busy_machine
@given(RECORDS, RECORDS)
def test_a_difference_is_one_line(old: Record, new: Record) -> None:
    for difference in differences(old, new).values():
        assert len(str(difference).splitlines()) == 1
        assert by_block(difference)


@pytest.mark.parametrize(
    ("old", "new"),
    [(1, True), (0, False), (1, 1.0), (None, ""), (None, []), ("1", 1), ([1], [True]), ({}, [])],
)
def test_values_that_python_or_eyes_take_for_the_same(old: Any, new: Any) -> None:
    assert differences({"title": old}, {"title": new})


def test_values_that_are_the_same() -> None:
    old = {"title": math.nan, "body": [{"a": 1, "b": math.nan}]}
    assert not differences(old, {"body": [{"b": math.nan, "a": 1}], "title": math.nan})


def test_differences_stand_in_the_order_of_the_record() -> None:
    old = dict.fromkeys(("zzz", *reversed(RECORD_KEYS), "aaa"), 1)
    assert tuple(differences(old, {})) == (*RECORD_KEYS, "zzz", "aaa")
    assert differences({}, old, ignored=["id"])["url"] == Difference("url", MISSING, 1)
    assert "id" not in differences({}, old, ignored=["id"])


PICTURE = {"type": "image", "url": "https://a/b.jpg", "caption": "甲"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (paragraphs("甲", "乙"), paragraphs("甲", "丙"), 'body[1].text: "乙" -> "丙"'),
        (
            paragraphs("甲", "丙"),
            paragraphs("甲", "乙", "丙"),
            'body[1]: missing -> {"type": "paragraph", "text": "乙"}',
        ),
        (
            paragraphs("甲", "乙", "丙"),
            paragraphs("甲", "丙"),
            'body[1]: {"type": "paragraph", "text": "乙"} -> missing',
        ),
        (
            [{"type": "paragraph", "text": "甲"}],
            [{"type": "heading", "text": "甲"}],
            'body[0]: {"type": "paragraph", "text": "甲"} -> {"type": "heading", "text": "甲"}',
        ),
        (
            [PICTURE],
            [{**PICTURE, "sha1": None, "caption": "乙"}],
            'body[0].caption: "甲" -> "乙" (and 1 more)',
        ),
        (
            [PICTURE],
            paragraphs("甲"),
            'body[0]: {"type": "image", "url": "https://a/b.jp… -> {"type": "paragraph", "text": "甲"}',
        ),
        (
            [{"type": "table", "rows": [["甲", "乙"]]}],
            [{"type": "table", "rows": [["甲", "丙"]]}],
            'body[0].rows: [["甲", "乙"]] -> [["甲", "丙"]]',
        ),
        ([], paragraphs("甲"), 'body[0]: missing -> {"type": "paragraph", "text": "甲"}'),
        ("甲", paragraphs("甲"), 'body: "甲" -> [{"type": "paragraph", "text": "甲"}]'),
        (MISSING, [], "body: missing -> []"),
        ("missing", None, 'body: "missing" -> null'),
    ],
)
def test_a_difference_as_one_line(old: Any, new: Any, says: str) -> None:
    assert str(Difference("body", old, new)) == says


def test_a_paragraph_that_moved_up_does_not_change_all_others() -> None:
    texts = [f"第{number}段" for number in range(50)]
    moved = [texts[40], *texts[:40], *texts[41:]]
    found = by_block(Difference("body", paragraphs(*texts), paragraphs(*moved)))
    assert [place.path for place in found] == ["body[0]", "body[40]"]


def test_a_block_has_its_number_in_the_old_list() -> None:
    old, new = paragraphs("甲", "乙", "丙"), paragraphs("新", "甲", "乙", "丁", "戊")
    found = by_block(Difference("body", old, new))
    assert found == [
        Difference("body[0]", MISSING, new[0]),
        Difference("body[2].text", "丙", "丁"),
        Difference("body[4]", MISSING, new[4]),
    ]


def test_a_long_value_is_shown_around_the_difference() -> None:
    difference = Difference("text", "甲" * 500_000 + "乙" + "丙" * 500_000, "甲" * 500_000)
    line = f'…{"甲" * 10}乙{"丙" * 29}… -> …{"甲" * 10}"'
    assert str(difference) == f"text: {line}"


# --- Two texts --------------------------------------------------------------------------------------

TEXTS = st.text("甲乙丙 ab\n\r\u2028", max_size=40)


@on_a_busy_machine
@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_marks_give_both_texts_back(head: str, old: str, new: str, tail: str) -> None:
    old, new = head + old + tail, head + new + tail
    found = marks(old, new)
    assert "".join(text for mark, text in found if mark != "ins") == old
    assert "".join(text for mark, text in found if mark != "del") == new
    assert all(text for _, text in found)
    assert (old == new) == all(mark == "same" for mark, _ in found)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("今晚十点封路", "今晚八点封路", [("same", "今晚"), ("del", "十"), ("ins", "八"), ("same", "点封路")]),
        ("a big dog", "a bad dog", [("same", "a "), ("del", "big"), ("ins", "bad"), ("same", " dog")]),
        ("甲乙丙丁", "戊己庚丁辛壬癸", [("del", "甲乙丙丁"), ("ins", "戊己庚丁辛壬癸")]),
        ("一\n\n二\n\n三", "一\n\n三", [("same", "一\n\n"), ("del", "二\n\n"), ("same", "三")]),
        ("", "甲", [("ins", "甲")]),
        ("甲", "", [("del", "甲")]),
        ("", "", []),
    ],
)  # fmt: skip
def test_marks(old: str, new: str, found: list[tuple[str, str]]) -> None:
    assert [mark for mark in marks(old, new) if mark[1]] == found


@pytest.mark.parametrize(
    ("old", "new", "most"),
    [
        ("ab" * 500_000, "ba" * 500_000, 3),
        ("甲甲乙甲乙" * 300, "丙丙甲甲丙" * 300, 2),
        ("甲" * 500_000 + "乙" + "丙" * 500_000, "甲" * 500_000 + "丁" + "丙" * 500_000, 4),
        ("甲\n" * 400_000, "乙\n" * 400_000, 2),
    ],
    ids=["swapped", "repeated", "one character", "lines"],
)
def test_long_texts_are_marked_as_a_whole(old: str, new: str, most: int) -> None:
    found = marks(old, new)
    assert len(found) <= most
    assert "".join(text for mark, text in found if mark != "ins") == old
    assert "".join(text for mark, text in found if mark != "del") == new


def test_a_long_text_is_marked_by_paragraph() -> None:
    old = [f"第{number}段，" + chr(0x4E00 + number) * 1_000 + "\n" for number in range(300)]
    new = [
        line.replace("段，", "节，") if number % 100 == 1 else line
        for number, line in enumerate(old)
    ]
    found = marks("".join(old), "".join(new))
    assert [text for mark, text in found if mark == "del"] == ["段"] * 3
    assert [text for mark, text in found if mark == "ins"] == ["节"] * 3


# --- Memory -----------------------------------------------------------------------------------------


def peak_memory(old: Path, new: Path, count: int, size: int) -> int:
    """Bytes that comparing so many records of so many characters takes at most."""
    large = (an_article(number, text=chr(0x4E00 + number) * size) for number in range(count))
    write(old, *large)
    large = (an_article(number, text=chr(0x4E00 + number) * size + "。") for number in range(count))
    write(new, *large)
    tracemalloc.start()
    try:
        found = comparison(old, new, examples=2)
        assert found.by_key["text"].count == found.differing == count
        comparing_html.html_of(found)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_file(old: Path, new: Path) -> None:
    few, many = (peak_memory(old, new, count, size=60_000) for count in (4, 30))
    assert old.stat().st_size > 10_000_000
    assert many < few + 1_000_000


def test_interrupted_it_says_so_in_one_line(
    old: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: Feed) -> Iterator[tuple[bytes, int, int]]:
        raise KeyboardInterrupt

    monkeypatch.setattr(Feed, "walk", interrupted)
    assert compare(write(old), write(new)) == Said(4, "", "scrapy compare: interrupted\n")


def test_no_room_for_the_index_is_told_in_one_line(
    old: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Feed) -> Iterator[tuple[bytes, int, int]]:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Feed, "walk", full)
    said = compare(write(old), write(new))
    assert said == Said(2, "", "scrapy compare: database or disk is full\n")
