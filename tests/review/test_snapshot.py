"""`scrapy snapshot`: what it asks for, what it saves, and that the suite reads what it has saved."""

import gzip
import json
import shutil
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from scrapy import cmdline
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests import command_line
from tests.command_line import MOST_SECONDS, ROOT, SCRAPY, wait_until
from tests.loaders import test_saved_pages
from tests.reading import PAGES, PIPELINES, SAVED_PAGES
from tests.site_server import Answer, Site, serve
from zjnews.archives import saved as archives
from zjnews.commands.snapshot import Checking
from zjnews.items import RECORD_KEYS, LeadsOn, Rejected
from zjnews.review import snapshots
from zjnews.review.snapshots import Shelf, Snapshot

SAMPLES = ROOT / "samples" / "zjol.warc.gz"
SAMPLE = "https://zjnews.zjol.com.cn/zjnews/202609/t20260908_31896504.shtml"
HOST = "https://zjnews.zjol.com.cn"
VIDEO = Snapshot(PAGES / "trs" / "video")
URL = VIDEO.page.url
ROBOTS = f"{HOST}/robots.txt"
PAGE = Answer(VIDEO.page.body, last_modified="Mon, 18 May 2026 02:00:00 GMT", etag='"a1"')
NOTHING = Answer(
    "<html><head><title>404</title></head><body>您访问的页面不存在</body></html>".encode()
)


@dataclass(frozen=True)
class Run:
    """What the command did."""

    status: int
    out: list[str]
    errors: list[str]


def command(pages: Path, *arguments: str) -> list[str]:
    """`scrapy snapshot` without pauses."""
    given = ("-s", "DOWNLOAD_DELAY=0", "-s", "RETRY_TIMES=0", "-s", "CONTACT=a@b.org")
    return [*SCRAPY, "snapshot", *given, "--pages", str(pages), *arguments]


def run(command: list[str], site: Site | None = None, cwd: Path = ROOT) -> Run:
    done = command_line.run(command, site.environment if site else None, folder=cwd)
    assert "Traceback" not in done.stderr
    return Run(done.returncode, done.stdout.splitlines(), done.stderr.splitlines())


