"""What a page may cost: seconds of processor time, and no second more when the run is to stop."""

import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.command_line import ROOT, Run, command_line, crawl, scrapy_crawl
from tests.site_server import Answer, serve
from tests.warc_files import Given, write
from zjnews import settings
from zjnews.items import Article, Rejected
from zjnews.pages import guard
from zjnews.pages.guard import bounded, bounded_item, stoppable

HOST = "http://zjnews.zjol.com.cn"
MOST_SECONDS = 120

SLOW_READERS = """
import re
from pathlib import Path
from zjnews import loaders
from zjnews.pages import lists

def slowed(read):
    def read_slowly(page):
        Path({folder!r}, "reads").touch()
        while "慢" in page.markup:
            Path({folder!r}, "at-it").touch()
            try:
                re.fullmatch("(a|b|ab)*c", "ab" * 60)
            except Exception:
                pass
        return read(page)
    return read_slowly

loaders.load = slowed(loaders.load)
lists.read_list = slowed(lists.read_list)
"""
"""Reading a page with this word in it never ends, whatever is thrown into it by mistake."""


def slow_readers(folder: Path) -> dict[str, str]:
    """The environment in which they are at work."""
    text = SLOW_READERS.format(folder=str(folder))
    (folder / "sitecustomize.py").write_text(text, "utf-8")
    return {"PYTHONPATH": f"{folder}:{ROOT}"}


def article(number: int) -> str:
    return f"{HOST}/zjnews/202609/t20260914_{number}.shtml"


def page(text: str = "轮渡照常开。", more: str = "") -> bytes:
    return (
        f"<html><head><meta charset='utf-8'><title>轮渡</title></head><body>{more}"
        f"<div class='content'><h1 class='artTitle'>轮渡</h1>"
        f"<div class='info'><span>2026-09-14 08:15:30</span></div>"
        f"<div class='artCon'><p>{text * 12}</p></div></div></body></html>"
    ).encode()


SLOW, GOOD = page("慢船也开。"), page()
LIMIT = ("-s", "PAGE_SECONDS=0.3")
NO_LIMIT = ("-s", "PAGE_SECONDS=0")


def archive(folder: Path) -> Path:
    given = [Given(article(n), SLOW if n == 2 else GOOD) for n in (1, 2, 3)]
    return write(folder / "in" / "a.warc.gz", *given)


def of(*numbers: int) -> set[str]:
    return {f"trs:20260914:{number}" for number in numbers}


# --- a page that takes too long -------------------------------------------------------------------


def test_a_slow_page_of_an_archive_costs_itself(tmp_path: Path) -> None:
    path = archive(tmp_path)
    run = crawl(
        tmp_path, "archive", "-a", f"path={path}", *LIMIT, environment=slow_readers(tmp_path)
    )
    assert (run.status, run.rejected, run.ids) == (0, {"too-slow": 1}, of(1, 3))
    assert "more than 0.3 s of processor time, last in zjnews." in run.lines[0]


