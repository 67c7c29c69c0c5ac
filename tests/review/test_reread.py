"""`scrapy reread`: the same bytes as the spider `archive` gives, on any number of processes."""

import errno
import gzip
import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from pyarrow import parquet
from scrapy import cmdline
from scrapy.settings import Settings
from scrapy.utils.project import get_project_settings
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.command_line import MOST_SECONDS, ROOT, SCRAPY, Run, command_line, run, wait_until
from tests.reading import PAGES
from zjnews import settings as project
from zjnews.archives import saved, warcs
from zjnews.archives.saved import Found, Passed, Stretch, Unusable
from zjnews.commands.reread import Reread, records_of
from zjnews.review import orders, reader_process, rereading
from zjnews.review.orders import Outcome, Whole
from zjnews.review.outputs import Output
from zjnews.review.readers import Answer, Ended, Here, Processes, uninterrupted
from zjnews.review.rereading import Records

SAMPLES = ROOT / "samples" / "zjol.warc.gz"


def command(*arguments: str) -> list[str]:
    return [*SCRAPY, "reread", "-s", "LOG_LEVEL=WARNING", *arguments]


def reread(folder: Path, *arguments: str) -> Run:
    out = folder / "reread.jsonl"
    given = arguments if "-O" in arguments else (*arguments, "-O", str(out))
    done = run(command(*given))
    lines = out.read_text("utf-8").splitlines() if out.exists() else []
    return Run(done.returncode, done.stderr, [json.loads(line) for line in lines])


def records(folder: Path, *paths: Path, processes: int = 1) -> bytes:
    """What it writes, without the start of a process and its log."""
    settings = get_project_settings()
    out = folder / "records.jsonl"
    run = Reread(settings, records_of(settings, processes), list(paths))
    assert run.write(Output(str(out))) == f"written to {out}"
    return out.read_bytes()


def titles_of(records: bytes) -> list[str]:
    return [json.loads(line)["title"] for line in records.splitlines()]


def with_ours(name: str, order: int) -> str:
    """The setting that adds a user's pipeline."""
    added = {f"tests.pipelines_of_users.{name}": order}
    return f"ITEM_PIPELINES={json.dumps({**project.ITEM_PIPELINES, **added})}"


def by_archive_spider(folder: Path, path: Path | str) -> bytes:
    out = folder / "archive.jsonl"
    run(command_line(folder, "archive", "-a", f"path={path}", out=out))
    return out.read_bytes()