def contents(folder: Path) -> dict[str, bytes]:
    """Every file in a folder, by its path in there."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def copy_of(name: str, pages: Path) -> Snapshot:
    """One of the saved pages, in another folder."""
    return Snapshot(Path(shutil.copytree(PAGES / name, pages / name)))


def change(snapshot: Snapshot, **values: Any) -> None:
    """Expect other values."""
    path = snapshot.folder / "article.json"
    path.write_text(json.dumps(snapshot.expected | values, ensure_ascii=False, indent=2) + "\n")


def check_by_the_suite(snapshot: Snapshot) -> None:
    """What the tests of the saved pages say to one."""
    for key in RECORD_KEYS:
        test_saved_pages.test_field(snapshot, key)
    test_saved_pages.test_expected_record_has_the_keys_in_order(snapshot)


# --- from the site ----------------------------------------------------------------------------------


def test_an_address_becomes_a_saved_page(tmp_path: Path) -> None:
    packed = Answer(
        gzip.compress(PAGE.body),
        headers={"Content-Encoding": "gzip", "Set-Cookie": "who=me", "Server": "n", "Date": "x"},
        last_modified=PAGE.last_modified,
        etag=PAGE.etag,
    )
    with serve({URL: packed}) as site:
        done = run(command(tmp_path, URL, "--name", "new", "-s", "CONTACT=me@example.org"), site)
    assert done.status == 0
    assert done.out == [f"{tmp_path}/trs/new: {VIDEO.expected['title']}"]
    assert len(done.errors) == 1
    assert "exit status 0, all well: 1 saved" in done.errors[0]
    assert site.requests == [ROBOTS, URL]
    assert all("+me@example.org" in agent for agent in site.user_agents)
    saved = contents(tmp_path)
    assert set(saved) == {
        f"trs/new/{name}" for name in ("page.html", "response.json", "article.json")
    }
    assert saved["trs/new/page.html"] == PAGE.body
    answer = json.loads(saved["trs/new/response.json"])
    assert list(answer) == ["url", "status", "headers", "fetched_at"]
    assert (answer["url"], answer["status"]) == (URL, 200)
    assert answer["headers"] == {
        "Content-Type": PAGE.content_type,
        "Last-Modified": PAGE.last_modified,
        "ETag": PAGE.etag,
    }
    [snapshot] = snapshots.snapshots_in(tmp_path)
    check_by_the_suite(snapshot)
    assert {**snapshot.expected, "fetched_at": VIDEO.expected["fetched_at"]} == VIDEO.expected
    assert snapshot.expected["fetched_at"] == answer["fetched_at"]


def test_redirects_and_pages_that_lead_on_are_followed(tmp_path: Path) -> None:
    refresh = f'<meta http-equiv=refresh content="0; url={HOST}/b.shtml">'
    script = f'<script>location.replace("{URL}")</script>'
    answers = {
        f"{HOST}/a.shtml": Answer(refresh.encode()),
        f"{HOST}/b.shtml": Answer(status=302, location="/c.shtml"),
        f"{HOST}/c.shtml": Answer(script.encode()),
        URL: PAGE,
    }
    with serve(answers) as site:
        done = run(command(tmp_path, f"{HOST}/a.shtml"), site)
    assert done.status == 0
    [snapshot] = snapshots.snapshots_in(tmp_path)
    assert (snapshot.name, snapshot.page.url) == ("trs/a", URL)
    assert site.requests == [ROBOTS, *answers]


def test_further_pages_and_pictures_are_left_alone(tmp_path: Path) -> None:
    more = URL.replace(".shtml", "_1.shtml")
    page = PAGE.body.replace(
        b"</body>", f'<img src="/a.jpg"><a href="{more}">2</a></body>'.encode()
    )
    with serve({URL: Answer(page), more: PAGE}) as site:
        images = ("-s", f"IMAGES_STORE={tmp_path}/images")
        assert run(command(tmp_path / "one", URL, *images), site).status == 0
        assert run(command(tmp_path / "two", more, *images), site).status == 0
    assert site.requests == [ROBOTS, URL, ROBOTS, more]
    assert [snapshot.page.url for snapshot in snapshots.snapshots_in(tmp_path / "two")] == [more]
    assert not (tmp_path / "images").exists()


def test_what_gives_nothing_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    bad = {
        "nonsense": "unknown-address",
        "https://me:secret@zjnews.zjol.com.cn/a.shtml": "unknown-address",
        "https://example.org/a.shtml": "off-site",
        f"{HOST}/a.jpg": "not-html",
        f"{HOST}/zjnews/": "list-page",
        f"{HOST}/nothing.shtml": "not-found-page",
        f"{HOST}/gone.shtml": "http-404",
        f"{HOST}/away.shtml": "off-site",
        f"{HOST}/secret.shtml": "robots-forbidden",
    }
    answers = {
        ROBOTS: Answer(b"User-agent: *\nDisallow: /secret", content_type="text/plain"),
        f"{HOST}/zjnews/": Answer(b"<html><body><a href=/a>a</a></body></html>"),
        f"{HOST}/nothing.shtml": NOTHING,
        f"{HOST}/away.shtml": Answer(status=301, location="https://example.org/"),
        URL: PAGE,
    }
    with serve(answers) as site:
        done = run(command(tmp_path, *bad, URL), site)
    for address, reason in bad.items():
        shown = address.replace("me:secret@", "")
        assert sum(f"rejected {shown} ({reason}" in line for line in done.errors) == 1, address
    assert len(done.errors) == len(bad) + 1
    assert (
        f"exit status 5, not every address has an article: 1 saved, {len(bad)} gave"
        in done.errors[-1]
    )
    assert done.status == 5
    assert [snapshot.name for snapshot in snapshots.snapshots_in(tmp_path)] == [
        "trs/t20260518_31669427"
    ]
    assert site.outside == []


def test_without_one_article_nothing_is_written(tmp_path: Path) -> None:
    with serve({f"{HOST}/nothing.shtml": NOTHING}) as site:
        done = run(command(tmp_path, f"{HOST}/nothing.shtml"), site)
    assert done.status == 5
    assert list(tmp_path.iterdir()) == []


def test_a_host_that_is_not_there(tmp_path: Path) -> None:
    with serve({}) as site:
        pass
    done = run(command(tmp_path, URL), site)
    assert done.status == 5
    assert sum(f"rejected {URL} (download-failed" in line for line in done.errors) == 1
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_leaves_no_half_page(tmp_path: Path) -> None:
    slow = URL.replace("427", "428")
    with serve({URL: PAGE, slow: Answer(PAGE.body, hangs=True)}) as site:
        process = command_line.start(command(tmp_path, URL, slow), site.environment)
        wait_until(lambda: slow in site.requests)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)  # the first one waits for what is on its way
        _, errors = process.communicate(timeout=MOST_SECONDS)
    assert process.returncode == 4
    assert "exit status 4, ended early" in errors
    assert "1 saved, 1 gave nothing" in errors
    assert "Traceback" not in errors
    assert set(contents(tmp_path)) == {
        f"trs/t20260518_31669427/{name}" for name in ("page.html", "response.json", "article.json")
    }


# --- from an archive --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled archive where its index does no harm."""
    return Path(shutil.copy(SAMPLES, tmp_path_factory.mktemp("samples")))


