"""`scrapy reread --on dask:…`: the same bytes as one process gives, whatever dies."""

import os
import random
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy import cmdline
from scrapy.utils.project import get_project_settings

from tests.command_line import ROOT, run, start, wait_until
from tests.dask_cluster import DaskCluster, cluster_of
from tests.review.test_reread import (
    SAMPLES,
    TEXT,
    archive_of,
    article_page,
    assert_one_is_left_out,
    by_archive_spider,
    command,
    cut_off,
    damaged,
    many,
    mixed,
    records,
    reread,
    with_ours,
)
from tests.s3_server import BUCKET, S3Server
from zjnews.archives.saved import Stretch
from zjnews.review import on_dask
from zjnews.review.readers import Ended
from zjnews.review.rereading import Records

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

KILLS = int(os.environ.get("ZJNEWS_KILLS", "2"))
ONE_DEATH_IS_ENOUGH = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
"""Then every kill costs a task, and not only each fourth."""


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    shutil.copy(SAMPLES, server.folder / BUCKET / "zjol.warc.gz")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, s3: S3Server) -> Iterator[DaskCluster]:
    environment = {**ONE_DEATH_IS_ENOUGH, **s3.environment}
    with cluster_of(tmp_path_factory.mktemp("cluster"), 2, **environment) as running:
        yield running


@pytest.fixture
def without_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with cluster_of(tmp_path_factory.mktemp("cluster"), 0) as running:
        yield running


@pytest.mark.parametrize("make", [damaged, cut_off, mixed])
def test_the_same_bytes_as_one_process(
    tmp_path: Path, cluster: DaskCluster, make: type[Path]
) -> None:
    path = make(tmp_path)
    reread(tmp_path, str(path), *cluster.on)
    assert (tmp_path / "reread.jsonl").read_bytes() == by_archive_spider(tmp_path, path)


def test_pages_of_an_article_in_two_archives(tmp_path: Path, cluster: DaskCluster) -> None:
    """The second page first, and the first one does not lead to it: it is looked up once more."""
    url = "https://zjnews.zjol.com.cn/zjnews/202609/t20260914_31908231{}.shtml"
    text = "清晨的雾还没有散，渡口的老船工已经把缆绳收好，第一班渡船载着上学的孩子离开了岸边。" * 3
    two = archive_of(tmp_path / "2.warc.gz", {url.format("_1"): article_page("题（2）", text[3:])})
    one = archive_of(tmp_path / "1.warc.gz", {url.format(""): article_page("题", text)})
    found = reread(tmp_path, str(two), str(one), *cluster.on)
    assert [record["page_count"] for record in found.records] == [2]


def test_an_archive_on_s3_is_read_by_the_workers(
    tmp_path: Path, cluster: DaskCluster, s3: S3Server
) -> None:
    out = tmp_path / "s3.jsonl"
    done = run(command(f"s3://{BUCKET}/zjol.warc.gz", "-O", str(out), *cluster.on), s3.environment)
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == records(tmp_path, SAMPLES)