def reread(folder: Path, path: Path, *arguments: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "scrapy", "reread", str(path), "-O", str(folder / "out.jsonl")]
    return subprocess.Popen(
        [*line, *arguments],
        cwd=ROOT,
        env={**os.environ, **slow_readers(folder)},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("processes", [1, 2])
def test_a_slow_page_costs_itself_when_it_is_read_again(tmp_path: Path, processes: int) -> None:
    process = reread(tmp_path, archive(tmp_path), "-j", str(processes), *LIMIT)
    _, errors = process.communicate(timeout=MOST_SECONDS)
    run = Run(process.returncode, errors, [])
    assert (run.status, run.rejected) == (0, {"too-slow": 1})
    assert len((tmp_path / "out.jsonl").read_text("utf-8").splitlines()) == 2


def run_channel(folder: Path, answers: dict[str, Answer]) -> Run:
    environment = slow_readers(folder)
    with serve(answers) as site:
        arguments = (
            "channel",
            "-a",
            f"channels={HOST}/a/,{HOST}/b/",
            "-s",
            "AUTOTHROTTLE_ENABLED=0",
        )
        return crawl(folder, *arguments, *LIMIT, environment={**site.environment, **environment})


def test_a_slow_list_is_unread_and_the_others_are_delivered(tmp_path: Path) -> None:
    links = "".join(f"<li><a href='{article(n)}'>轮渡{n}</a></li>" for n in (1, 3))
    answers = {
        f"{HOST}/a/": Answer(page("慢。", f"<ul class='listUl'>{links}</ul>")),
        f"{HOST}/b/": Answer(f"<ul class='listUl'>{links}</ul>".encode()),
        article(1): Answer(GOOD),
        article(3): Answer(GOOD),
    }
    run = run_channel(tmp_path, answers)
    assert (run.status, run.rejected["too-slow"], run.ids) == (8, 1, of(1, 3))
    assert "could not be read: zjnews/a (too-slow)" in run.errors.splitlines()[-1]


def test_a_slow_page_of_several_is_left_out(tmp_path: Path) -> None:
    second = article(1).replace("_1.", "_1_1.")
    answers = {
        article(1): Answer(page(more=f"<a href='{second}'>2</a>")),
        second: Answer(SLOW),
    }
    with serve(answers) as site:
        run = crawl(
            tmp_path, "article", "-a", f"url={article(1)}", *LIMIT,
            environment={**site.environment, **slow_readers(tmp_path)},
        )  # fmt: skip
    assert (run.status, run.rejected, run.ids) == (0, {"too-slow": 1}, of(1))
    assert "page-missing" in run.records[0]["warnings"]


def test_a_limit_that_is_no_number_is_refused(tmp_path: Path) -> None:
    for process in (
        reread(tmp_path, archive(tmp_path), "-s", "PAGE_SECONDS=soon"),
        subprocess.Popen(
            scrapy_crawl(tmp_path, "archive", "-a", f"path={tmp_path}", "-s", "PAGE_SECONDS=soon"),
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        ),
    ):
        _, errors = process.communicate(timeout=MOST_SECONDS)
        assert process.returncode == 2
        assert "PAGE_SECONDS=soon is no number" in errors


# --- a run that is asked to stop ------------------------------------------------------------------


def stopped(process: subprocess.Popen[str], mark: Path, sent: signal.Signals) -> Run:
    """What is left of a run that was asked to stop once something was there."""
    deadline = time.monotonic() + MOST_SECONDS
    while not mark.exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    assert mark.exists(), process.communicate(timeout=MOST_SECONDS)
    process.send_signal(sent)
    try:
        _, errors = process.communicate(timeout=MOST_SECONDS)
    finally:
        process.kill()
    return Run(process.returncode, errors, [])


def start(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command_line(folder, *arguments, out=folder / "out.jsonl"),
        cwd=ROOT,
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_crawl_that_reads_a_slow_page_stops_when_it_is_asked_to(
    tmp_path: Path, sent: signal.Signals
) -> None:
    with serve({article(2): Answer(SLOW)}) as site:
        environment = {**site.environment, **slow_readers(tmp_path)}
        process = start(tmp_path, environment, "article", "-a", f"url={article(2)}", *NO_LIMIT)
        run = stopped(process, tmp_path / "at-it", sent)
    assert (run.status, run.rejected) == (4, {"interrupted": 1}), run.errors


def test_an_archive_of_slow_pages_is_left_when_it_is_asked_to(tmp_path: Path) -> None:
    pages = [Given(article(1), GOOD), *(Given(article(n), SLOW) for n in range(2, 40))]
    path = write(tmp_path / "a.warc.gz", *pages)
    arguments = ("archive", "-a", f"path={path}", *NO_LIMIT)
    process = start(tmp_path, slow_readers(tmp_path), *arguments)
    run = stopped(process, tmp_path / "at-it", signal.SIGTERM)
    assert (run.status, run.rejected) == (4, {"interrupted": 1}), run.errors
    assert "ended early (shutdown)" in run.errors
    assert len((tmp_path / "out.jsonl").read_text("utf-8").splitlines()) == 1


def test_an_archive_without_end_is_left_when_it_is_asked_to(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc", Given(article(1), GOOD))
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {article(2)}\r\n"
    with path.open("ab") as file:
        file.write(f"{head}Content-Length: {10**12}\r\n\r\nHTTP/1.1 404 x\r\n\r\n".encode())
        file.truncate(10**12 + 5000)  # holds nothing but zeros, and takes no room
    process = start(tmp_path, slow_readers(tmp_path), "archive", "-a", f"path={path}")
    run = stopped(process, tmp_path / "reads", signal.SIGTERM)
    assert run.status == 4, run.errors


def test_an_archive_is_left_when_what_its_last_item_waited_for_has_come(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", Given(article(1), GOOD))
    waits = {**settings.ITEM_PIPELINES, "tests.pipelines_of_users.TakeTime": 950}
    pipelines = f"ITEM_PIPELINES={json.dumps(waits)}"
    run = crawl(tmp_path, "archive", "-a", f"path={path}", "-s", pipelines)
    assert (run.status, run.ids) == (4, of(1))
    assert "ended early (shutdown)" in run.errors


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_reading_again_stops_when_it_is_asked_to(
    tmp_path: Path, processes: int, sent: signal.Signals
) -> None:
    process = reread(tmp_path, archive(tmp_path), "-j", str(processes), *NO_LIMIT)
    run = stopped(process, tmp_path / "at-it", sent)
    assert run.status == 4
    assert "Traceback" not in run.errors
    assert not (tmp_path / "out.jsonl").exists()


# --- the guard itself -----------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _short_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "page_seconds", 0.2)


def is_idle() -> bool:
    """Whether nothing is left of the timer."""
    return (
        signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
        and signal.getsignal(signal.SIGVTALRM) == signal.SIG_DFL
        and not guard._open
    )


def spin() -> None:
    while True:
        try:
            re.fullmatch("(a|b|ab)*c", "ab" * 60)
        except Exception as fault:  # must not be what ends it
            raise AssertionError from fault


def reason_of(*names: str) -> str:
    try:
        for name in names:
            with bounded(name):
                spin()
    except Rejected as rejected:
        return rejected.reason
    return ""


def test_what_takes_too_long_is_broken_off_and_leaves_nothing() -> None:
    assert reason_of("a") == "too-slow"
    assert is_idle()
    with bounded("b"):
        pass
    assert is_idle()


def test_a_fault_is_told_and_a_refusal_is_passed_on(caplog: pytest.LogCaptureFixture) -> None:
    for error, reason in (
        (RecursionError(), "reader-fault"),
        (MemoryError(), "reader-fault"),
        (StopIteration(), "reader-fault"),
        (Rejected("no-article"), "no-article"),
    ):
        with pytest.raises(Rejected, match=reason), bounded("somewhere"):
            raise error
        assert is_idle()
    assert len(caplog.records) == 3


def test_what_ends_the_program_passes() -> None:
    with pytest.raises(KeyboardInterrupt), bounded("somewhere"):
        raise KeyboardInterrupt
    assert is_idle()


def test_the_outer_one_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    with pytest.raises(Rejected, match="too-slow"), bounded("outer"):
        monkeypatch.setattr(guard, "page_seconds", 30)
        try:
            with bounded("inner"):
                spin()
        except Rejected as rejected:  # not its own
            seen.append(rejected)
    assert not seen
    assert is_idle()


def test_an_inner_one_leaves_the_outer_one_going(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "page_seconds", 30)
    with bounded("outer"):
        monkeypatch.setattr(guard, "page_seconds", 0.2)
        with pytest.raises(Rejected, match="too-slow"), bounded("inner"):
            spin()
        assert signal.getitimer(signal.ITIMER_VIRTUAL) != (0.0, 0.0)
    assert is_idle()


def test_within_a_run_the_timer_ticks_from_page_to_page() -> None:
    with guard.ticking():
        with bounded("a"):
            pass
        assert signal.getitimer(signal.ITIMER_VIRTUAL) != (0.0, 0.0)
        with pytest.raises(Rejected, match="too-slow"), bounded("b"):
            spin()
        with guard.ticking():
            pass
        with pytest.raises(Rejected, match="too-slow"), bounded("c"):
            spin()
    assert is_idle()


def test_a_process_forked_within_a_run_has_a_limit_of_its_own() -> None:
    with guard.ticking():
        child = os.fork()
        if child == 0:
            signal.alarm(MOST_SECONDS)
            os._exit(0 if reason_of("a") == "too-slow" else 1)
        _, status = os.waitpid(child, 0)
    assert status == 0


def test_a_timer_of_somebody_else_gets_its_signal_back() -> None:
    def theirs(*_: object) -> None:
        """Does nothing."""

    before = signal.signal(signal.SIGVTALRM, theirs)
    try:
        with bounded("a"):
            pass
        assert signal.getsignal(signal.SIGVTALRM) is theirs
    finally:
        signal.signal(signal.SIGVTALRM, before)


def test_in_another_thread_there_is_no_limit_and_faults_are_told() -> None:
    found: list[object] = []

    def read() -> None:
        began = time.thread_time()
        with bounded("a"):
            while time.thread_time() < began + 3 * guard.page_seconds:
                pass
        found.append(is_idle())
        try:
            with bounded("b"):
                raise LookupError
        except Rejected as rejected:
            found.append(rejected.reason)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert found == [True, "reader-fault"]


def test_the_time_of_other_threads_is_not_counted() -> None:
    is_over = threading.Event()

    def burn() -> None:
        while not is_over.is_set():
            sum(range(1000))

    thread = threading.Thread(target=burn)
    thread.start()
    began = time.process_time()
    with bounded("a"):
        while time.process_time() < began + 4 * guard.page_seconds:
            time.sleep(0.01)
    is_over.set()
    thread.join()


def test_what_reads_well_is_not_touched() -> None:
    assert list(stoppable(iter(range(5)))) == [0, 1, 2, 3, 4]
    assert is_idle()


def test_a_pipeline_is_bounded_too() -> None:
    class Slow:
        @bounded_item
        def process_item(self, item: Article) -> Article:
            spin()
            return item

    with pytest.raises(Rejected, match="too-slow"):
        Slow().process_item(Article(url="http://zjol.com.cn/"))
    assert is_idle()


def test_what_is_read_after_a_stop_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_stops_at", math.inf)
    with bounded("here"):
        pass
    monkeypatch.setattr(guard, "_stops_at", 0.0)
    with pytest.raises(Rejected, match="interrupted"), bounded("here"):
        pass