def test_the_bundled_archive_gives_pages_without_the_network(tmp_path: Path, samples: Path) -> None:
    moved = f"{HOST}/zjnews/202305/t20230511_25731860.shtml"
    missing = f"{HOST}/zjnews/202305/t20230511_1.shtml"
    given = (SAMPLE, moved.replace("https", "http"), missing)
    with serve({}) as site:
        done = run(command(tmp_path, *given, "--from", str(samples)), site)
    assert site.requests == []
    assert done.status == 5
    assert sum(f"rejected {missing} (archive-miss" in line for line in done.errors) == 1
    assert len(done.errors) == 2
    found = snapshots.snapshots_in(tmp_path)
    assert {snapshot.page.url for snapshot in found} == {SAMPLE, moved}
    in_archive = {
        page.url: page
        for page in archives.pages_in(samples)
        if isinstance(page, archives.SavedPage)
    }
    for snapshot in found:
        assert snapshot.page == in_archive[snapshot.page.url]
        check_by_the_suite(snapshot)


def write_warc(path: Path, saved: Iterable[Snapshot]) -> Path:
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for snapshot in saved:
            headers = json.loads((snapshot.folder / "response.json").read_text("utf-8"))["headers"]
            sent = [
                *headers.items(),
                ("Set-Cookie", "a=b"),
                ("Date", "Tue, 15 Sep 2026 02:00:00 GMT"),
            ]
            record = writer.create_warc_record(
                snapshot.page.url,
                "response",
                payload=BytesIO(snapshot.page.body),
                http_headers=StatusAndHeaders("200 OK", sent, "HTTP/1.1"),
                warc_headers_dict={
                    "WARC-Date": snapshot.page.fetched_at.strftime("%Y-%m-%dT%H:%M:%SZ")
                },
            )
            writer.write_record(record)
    return path


def test_every_saved_page_comes_back_from_an_archive(tmp_path: Path) -> None:
    saved = [snapshot for snapshot in SAVED_PAGES if not snapshot.page.url.startswith("file:")]
    archive = write_warc(tmp_path / "all.warc.gz", saved)
    pages = tmp_path / "pages"
    done = run(command(pages, *(each.page.url for each in saved), "--from", str(archive)))
    assert done.errors[0].startswith(
        f"scrapy snapshot: exit status 0, all well: {len(saved)} saved"
    )
    found = {snapshot.page.url: snapshot for snapshot in snapshots.snapshots_in(pages)}
    assert len(found) == len(saved) >= 40
    for snapshot in saved:
        again = found[snapshot.page.url]
        assert again.folder.parent.name == snapshot.folder.parent.name
        assert contents(again.folder) == contents(snapshot.folder), snapshot.name