def archive_of(path: Path, pages: dict[str, bytes]) -> Path:
    """A WARC file of pages, by address."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=path.name.endswith(".gz"), warc_version="1.1")
        for url, body in pages.items():
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], "HTTP/1.1")
            date = {"WARC-Date": "2026-09-15T02:00:00Z"}
            record = writer.create_warc_record(
                url,
                "response",
                BytesIO(body),
                len(body),
                http_headers=headers,
                warc_headers_dict=date,
            )
            writer.write_record(record)
    return path


def article_page(title: str, text: str, links: str = "") -> bytes:
    return (
        f"<html><head><meta charset=utf-8><title>{title}_浙里新闻_浙江新闻_浙江在线</title></head><body>"
        f'<h1>{title}</h1><span id="pubtime_baidu">2026-09-14 10:00</span><div class="artCon">'
        f"<p>{text}</p></div>{links}</body></html>"
    ).encode()


ARTICLE = "https://zjnews.zjol.com.cn/zjnews/202609/t20260914_3190823{}.shtml"
TEXT = "清晨的雾还没有散，渡口的老船工已经把缆绳收好，第一班渡船载着上学的孩子离开了岸边。" * 3


# --- the same as the spider -------------------------------------------------------------------------


def damaged(folder: Path) -> Path:
    data = bytearray(SAMPLES.read_bytes())
    data[200_000:200_050] = bytes(50)
    (folder / "damaged.warc.gz").write_bytes(data)
    return folder / "damaged.warc.gz"


def cut_off(folder: Path) -> Path:
    (folder / "cut.warc.gz").write_bytes(SAMPLES.read_bytes()[:300_000])
    return folder / "cut.warc.gz"


def uncompressed(folder: Path) -> Path:
    (folder / "plain.warc").write_bytes(gzip.decompress(SAMPLES.read_bytes()))
    return folder / "plain.warc"


def mixed(folder: Path) -> Path:
    """Pages with and without what is known of them, WARC files, and what is neither."""
    shutil.copytree(PAGES, folder / "mixed" / "pages")
    shutil.copy(SAMPLES, folder / "mixed" / "m.warc.gz")
    shutil.copy(PAGES / "trs" / "video" / "page.html", folder / "mixed" / "z.html")
    (folder / "mixed" / "pages" / "old" / "gallery" / "response.json").write_text("{")
    return folder / "mixed"


@pytest.mark.parametrize("make", [damaged, cut_off, uncompressed, mixed])
def test_the_same_bytes_as_the_archive_spider(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path)
    expected = by_archive_spider(tmp_path, path)
    for processes in (1, 3):
        assert records(tmp_path, path, processes=processes) == expected


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return reread(tmp_path_factory.mktemp("samples"), str(SAMPLES))


def test_the_summary_tells_what_came_and_where_it_lies(samples: Run) -> None:
    assert samples.status == 0
    assert "reread: 54 articles, record version 3" in samples.errors
    assert samples.rejected["duplicate"] == 5
    assert samples.skipped == {"robots-txt": 23}
    assert "reread.jsonl" in samples.errors.splitlines()[-2]
    assert samples.errors.splitlines()[-1] == "scrapy reread: exit status 0, all well"


def test_each_that_gives_none_is_named(samples: Run) -> None:
    assert len(samples.lines) == sum(samples.rejected.values())


def test_several_archives_are_read_in_the_order_given(tmp_path: Path) -> None:
    one = archive_of(tmp_path / "1.warc.gz", {ARTICLE.format(1): article_page("一", TEXT)})
    two = archive_of(tmp_path / "2.warc.gz", {ARTICLE.format(2): article_page("二", TEXT[5:] * 2)})
    assert titles_of(records(tmp_path, two, one, processes=2)) == ["二", "一"]


def test_a_near_copy_names_the_first(tmp_path: Path) -> None:
    pages = {ARTICLE.format(n): article_page(f"题{n}", TEXT * 4) for n in (1, 2)}
    path = archive_of(tmp_path / "a.warc.gz", pages)
    found = records(tmp_path, path)
    copies = [json.loads(line)["duplicate_of"] for line in found.splitlines()]
    assert copies == [None, "trs:20260914:31908231"]
    assert found == by_archive_spider(tmp_path, path)


def test_near_copies_can_be_left_out(tmp_path: Path) -> None:
    pages = {ARTICLE.format(n): article_page(f"题{n}", TEXT * 4) for n in (1, 2)}
    path = archive_of(tmp_path / "a.warc.gz", pages)
    run = reread(tmp_path, str(path), "-s", "DROP_DUPLICATES=1")
    assert (len(run.records), run.skipped) == (1, {"near-copy": 1})


FIRST, SECOND = ARTICLE.format(1), ARTICLE.format(1).replace(".shtml", "_1.shtml")
LINK = '<a href="t20260914_31908231_1.shtml">2</a>'


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST)])
@pytest.mark.parametrize("link", [LINK, ""])
def test_pages_of_one_article_are_joined(tmp_path: Path, order: tuple[str, str], link: str) -> None:
    """In any order, also where the first page does not lead to the second."""
    pages = {FIRST: article_page("题", TEXT, link), SECOND: article_page("题（2）", TEXT[3:])}
    path = archive_of(tmp_path / "a.warc.gz", {url: pages[url] for url in order})
    assert records(tmp_path, path) == by_archive_spider(tmp_path, path)


# --- bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "name an archive: a WARC file, a folder or a saved page"),
        (["/nowhere.warc", "nor.here"], "/nowhere.warc, nor.here: no such file or folder"),
        ([str(SAMPLES), "-x"], "no option '-x'; scrapy reread -h shows them"),
        ([str(SAMPLES), "-j", "0"], "-j 0 is no number of processes"),
        ([str(SAMPLES), "-j", "two"], "-j two is no number of processes"),
        ([str(SAMPLES), "-O", ""], "-O is missing"),
        ([str(SAMPLES), "-j"], "argument -j/--processes: expected one argument"),
        (
            [str(SAMPLES), "-O", "out.csv"],
            "-O out.csv: name a file .jsonl, .jl, .jsonlines, .parquet",
        ),
        ([str(SAMPLES), "-O", "/proc/out.jsonl"], "-O /proc/out.jsonl: "),
        ([str(SAMPLES), "--parts", "0"], "--parts 0 is no number of records"),
        ([str(SAMPLES), "-O", "-", "--parts", "9"], "--parts: standard output has no parts"),
        (
            [str(SAMPLES), "-s", with_ours("NeedCrawl", 450)],
            "reread has no crawl to give it",
        ),
        (
            [str(SAMPLES), "-s", with_ours("MarkTitle", 950)],
            "comes after 500, where reread has no crawl",
        ),
    ],
)
def test_bad_arguments_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    out = [] if "-O" in arguments else ["-O", str(tmp_path / "reread.jsonl")]
    with pytest.raises(SystemExit) as ended:
        cmdline.execute(["scrapy", "reread", *arguments, *out])
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("scrapy reread: ")
    assert says in line
    assert ended.value.code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_missing_archive_is_counted_and_the_others_are_read(tmp_path: Path) -> None:
    run = reread(tmp_path, "/nowhere.warc.gz", str(SAMPLES))
    assert (run.status, run.rejected["missing-file"], len(run.records)) == (0, 1, 54)


def test_where_there_is_no_archive_the_file_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "reread.jsonl").write_text('{"id": "as before"}\n')
    run = reread(tmp_path, "/nowhere.warc.gz")
    assert (run.status, run.records) == (2, [{"id": "as before"}])


def test_an_archive_without_an_article(tmp_path: Path) -> None:
    run = reread(tmp_path, str(archive_of(tmp_path / "a.warc", {FIRST: b"<p>nothing"})))
    assert (run.status, run.rejected) == (5, {"no-article": 1})


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_page_that_breaks_is_counted_named_and_skipped(tmp_path: Path, processes: str) -> None:
    pipelines = with_ours("BreakOne", 350)
    run = reread(tmp_path, str(SAMPLES), "-j", processes, "-s", pipelines)
    assert (run.status, run.rejected["reader-fault"], len(run.records)) == (6, 1, 53)
    assert "a fault of this pipeline" in run.errors


def test_pipelines_of_users_run_too(tmp_path: Path) -> None:
    pipelines = with_ours("MarkTitle", 350)
    run = reread(tmp_path, str(SAMPLES), "-s", pipelines)
    assert {record["title"][0] for record in run.records} == {"※"}


def test_pipelines_of_users_alone_are_refused(tmp_path: Path) -> None:
    pipelines = 'ITEM_PIPELINES={"tests.pipelines_of_users.MarkTitle": 350}'
    run = reread(tmp_path, str(SAMPLES), "-s", pipelines)
    assert (run.status, run.records) == (2, [])
    [line] = run.errors.strip().splitlines()
    assert line.startswith("scrapy reread: ITEM_PIPELINES lacks ")


def test_standard_output(tmp_path: Path) -> None:
    done = run(command(str(SAMPLES), "-O", "-"))
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 54


# --- files ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return records(tmp_path_factory.mktemp("whole"), SAMPLES)


def test_parts_hold_so_many_records_each(tmp_path: Path, whole: bytes) -> None:
    run = reread(tmp_path, str(SAMPLES), "--parts", "20", "-O", str(tmp_path / "out.jsonl"))
    parts = sorted(tmp_path.iterdir())
    assert [part.name for part in parts] == [f"out-0000{n}.jsonl" for n in (1, 2, 3)]
    assert [len(part.read_bytes().splitlines()) for part in parts] == [20, 20, 14]
    assert b"".join(part.read_bytes() for part in parts) == whole
    assert f"3 parts written: {parts[0]} …" in run.errors


def test_parts_of_an_earlier_run_are_not_mixed_with_new_ones(tmp_path: Path) -> None:
    before = tmp_path / "out-00004.jsonl"
    before.write_text("as it was before\n")
    run = reread(tmp_path, str(SAMPLES), "--parts", "20", "-O", str(tmp_path / "out.jsonl"))
    assert run.status == 2
    [line] = run.errors.splitlines()
    assert line.endswith(f"--parts: {before} is there; remove the parts of an earlier run")
    assert list(tmp_path.iterdir()) == [before]


def test_a_disk_that_is_full_leaves_whole_parts(tmp_path: Path, whole: bytes) -> None:
    """The second part is too large."""
    out = tmp_path / "out.jsonl"
    sizes = [sum(map(len, whole.splitlines(keepends=True)[n : n + 20])) for n in (0, 20)]
    assert sizes[0] < sizes[1]
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (sizes[0], sizes[0]))
    done = run(command(str(SAMPLES), "-O", str(out), "--parts", "20"), first=limit)
    assert done.returncode == 3
    assert "1 part written: " in done.stderr
    assert "and no more: File too large" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out-00001.jsonl"]


def test_parquet_has_the_same_records(tmp_path: Path, whole: bytes) -> None:
    out = tmp_path / "out.parquet"
    done = run(command(str(SAMPLES), "-O", str(out), "--parts", "50"))
    assert done.returncode == 0, done.stderr
    tables = [parquet.read_table(tmp_path / f"out-0000{number}.parquet") for number in (1, 2)]
    assert [table.num_rows for table in tables] == [50, 4]
    titles = [title for table in tables for title in table.column("title").to_pylist()]
    assert titles == titles_of(whole)


# --- what dies half-way -----------------------------------------------------------------------------


def many(path: Path, times: int = 40) -> Path:
    """An archive that takes some seconds."""
    body = SAMPLES.read_bytes()
    with path.open("wb") as file:
        for _ in range(times):
            file.write(body)
    return path


def start(tmp_path: Path, times: int = 40) -> subprocess.Popen[str]:
    (tmp_path / "reread.jsonl").write_text("as it was before\n")
    archive, out = many(tmp_path / "many.warc.gz", times), tmp_path / "reread.jsonl"
    process = subprocess.Popen(
        command(str(archive), "-O", str(out), "-j", "2"),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    draft = tmp_path / ".reread.jsonl.part"
    wait_until(lambda: draft.exists() and draft.stat().st_size > 0)
    assert len(family(process.pid)) == 3
    return process


def family(pid: int) -> list[int]:
    """The processes of a session."""
    return list(map(int, told_by_ps("pid", "-s", pid)))


def told_by_ps(column: str, which: str, number: int) -> list[str]:
    command = ["ps", "-o", f"{column}=", which, str(number)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()


needs_ps = pytest.mark.skipif(shutil.which("ps") is None, reason="needs ps")


@needs_ps
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_the_file_as_it_was(tmp_path: Path, sent: signal.Signals) -> None:
    process = start(tmp_path)
    os.kill(process.pid, sent)
    _, errors = process.communicate(timeout=MOST_SECONDS)
    assert process.returncode == 4, errors
    assert "Traceback" not in errors
    assert errors.splitlines()[-1] == "scrapy reread: exit status 4, ended early (shutdown)"
    assert (tmp_path / "reread.jsonl").read_text() == "as it was before\n"
    assert not (tmp_path / ".reread.jsonl.part").exists()


def test_an_interrupt_is_heeded_that_comes_while_an_object_is_deleted(tmp_path: Path) -> None:
    ours = with_ours("InterruptWhileDeleting", 350)
    found = reread(tmp_path, str(SAMPLES), "-s", ours, "-j", "1")
    assert found.status == 4
    assert "Exception ignored" not in found.errors
    assert found.errors.splitlines()[-1].endswith("exit status 4, ended early (shutdown)")


@pytest.fixture
def interrupts() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt, also where the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_an_interrupt_waits_until_work_is_handed_out() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), uninterrupted():
        signal.raise_signal(signal.SIGINT)
        done.append("handed out")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert done == ["handed out"]


@needs_ps
def test_killed_it_leaves_the_file_and_no_process(tmp_path: Path) -> None:
    process = start(tmp_path)
    process.kill()
    process.communicate(timeout=MOST_SECONDS)
    assert (tmp_path / "reread.jsonl").read_text() == "as it was before\n"
    wait_until(lambda: not family(process.pid))


@needs_ps
@pytest.mark.parametrize("number", [0, 1])
def test_a_process_that_dies_costs_nothing(tmp_path: Path, number: int) -> None:
    process = start(tmp_path, times=15)
    os.kill(children(process)[number], signal.SIGKILL)
    assert_nothing_lost(process, tmp_path)


@needs_ps
@pytest.mark.parametrize("number", [0, 1])
def test_a_process_that_dies_in_the_middle_of_an_answer_costs_nothing(
    tmp_path: Path, number: int
) -> None:
    process = start(tmp_path, times=15)
    child = children(process)[number]
    os.kill(process.pid, signal.SIGSTOP)  # nobody takes the answer, which is too long for a pipe
    wait_until(lambda: not is_at_work(child))
    os.kill(child, signal.SIGKILL)
    os.kill(process.pid, signal.SIGCONT)
    assert "what read " in assert_nothing_lost(process, tmp_path)


def children(process: subprocess.Popen[str]) -> list[int]:
    return [pid for pid in family(process.pid) if pid != process.pid]


def is_at_work(pid: int) -> bool:
    """Whether a process runs, or would, at one of some moments."""
    for _ in range(20):
        time.sleep(0.02)
        [state] = told_by_ps("stat", "-p", pid)
        if state.startswith("R"):
            return True
    return False


def assert_nothing_lost(process: subprocess.Popen[str], tmp_path: Path) -> str:
    """Gives what it said."""
    _, errors = process.communicate(timeout=MOST_SECONDS)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert (tmp_path / "reread.jsonl").read_bytes() == records(tmp_path, SAMPLES)
    wait_until(lambda: not family(process.pid))
    return errors


def test_a_page_that_kills_what_reads_it_is_counted_and_named(tmp_path: Path) -> None:
    assert_one_is_left_out(tmp_path, "-j", "2")


def assert_one_is_left_out(tmp_path: Path, *readers: str) -> None:
    found = reread(tmp_path, str(SAMPLES), "-s", with_ours("KillOne", 350), *readers)
    assert (found.status, found.rejected["reader-fault"], len(found.records)) == (6, 1, 53)
    [line] = [line for line in found.lines if "reader-fault" in line]
    assert "t20260908_31896504.shtml" in line
    assert "what read it has died 3 times" in line


def test_a_process_that_cannot_be_started_again_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    readers = Processes(get_project_settings(), 1)
    with readers:
        readers.readers[0].end()
        with pytest.raises(Ended, match="no process can be started: No such file"):
            readers.begin([])()


@pytest.mark.parametrize("begin", [reader_process.fork, reader_process.start])
def test_a_reader_that_is_asked_to_stop_goes_on(
    begin: Callable[[Settings], reader_process.Reader],
) -> None:
    reader = begin(get_project_settings())
    try:
        first = reader.answer([])
        for sent in (signal.SIGINT, signal.SIGTERM):
            os.kill(reader.process.pid, sent)
        assert reader.answer([]) == first
    finally:
        reader.end()


@needs_ps
def test_processes_that_are_asked_to_stop_go_on(tmp_path: Path) -> None:
    """Who stops a whole group asks them too; it is for the first process to say what happened."""
    process = start(tmp_path, times=15)
    for child in children(process):
        os.kill(child, signal.SIGTERM)
    _, errors = process.communicate(timeout=MOST_SECONDS)
    assert process.returncode == 0, errors
    assert "interrupted" not in errors
    assert "Traceback" not in errors  # none has died


@pytest.mark.usefixtures("interrupts")
def test_an_interrupt_while_processes_are_started_leaves_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fork = reader_process.fork

    def interrupted(settings: Settings) -> reader_process.Reader:
        started = fork(settings)
        signal.raise_signal(signal.SIGINT)
        return started

    monkeypatch.setattr(reader_process, "fork", interrupted)
    readers = Processes(get_project_settings(), 2)
    with pytest.raises(KeyboardInterrupt), readers:
        pass
    assert [one.has_ended() for one in readers.readers] == [True, True]
    assert not any(thread.is_alive() for thread in readers.threads)


def test_processes_that_cannot_be_started_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork, forks = os.fork, []

    def only_once() -> int:
        if forks:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        forks.append(fork())
        return forks[0]

    monkeypatch.setattr(os, "fork", only_once)
    run = Reread(get_project_settings(), records_of(get_project_settings(), 2), [SAMPLES])
    said = run.write(Output(str(tmp_path / "out.jsonl")))
    assert said.endswith("no process can be started: Resource temporarily unavailable")
    assert run.stats["finish_reason"] == "no_process"
    wait_until(lambda: not multiprocessing.active_children())


def test_a_fault_of_ours_leaves_no_process(tmp_path: Path) -> None:
    path = many(tmp_path / "many.warc.gz", times=15)
    fault = "zjnews.commands.reread.Reread.line = lambda *_: 1 / 0"
    code = f"import zjnews.commands.reread; {fault}; from scrapy.cmdline import execute; execute()"
    given = ["reread", str(path), "-O", str(tmp_path / "out.jsonl"), "-j", "2"]
    done = run([sys.executable, "-c", code, *given])
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "ZeroDivisionError: division by zero"


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    out = tmp_path / "reread.jsonl"
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (50_000, 50_000))
    done = run(command(str(SAMPLES), "-O", str(out)), first=limit)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "nothing written to " in done.stderr
    assert not out.exists()


# --- an archive in an archive ---------------------------------------------------------------------


def read(path: Path, processes: int) -> list[Whole | Unusable | Passed]:
    return list(Records(get_project_settings(), processes).outcomes([path]))


def archives_in_an_archive(folder: Path) -> dict[str, bytes]:
    """Pages, and between them answers that are WARC files themselves, one with further bytes."""
    inner = archive_of(folder / "inner.warc", {ARTICLE.format(9): article_page("里", TEXT)})
    packed = archive_of(folder / "inner.warc.gz", {ARTICLE.format(8): article_page("包", TEXT)})
    pages = {ARTICLE.format(n): article_page(f"题{n}", f"{n}{TEXT[n:]}" * 2) for n in range(1, 6)}
    pages["https://zjnews.zjol.com.cn/inner.warc"] = inner.read_bytes()
    pages["https://zjnews.zjol.com.cn/inner.warc.gz"] = packed.read_bytes() + bytes(100)
    pages[ARTICLE.format(7)] = article_page("尾", TEXT * 3)
    return pages


@pytest.mark.parametrize("is_damaged", [False, True])
@pytest.mark.parametrize("name", ["small.warc.gz", "small.warc"])
def test_a_record_that_holds_records_is_one_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_damaged: bool
) -> None:
    path = archive_of(tmp_path / name, archives_in_an_archive(tmp_path))
    if is_damaged:
        data = bytearray(path.read_bytes())
        data[len(data) // 3 : len(data) // 3 + 300] = bytes(300)
        path.write_bytes(data)
    monkeypatch.setattr(rereading, "_BATCH", 2)
    monkeypatch.setattr(saved, "_STRETCH", 2)
    found = read(path, processes=1)
    titles = [json.loads(one.line)["title"] for one in found if isinstance(one, Whole)]
    reasons = [one.rejected.reason for one in found if isinstance(one, Unusable)]
    if is_damaged:
        assert reasons.count("broken-warc") == 1
    else:
        assert titles == ["题1", "题2", "题3", "题4", "题5", "里", "尾"]  # by the markup in it
    assert [str(one) for one in read(path, processes=3)] == [str(one) for one in found]


def test_a_page_of_many_bytes_is_a_batch_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {ARTICLE.format(n): article_page(f"题{n}", f"{n}{TEXT[n:]}" * 2) for n in range(1, 6)}
    path = archive_of(tmp_path / "a.warc.gz", pages)
    batches: list[int] = []
    read_all = orders.read_all

    def counting(batch: list[Found], *how: Any) -> Iterator[Outcome]:
        batches.append(len(batch))
        return read_all(batch, *how)

    monkeypatch.setattr(orders, "read_all", counting)
    monkeypatch.setattr(rereading, "_BATCH_BYTES", 500)
    assert len(read(path, processes=1)) == 5
    assert batches[:5] == [1] * 5


def test_an_article_that_lacks_a_page_is_told(tmp_path: Path) -> None:
    other = ARTICLE.format(2).replace(".shtml", "_1.shtml")
    pages = {other: article_page("乙（2）", TEXT), FIRST: article_page("甲", TEXT[3:], LINK)}
    alone, first = read(archive_of(tmp_path / "a.warc.gz", pages), processes=1)
    assert isinstance(alone, Unusable)
    assert (alone.rejected.reason, alone.where) == ("later-page", other)
    assert isinstance(first, Whole)
    assert first.article.warnings == ["page-missing"]


def test_an_article_whose_pages_stand_in_several_archives_is_whole(tmp_path: Path) -> None:
    pages = {FIRST: article_page("题", TEXT, LINK), SECOND: article_page("题（2）", TEXT[3:])}
    one, two = (
        archive_of(tmp_path / f"{number}.warc.gz", {url: pages[url]})
        for number, url in enumerate((SECOND, FIRST))
    )
    expected = by_archive_spider(tmp_path, f"{one},{two}")
    assert [json.loads(line)["page_count"] for line in expected.splitlines()] == [2]
    for processes in (1, 2):
        assert records(tmp_path, one, two, processes=processes) == expected


# --- stretches --------------------------------------------------------------------------------------


def stretches(path: Path) -> list[Stretch]:
    found = saved.read_warc(warcs.Reader(path), in_stretches=True)
    return [one for one in found if isinstance(one, Stretch)]


def test_processes_take_the_pages_out_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    """All records of a sound file are in stretches, which follow one another to its end."""
    monkeypatch.setattr(saved, "_STRETCH", 50)
    first, second = stretches(SAMPLES)
    assert (first.offset, first.length) == (0, second.offset)
    assert second.offset + second.length == SAMPLES.stat().st_size
    assert first.count == 50


def test_after_damage_there_are_stretches_again(tmp_path: Path) -> None:
    path = damaged(tmp_path)
    assert stretches(path)[0].length < 200_050 < stretches(path)[1].offset


def test_pages_of_many_bytes_are_a_stretch_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "_STRETCH_BYTES", 10)
    assert {stretch.count for stretch in stretches(SAMPLES)} == {1}


def test_a_revisit_of_another_address_is_read_where_the_others_are(tmp_path: Path) -> None:
    """Its page is looked for in the whole folder."""
    path = tmp_path / "a.warc.gz"
    archive_of(path, {FIRST: article_page("题", TEXT)})
    with path.open("ab") as file:
        writer = WARCWriter(file, gzip=True)
        [original] = (record for record in warcs.Reader(path) if not isinstance(record, str))
        digest = original.header("WARC-Payload-Digest")
        headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], "HTTP/1.1")
        for url in (ARTICLE.format(3), ARTICLE.format(4)):
            revisit = writer.create_revisit_record(
                url, digest, FIRST, "2026-09-15T02:00:00Z", http_headers=headers
            )
            writer.write_record(revisit)
    assert [stretch.count for stretch in stretches(path)] == [1]
    assert seen(path, cut=10_000) == [None, 1, -2]
    expected = by_archive_spider(tmp_path, path)
    assert len(expected.splitlines()) == 3
    assert records(tmp_path, path, processes=2) == expected


def test_a_file_that_changes_meanwhile_is_counted_and_named(tmp_path: Path) -> None:
    path = archive_of(tmp_path / "a.warc.gz", {FIRST: article_page("题", TEXT)})
    [stretch] = stretches(path)
    path.write_bytes(b"")
    assert isinstance(stretch, Stretch)
    readers = Processes(get_project_settings(), 1)
    with readers:
        [unusable] = readers.begin(stretch)() or []
    assert isinstance(unusable, Unusable)
    assert unusable.rejected.reason == "unreadable-file"
    assert unusable.rejected.detail == "changed at byte 0 while it was read"


# --- stretches that are cut unseen ------------------------------------------------------------------


class Cutting(Here):
    """Reads here what processes would be given."""

    ahead = 4
    take_stretches = True


def outcomes(*paths: Path, cut: int = 0) -> list[Any]:
    """What archives give; with `cut`, cut after so many bytes."""
    project_settings = get_project_settings()
    readers = Cutting(Records(project_settings).pipelines) if cut else None
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(saved, "_CUT", cut)
        return list(Records(project_settings, readers=readers).outcomes(paths))


def told(*paths: Path, cut: int = 0) -> list[str]:
    """The same as can be compared: two errors are never equal."""
    return list(map(repr, outcomes(*paths, cut=cut)))


def seen(path: Path, cut: int) -> list[int | None]:
    """How many records the stretches have that a file is read in."""
    begun: list[int | None] = []

    class Watching(Cutting):
        def begin(self, order: orders.Order) -> Answer:
            begun.append(order.count if isinstance(order, Stretch) else -len(order))
            return super().begin(order)

    readers = Watching(Records(get_project_settings()).pipelines)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(saved, "_CUT", cut)
        list(Records(get_project_settings(), readers=readers).outcomes([path]))
    return begun


def small_archive(path: Path, count: int = 12) -> Path:
    pages = {
        f"https://zjnews.zjol.com.cn/zjnews/202609/t20260914_319082{n:02}.shtml": article_page(
            f"第{n}班渡船照常开出", TEXT[n:]
        )
        for n in range(count)
    }
    return archive_of(path, pages)


def packed_loosely(record: bytes) -> bytes:
    """A gzip member in which what it holds stands as it is."""
    return gzip.compress(record, compresslevel=0)


def test_a_sound_file_is_cut_without_being_unpacked(tmp_path: Path) -> None:
    path = small_archive(tmp_path / "a.warc.gz")
    orders = seen(path, cut=1000)
    assert len(orders) > 3
    assert set(orders) == {None}
    assert told(path, cut=1000) == told(path)


def test_from_damage_on_the_file_is_looked_through(tmp_path: Path) -> None:
    path = small_archive(tmp_path / "a.warc.gz")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 20] = bytes(20)
    path.write_bytes(data)
    orders = seen(path, cut=1000)
    assert orders[0] is None
    assert orders[-1] not in (None, 0)
    reasons = [one.rejected.reason for one in outcomes(path) if isinstance(one, Unusable)]
    assert reasons == ["broken-warc"]
    assert told(path, cut=1000) == told(path)


def test_records_inside_a_page_are_not_taken_for_records(tmp_path: Path) -> None:
    """An archive that a crawl has fetched, and stored as it was."""
    inner = small_archive(tmp_path / "inner.warc.gz", count=6)
    outer = archive_of(
        tmp_path / "outer.warc", {"https://zjnews.zjol.com.cn/a.warc.gz": inner.read_bytes()}
    )
    path = small_archive(tmp_path / "a.warc.gz")
    path.write_bytes(packed_loosely(outer.read_bytes()) + path.read_bytes())
    expected = told(path)
    assert sum(one.startswith("Whole") for one in expected) == 12
    for cut in (100, 700, 1500):
        assert told(path, cut=cut) == expected


def test_pages_that_unpack_to_more_than_may_be_in_memory_are_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {FIRST: article_page("题", TEXT * 40), SECOND: article_page("题（2）", TEXT * 41)}
    path = archive_of(tmp_path / "a.warc.gz", pages)
    monkeypatch.setattr(saved, "_STRETCH_BYTES", 10_000)
    assert path.stat().st_size < 10_000
    assert seen(path, cut=10_000) == [None, 1, 1]
    assert told(path, cut=10_000) == told(path)


def test_a_long_record_is_not_taken_into_memory_unseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small_archive(tmp_path / "a.warc.gz")
    monkeypatch.setattr(saved, "_STRETCH_BYTES", path.stat().st_size - 1)
    monkeypatch.setattr(saved, "_bytes_of", lambda _: pytest.fail("it is read"))
    with pytest.raises(saved.MiscutError):
        list(saved.read_stretch(Stretch(path, 0, path.stat().st_size, None)))


def test_how_far_the_reading_of_a_cut_file_has_come_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small_archive(tmp_path / "a.warc.gz")
    monkeypatch.setattr(saved, "_CUT", 1000)
    monkeypatch.setattr(Cutting, "ahead", 1)
    records = Records(
        get_project_settings(), readers=Cutting(Records(get_project_settings()).pipelines)
    )
    come = [records.bytes_read for _ in records.outcomes([path])]
    assert come == sorted(come)
    assert len(set(come)) > 3
    assert records.bytes_read == path.stat().st_size


def test_a_file_that_is_named_twice_is_read_twice(tmp_path: Path) -> None:
    path = small_archive(tmp_path / "a.warc.gz")
    data = path.read_bytes()
    path.write_bytes(data[:-40])
    expected = told(path, path)
    assert sum(one.startswith("Whole") for one in expected) == 22
    assert told(path, path, cut=1000) == expected


@pytest.mark.parametrize("data", [b"", b"\n\n", b"no archive", b"\x1f\x8b\x08 of nothing"])
def test_what_is_no_archive_is_told_the_same_way(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(data)
    expected = told(path)
    assert expected[0].startswith("Unusable")
    assert told(path, cut=1000) == expected


class FailingFrom:
    """A file of which no byte from one on can be read."""

    def __init__(self, file: Any, first: int) -> None:
        self.file, self.first = file, first

    def __enter__(self) -> "FailingFrom":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def read(self, size: int = -1) -> bytes:
        at = self.file.tell()
        if size < 0 or at + size > self.first:
            size = max(self.first - at, 0)
            if not size:
                raise OSError(5, "Input/output error")
        return bytes(self.file.read(size))


@pytest.mark.parametrize("first", [0, 2000, 4500])
def test_what_the_disk_cannot_read_is_told_and_costs_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    path = small_archive(tmp_path / "a.warc.gz")
    is_open = Path.open

    def failing(path: Path, *given: Any) -> Any:
        return FailingFrom(is_open(path, *given), first)

    monkeypatch.setattr(Path, "open", failing)
    expected, found = told(path), told(path, cut=1000)
    assert "Input/output error" in expected[-1]
    assert "Input/output error" in found[-1]
    assert {one for one in expected if one.startswith("Whole")} <= set(found)


def test_a_file_that_cannot_be_opened_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small_archive(tmp_path / "a.warc.gz")

    def failing(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", failing)
    [unusable] = outcomes(path, cut=1000)
    assert unusable.rejected.reason == "unreadable-file"


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["overwrite", "remove", "insert", "repeat", "end", "wrap"]),
        st.floats(0, 1),
        st.integers(1, 900),
        st.sampled_from([b"\0", b"\x1f\x8b\x08\0", b"WARC/1.1\r\n", b"\n"]),
    ),
    min_size=1,
    max_size=4,
)


def changed(data: bytes, changes: list[tuple[str, float, int, bytes]]) -> bytes:
    for how, where, size, piece in changes:
        at = int(where * len(data))
        if how == "overwrite":
            data = data[:at] + piece + data[at + len(piece) :]
        elif how == "remove":
            data = data[:at] + data[at + size :]
        elif how == "insert":
            data = data[:at] + piece * (size // 50 + 1) + data[at:]
        elif how == "repeat":
            data = data[:at] + data[max(0, at - size) :]
        elif how == "end":
            data = data[: max(at, 1)]
        else:
            data = packed_loosely(data[:at]) + data[at:]
    return data


@given(changes=CHANGES, cut=st.sampled_from([60, 400, 1500]))
@effort(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_the_damage_cutting_changes_nothing(
    tmp_path: Path, changes: list[tuple[str, float, int, bytes]], cut: int
) -> None:
    sound = tmp_path / "sound.warc.gz"
    if not sound.exists():
        small_archive(sound)
    path = tmp_path / "a.warc.gz"
    path.write_bytes(changed(sound.read_bytes(), changes))
    assert told(path, cut=cut) == told(path)