def all_different(folder: Path, count: int) -> Path:
    """An archive of so many articles that have nothing in common."""
    rng = random.Random(7)  # noqa: S311  it protects nothing
    words = [TEXT[at : at + 2] for at in range(len(TEXT) // 3)]
    address = "https://zjnews.zjol.com.cn/zjnews/202609/t20260914_3{:07}.shtml"
    texts = ("".join(rng.choices(words, k=300)) for _ in range(count))
    pages = {address.format(n): article_page(f"题{n}", text) for n, text in enumerate(texts)}
    return archive_of(folder / "all.warc.gz", pages)


# --- what dies --------------------------------------------------------------------------------------


def test_workers_that_are_killed_cost_nothing(tmp_path: Path, cluster: DaskCluster) -> None:
    path, out = all_different(tmp_path, 1500 * KILLS), tmp_path / "reread.jsonl"
    process = start(command(str(path), "-O", str(out), *cluster.on))
    draft = tmp_path / ".reread.jsonl.part"
    killed = written = 0
    while killed < KILLS and process.poll() is None:
        before = written
        wait_until(lambda before=before: process.poll() is not None or _size(draft) > before)
        written = _size(draft)
        killed += cluster.kill_workers()
    _, errors = process.communicate()
    assert killed >= KILLS, errors
    assert process.returncode == 0, errors
    assert "what read " in errors
    assert "Traceback" not in errors
    assert out.read_bytes() == records(tmp_path, path)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def test_a_page_that_kills_what_reads_it_is_counted_and_named(
    tmp_path: Path, cluster: DaskCluster
) -> None:
    assert_one_is_left_out(tmp_path, *cluster.on)


def test_a_page_that_takes_too_long_is_broken_off(tmp_path: Path, cluster: DaskCluster) -> None:
    pipelines = with_ours("NeverEnd", 350)
    found = reread(tmp_path, str(SAMPLES), "-s", pipelines, "-s", "PAGE_SECONDS=1", *cluster.on)
    assert (found.status, found.rejected["too-slow"], len(found.records)) == (0, 1, 53)


def test_interrupted_it_leaves_the_file_as_it_was(tmp_path: Path, cluster: DaskCluster) -> None:
    out, draft = tmp_path / "reread.jsonl", tmp_path / ".reread.jsonl.part"
    out.write_text("as it was before\n")
    archive = many(tmp_path / "a.warc.gz", 200)  # not at its end when it is interrupted
    process = start(command(str(archive), "-O", str(out), *cluster.on))
    wait_until(lambda: draft.exists() and draft.stat().st_size > 0)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert (process.returncode, out.read_text()) == (4, "as it was before\n")
    assert "Traceback" not in errors
    assert errors.splitlines()[-1] == "scrapy reread: exit status 4, ended early (shutdown)"


def test_a_worker_that_does_not_have_the_archive_is_named(cluster: DaskCluster) -> None:
    readers = on_dask.OnDask(cluster.address, get_project_settings())
    nowhere = Stretch(Path("/nowhere.warc.gz"), 0, 100, 1)
    with readers, pytest.raises(Ended) as ended:
        Records(get_project_settings(), readers=readers).answer(nowhere, readers.begin(nowhere))
    assert ended.value.reason == "worker_failed"
    assert ended.value.why == "a worker cannot read: /nowhere.warc.gz: No such file or directory"


def test_without_workers_it_waits_and_then_ends(
    tmp_path: Path, without_workers: DaskCluster
) -> None:
    found = reread(tmp_path, str(SAMPLES), "-s", "WORKERS_SECONDS=1", *without_workers.on)
    assert found.status == 4
    assert f"no worker at {without_workers.address}; waiting for one" in found.errors
    assert f"no worker at {without_workers.address} for 1 s" in found.errors.splitlines()[-2]
    assert found.errors.splitlines()[-1].endswith("exit status 4, ended early (no_workers)")
    assert list(tmp_path.glob("*reread.jsonl*")) == []


def test_a_scheduler_that_goes_ends_it(tmp_path: Path, without_workers: DaskCluster) -> None:
    out = tmp_path / "reread.jsonl"
    process = start(command(str(SAMPLES), "-O", str(out), *without_workers.on))
    wait_until((tmp_path / ".reread.jsonl.part").exists)
    assert without_workers.scheduler is not None
    without_workers.scheduler.kill()
    _, errors = process.communicate()
    assert process.returncode == 4
    assert f"the scheduler at {without_workers.address} has gone" in errors.splitlines()[-2]
    assert "Traceback" not in errors


def test_a_worker_with_other_code_is_refused(tmp_path: Path, without_workers: DaskCluster) -> None:
    other = tmp_path / "other"
    shutil.copytree(ROOT / "zjnews", other / "zjnews")
    with (other / "zjnews" / "items.py").open("a") as file:
        file.write("# of another day\n")
    without_workers.add_worker(other)
    found = reread(tmp_path, str(SAMPLES), *without_workers.on)
    assert found.status == 4
    assert ": a worker has zjnews " in found.errors.splitlines()[-2]
    assert found.errors.splitlines()[-1].endswith("exit status 4, ended early (other_version)")


# --- bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--on", "tcp://127.0.0.1:9"], "--on tcp://127.0.0.1:9: give dask:tcp://HOST:PORT"),
        (["--on", "dask:127.0.0.1"], "--on dask:127.0.0.1: give dask:tcp://HOST:PORT"),
        (["--on", ""], "--on : give dask:tcp://HOST:PORT"),
        (["--on", "dask:tcp://127.0.0.1:9"], "--on dask:tcp://127.0.0.1:9: no scheduler answers"),
        (["--on", "dask:tcp://127.0.0.1:9", "-j", "2"], "-j and --on: with --on each worker has"),
        (
            ["--on", "dask:tcp://127.0.0.1:9", "-s", "WORKERS_SECONDS=soon"],
            "WORKERS_SECONDS=soon is no number of 0 or more",
        ),
    ],
)
def test_bad_arguments_are_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.setattr(on_dask, "_CONNECT_SECONDS", 0.5)
    out = tmp_path / "reread.jsonl"
    with pytest.raises(SystemExit) as ended:
        cmdline.execute(["scrapy", "reread", str(SAMPLES), "-O", str(out), *arguments])
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("scrapy reread: ")
    assert says in line
    assert ended.value.code == 2
    assert list(tmp_path.iterdir()) == []