# --- what the suite makes of it ---------------------------------------------------------------------


def test_the_suite_notices_what_a_saved_page_gives_otherwise(tmp_path: Path, samples: Path) -> None:
    assert run(command(tmp_path, SAMPLE, "--from", str(samples), "--name", "mine")).status == 0
    [snapshot] = snapshots.snapshots_in(tmp_path)
    check_by_the_suite(snapshot)
    change(snapshot, title="别的")
    with pytest.raises(AssertionError, match="别的"):
        check_by_the_suite(snapshot)


def test_a_page_that_survives_as_text_is_saved_as_such(tmp_path: Path) -> None:
    saved = Snapshot(PAGES / "plaintext" / "chinese-with-payload")
    with serve({saved.page.url: Answer(saved.page.body, content_type="text/plain")}) as site:
        assert run(command(tmp_path, saved.page.url), site).status == 0
    [snapshot] = snapshots.snapshots_in(tmp_path)
    assert set(contents(snapshot.folder)) == {"page.txt", "response.json", "article.json"}
    check_by_the_suite(snapshot)


# --- where it is saved ------------------------------------------------------------------------------


def test_pages_go_beside_the_configuration(tmp_path: Path, samples: Path) -> None:
    shutil.copy(ROOT / "scrapy.cfg", tmp_path)
    below = tmp_path / "docs" / "deep"
    below.mkdir(parents=True)
    called = [*SCRAPY, "snapshot", SAMPLE, "--from", str(samples)]
    assert run(called, cwd=below).status == 0
    saved = tmp_path / "tests" / "saved" / "trs" / "t20260908_31896504"
    assert set(contents(tmp_path / "tests" / "saved")) == {
        f"trs/{saved.name}/{path.name}" for path in saved.iterdir()
    }
    assert len(list(saved.iterdir())) == 3
    assert run([*called[:4], "--check"], cwd=below).out == [
        f"1 saved page in {tmp_path}/tests/saved: 1 as expected"
    ]


def test_a_page_that_is_there_is_kept_unless_told(tmp_path: Path) -> None:
    there = copy_of("trs/video", tmp_path)
    (there.folder / "page.html").rename(there.folder / "page.txt")
    before = contents(tmp_path)
    with serve({URL: PAGE}) as site:
        kept = run(command(tmp_path, URL, "--name", "video"), site)
        assert contents(tmp_path) == before
        replaced = run(command(tmp_path, URL, "--name", "video", "--overwrite"), site)
    assert (kept.status, replaced.status) == (3, 0)
    assert kept.errors[:-1] == [
        f"scrapy snapshot: {URL}: {there.folder}: is there already; --overwrite replaces it"
    ]
    assert "exit status 3, not all could be written: 1 not written" in kept.errors[-1]
    after = contents(tmp_path)
    assert set(after) == {
        f"trs/video/{name}" for name in ("page.html", "response.json", "article.json")
    }
    assert b'"a1"' in after["trs/video/response.json"].replace(b"\\", b"")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "trs").write_text("")
    with serve({URL: PAGE}) as site:
        no_folder = run(command(tmp_path / "file", URL), site)
        assert site.requests == []
        no_layout = run(command(tmp_path, URL), site)
    assert (no_folder.status, no_layout.status) == (3, 3)
    assert len(no_folder.errors) == 1
    assert no_layout.errors[0] == f"scrapy snapshot: {URL}: {tmp_path}/trs: File exists"
    assert set(contents(tmp_path)) == {"file", "trs"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("overwrite", [False, True])
def test_all_files_are_there_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException], overwrite: bool
) -> None:
    if overwrite:
        copy_of("trs/video", tmp_path)
    before = contents(tmp_path)
    for name in ("write_bytes", "rename"):
        real: Callable[..., Any] = getattr(Path, name)
        calls: list[Path] = []

        def failing(path: Path, *args: Any, real: Any = real, calls: Any = calls) -> Any:
            calls.append(path)
            if path.name in ("article.json", ".trs-video.part"):
                raise error
            return real(path, *args)

        with monkeypatch.context() as patched:
            patched.setattr(Path, name, failing)
            with pytest.raises(error):
                Shelf(tmp_path, PIPELINES, overwrite).save(VIDEO.page, {}, "video")
        assert calls
        assert contents(tmp_path) == before
        assert not list(tmp_path.glob(".*"))
    Shelf(tmp_path, PIPELINES, overwrite).save(VIDEO.page, {}, "video")
    assert len(contents(tmp_path)) == 3


def test_what_a_killed_run_has_left_is_in_nobodys_way(tmp_path: Path) -> None:
    left = tmp_path / ".trs-video.part"
    left.mkdir()
    (left / "page.txt").write_text("half")
    assert snapshots.snapshots_in(tmp_path) == []
    written = Shelf(tmp_path, PIPELINES).save(VIDEO.page, {}, "video")
    assert set(contents(tmp_path)) == {
        f"{written.name}/{name}" for name in ("page.html", "response.json", "article.json")
    }


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://qjwb.zjol.com.cn/html/2013-04/18/content_2094315.htm?div=-1", "content_2094315"),
        (f"{URL}?spm=a.b#p=1", "t20260518_31669427"),
        (f"{HOST}/zjnews/202001/t20200107_11559418_ext.shtml", "t20200107_11559418_ext"),
        ("https://zj.zjol.com.cn/news.html?id=1218045", "news-id-1218045"),
        ("https://zj.zjol.com.cn/news/978216.html", "978216"),
        (f"{HOST}/about/../%2e%2e/.x?../../etc", "etc"),
        (f"{HOST}/茶/", "page"),
        (HOST, "page"),
        (f"{HOST}/" + "a" * 300, "a" * 80),
    ],
)
def test_names_are_taken_from_addresses(url: str, name: str) -> None:
    assert snapshots.name_for(url) == name
    assert snapshots.is_name(name)


# --- what is wrong with the arguments ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "give an address"),
        (("",), "give an address"),
        ((URL, SAMPLE, "--name", "a"), "--name is for one address, 2 are given"),
        ((URL, "--name", "a/b"), "--name a/b: "),
        ((URL, "--name", ""), "--name : "),
        ((URL, "--chek"), "no option '--chek'"),
        ((URL, "--name"), "expected one argument"),
        ((URL, "--from", "nowhere"), "--from nowhere: no WARC file"),
        ((URL, "--from", ""), "--from : no WARC file"),
        ((URL, "-s", "x"), "Invalid -s value"),
        (("--check", "--accept"), "either --check or --accept"),
        (("--check", "--name", "a"), "are for pages that are fetched"),
        (("--accept", "--overwrite"), "are for pages that are fetched"),
        (("--check", "--pages", ""), "--pages names no folder"),
    ],
)
def test_bad_arguments_are_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    says: str,
) -> None:
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", "zjnews.settings")
    with pytest.raises(SystemExit) as ended:
        cmdline.execute(command(tmp_path / "pages", *arguments)[2:])
    assert ended.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("scrapy snapshot: ")
    assert says in line
    assert not (tmp_path / "pages").exists()


def test_settings_that_cannot_be_read_are_bad_arguments(tmp_path: Path) -> None:
    done = run(command(tmp_path / "pages", URL, "-s", "RETRY_PAUSE=x"))
    assert done.status == 2
    assert done.errors == ["scrapy snapshot: RETRY_PAUSE=x is no number of 0 or more"]
    assert not (tmp_path / "pages").exists()


def test_not_one_address_that_could_be_used(tmp_path: Path) -> None:
    done = run(command(tmp_path, "nonsense", "https://example.org/"))
    assert done.status == 2
    assert "exit status 2, no argument could be used: 2 gave nothing" in done.errors[-1]


def test_its_spider_cannot_be_crawled() -> None:
    listed = run([*SCRAPY, "list"])
    assert "article" in listed.out
    assert "snapshot" not in listed.out


# --- --check ----------------------------------------------------------------------------------------


def check(pages: Path, *names: str, accepts: bool = False) -> Checking:
    checking = Checking(pages, PIPELINES, accepts)
    checking.read_pages(names)
    return checking


def test_the_saved_pages_of_the_project_are_as_expected() -> None:
    done = run([*SCRAPY, "snapshot", "--check"])
    assert done.status == 0
    assert done.out == [
        f"{len(SAVED_PAGES)} saved pages in tests/saved: {len(SAVED_PAGES)} as expected"
    ]
    assert done.errors == []


def test_differences_are_a_table(tmp_path: Path) -> None:
    copy_of("trs/two-payloads", tmp_path)
    other = copy_of("trs/video", tmp_path)
    change(other, title="旧题", source=None)
    done = run(command(tmp_path, "--check"))
    assert done.status == 1
    assert done.errors == []
    title, source = (
        json.dumps(VIDEO.expected[key], ensure_ascii=False) for key in ("title", "source")
    )
    assert done.out == [
        "page       key: expected -> read now",
        f'trs/video  title: "旧题" -> {title}',
        f"trs/video  source: null -> {source}",
        f"2 saved pages in {tmp_path}: 1 as expected, 1 not as expected",
    ]
    before = contents(tmp_path)
    assert run(command(tmp_path, "--check", "trs/two-payloads/")).status == 0
    assert contents(tmp_path) == before


def test_a_missing_key_and_another_order_are_differences(tmp_path: Path) -> None:
    snapshot = copy_of("trs/video", tmp_path)
    path = snapshot.folder / "article.json"
    whole = snapshot.expected
    path.write_text(json.dumps({key: whole[key] for key in whole if key != "kicker"}))
    assert check(tmp_path).rows == [("trs/video", "kicker: missing -> null")]
    path.write_text(json.dumps(dict(reversed(whole.items()))))
    assert [row[1].startswith("order of keys: ") for row in check(tmp_path).rows] == [True]
    assert check(tmp_path).status == 1
    path.write_text(json.dumps({**whole, "more": 1}))
    assert check(tmp_path).rows == [("trs/video", "more: 1 -> missing")]


NO_TIME = json.dumps({"url": URL, "headers": {}, "fetched_at": "yesterday"})
BROKEN = {
    "response.json": {
        "{": "broken-response-json",
        "[]": "broken-response-json",
        NO_TIME: "broken-response-json",
    },
    "article.json": {
        "{": "broken-article-json",
        "[1]": "broken-article-json",
        "[" * 99_999: "broken-article-json",
    },
    "page.html": {"": "empty-page", "<div>短</div>": "no-article"},
}


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [(file, text, reason) for file, texts in BROKEN.items() for text, reason in texts.items()],
    ids=str,
)
def test_what_is_broken_is_named_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, text: str, reason: str
) -> None:
    (copy_of("trs/video", tmp_path).folder / file).write_text(text)
    copy_of("trs/two-payloads", tmp_path)
    checking = check(tmp_path)
    assert checking.status == 6
    assert checking.lines() == [f"2 saved pages in {tmp_path}: 1 as expected, 1 not to be read"]
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"scrapy snapshot: trs/video: {reason}")


@pytest.mark.parametrize("file", ["response.json", "article.json", "page.html"])
def test_a_file_that_is_missing_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    (copy_of("trs/video", tmp_path).folder / file).unlink()
    assert check(tmp_path).status == 6
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("scrapy snapshot: trs/video: ")


def test_two_pages_in_one_folder_are_not_chosen_from(tmp_path: Path) -> None:
    snapshot = copy_of("trs/video", tmp_path)
    shutil.copy(snapshot.folder / "page.html", snapshot.folder / "page.txt")
    with pytest.raises(Rejected, match=r"needs either page\.html or page\.txt"):
        _ = snapshot.page


def test_no_saved_pages_at_all(tmp_path: Path) -> None:
    done = run(command(tmp_path / "nowhere", "--check"))
    assert done.status == 5
    assert done.out == [f"0 saved pages in {tmp_path}/nowhere"]
    assert not (tmp_path / "nowhere").exists()


# --- --accept ---------------------------------------------------------------------------------------


def test_accepted_is_what_differs_and_is_named(tmp_path: Path) -> None:
    one, other = (copy_of(name, tmp_path) for name in ("trs/video", "trs/two-payloads"))
    before = contents(tmp_path)
    for snapshot in (one, other):
        change(snapshot, title="旧题")
    changed = contents(other.folder)
    done = run(command(tmp_path, "--accept", "trs/video", "trs/nope"))
    assert done.status == 2
    assert done.errors == [
        f"scrapy snapshot: no saved page 'trs/nope' in {tmp_path}; a name is LAYOUT/NAME"
    ]
    assert done.out[1].startswith('trs/video  title: "旧题" -> ')
    assert done.out[2:] == [f"1 saved page in {tmp_path}: 1 accepted"]
    assert contents(other.folder) == changed
    done = run(command(tmp_path, "--accept"))
    assert done.status == 0
    assert done.out[-1] == f"2 saved pages in {tmp_path}: 1 as expected, 1 accepted"
    assert contents(tmp_path) == before


def test_a_page_of_another_layout_moves(tmp_path: Path) -> None:
    snapshot = copy_of("trs/video", tmp_path)
    before = contents(snapshot.folder)
    change(snapshot, layout="fallback")
    fallback = tmp_path / "fallback" / "video"
    fallback.parent.mkdir()
    snapshot.folder.rename(fallback)
    (tmp_path / "trs").rmdir()
    checking = check(tmp_path, accepts=True)
    assert checking.rows == [
        ("fallback/video", 'layout: "fallback" -> "trs"'),
        ("fallback/video", "is trs/video from now on"),
    ]
    assert checking.status == 0
    assert contents(tmp_path / "trs" / "video") == before
    assert not (tmp_path / "fallback").exists()


def test_a_page_does_not_move_onto_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(PAGES / "trs" / "video", tmp_path / "fallback" / "video")
    change(Snapshot(tmp_path / "fallback" / "video"), layout="fallback")
    copy_of("trs/video", tmp_path)
    before = contents(tmp_path)
    checking = check(tmp_path, accepts=True)
    assert checking.status == 3
    assert (
        checking.lines()[-1] == f"2 saved pages in {tmp_path}: 1 as expected, 1 not to be written"
    )
    assert "is there already" in capsys.readouterr().err
    assert contents(tmp_path) == before


def test_a_broken_record_is_written_anew(tmp_path: Path) -> None:
    snapshot = copy_of("trs/video", tmp_path)
    before = contents(tmp_path)
    (snapshot.folder / "article.json").write_text("<<<<<<< HEAD")
    checking = check(tmp_path, accepts=True)
    assert [(name, what.partition(":")[0]) for name, what in checking.rows] == [
        ("trs/video", "broken-article-json")
    ]
    assert contents(tmp_path) == before


def test_a_page_that_only_leads_on_is_not_saved(tmp_path: Path) -> None:
    page = archives.SavedPage(
        f"{HOST}/a.shtml",
        f'<meta http-equiv=refresh content="0; url={URL}">'.encode(),
        "text/html",
        VIDEO.page.fetched_at,
    )
    with pytest.raises(LeadsOn):
        Shelf(tmp_path, PIPELINES).save(page, {}, "a")
