"""Feeds on S3, with a real server: delivery, refusals, outages, kills, large batches."""

import hashlib
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import feedparser
import pytest
from PIL import Image

from tests.command_line import crawl
from tests.faults import POINTS, WRITING
from tests.feeds.test_delivery import (
    MOST_SECONDS,
    arguments_of,
    articles_asked,
    expected,
    fault_of,
    ids_in,
    is_told_in_one_line,
    kill_anywhere,
    run,
    start,
    wait_for_requests,
    waiting,
)
from tests.made_up_site import MadeUpSite, big_site
from tests.s3_server import BUCKET, SECRET, S3Server
from tests.site_server import Answer, Site, serve
from tests.spiders.test_channel_spider import FAST, lists_of

FEED = ("-o", f"s3://{BUCKET}/in/%(batch_time)s-%(batch_id)d.jsonl")
PICTURE = "http://img.zjol.com.cn/a.png"
BATCHES = ("-s", "FEED_EXPORT_BATCH_ITEM_COUNT=25")


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    server = S3Server(tmp_path / "s3")
    server.start()
    yield server
    server.stop()


def test_batches_are_delivered(
    tmp_path: Path, made_up: MadeUpSite, site: Site, s3: S3Server
) -> None:
    status, errors = run(tmp_path, site, *arguments_of(made_up, *FEED, *BATCHES), **s3.environment)
    assert status == 0, errors
    assert len(s3.objects()) == -(-len(expected(made_up)) // 25)
    assert Counter(ids_in(s3.objects())) == Counter(expected(made_up))
    assert waiting(tmp_path) == []
    assert SECRET not in errors


@pytest.mark.parametrize(
    ("feed", "change", "says"),
    [
        (FEED[1], {"AWS_SECRET_ACCESS_KEY": "wrong"}, "the secret key is wrong"),
        (FEED[1], {"AWS_ACCESS_KEY_ID": "NOBODY"}, "the access key is not known"),
        ("s3://nosuch/x-%(batch_time)s-%(batch_id)d.jsonl", {}, "there is no such bucket"),
        (FEED[1], {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "Could not connect"),
        (
            "s3://me:hidden@news/x-%(batch_time)s-%(batch_id)d.jsonl",
            {},
            "credentials do not belong",
        ),
    ],
    ids=["wrong secret", "wrong key", "missing bucket", "unreachable", "key in the address"],
)
def test_what_cannot_work_is_told_before_the_first_page(
    tmp_path: Path,
    made_up: MadeUpSite,
    site: Site,
    s3: S3Server,
    feed: str,
    change: dict[str, str],
    says: str,
) -> None:
    arguments = arguments_of(made_up, "-o", feed)
    status, errors = run(tmp_path, site, *arguments, **{**s3.environment, **change})
    assert status == 3
    [line] = errors.strip().splitlines()
    assert line.startswith("scrapy crawl: feed s3://")
    assert says in line
    assert SECRET not in line
    assert "hidden" not in line
    assert site.requests == []
    assert s3.objects() == []


def test_a_server_that_dies_in_the_middle_gets_the_rest_in_the_next_run(
    tmp_path: Path, made_up: MadeUpSite, site: Site, s3: S3Server
) -> None:
    arguments = arguments_of(made_up, *FEED, *BATCHES, "-s", "DOWNLOAD_DELAY=0.02")
    crawling = start(tmp_path, site, *arguments, **s3.environment)
    deadline = time.monotonic() + MOST_SECONDS
    while not s3.objects() and time.monotonic() < deadline and crawling.poll() is None:
        time.sleep(0.05)
    s3.stop()
    _, errors = crawling.communicate(timeout=MOST_SECONDS)
    assert crawling.returncode == 3
    assert "Traceback" not in errors
    assert "records left in the outbox" in errors.splitlines()[-1]
    assert waiting(tmp_path)
    s3.start()
    status, errors = run(tmp_path, site, *arguments, **s3.environment)
    assert status == 0, errors
    assert Counter(ids_in(s3.objects())) == Counter(expected(made_up))
    assert waiting(tmp_path) == []


def test_twenty_kills_leave_every_article_once(
    tmp_path: Path, made_up: MadeUpSite, site: Site, s3: S3Server
) -> None:
    arguments = arguments_of(made_up, *FEED, "-s", "FEED_EXPORT_BATCH_ITEM_COUNT=10")
    rng = random.Random(3)  # noqa: S311  it protects nothing
    killed = sum(
        kill_anywhere(start(tmp_path, site, *arguments, **s3.environment), site, rng)
        for _ in range(20)
    )
    status, errors = run(tmp_path, site, *arguments, **s3.environment)
    assert status == 0, errors
    assert killed >= 5
    assert Counter(ids_in(s3.objects())) == Counter(expected(made_up))
    assert waiting(tmp_path) == []


def test_after_an_outage_of_two_runs_everything_is_delivered_once_and_nothing_fetched_again(
    tmp_path: Path, made_up: MadeUpSite, site: Site, s3: S3Server
) -> None:
    arguments = arguments_of(made_up, *FEED, *BATCHES)
    s3.stop()
    for _ in range(2):
        away = (*arguments, "-s", "FEED_PROBE=False")
        status, errors = run(tmp_path, site, *away, **s3.environment)
        assert status == 3
        assert "Traceback" not in errors
        assert set(waiting(tmp_path)) == expected(made_up)
    s3.start()
    young = ("-s", "REFRESH_HOURS=0")  # those are asked for again, to be corrected
    status, errors = run(tmp_path, site, *arguments, *young, **s3.environment)
    assert status == 0, errors
    assert Counter(ids_in(s3.objects())) == Counter(expected(made_up))
    assert waiting(tmp_path) == []
    assert max(articles_asked(site).values()) == 1


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_point_leaves_every_article_once(
    tmp_path: Path, made_up: MadeUpSite, site: Site, s3: S3Server, point: str
) -> None:
    arguments = arguments_of(made_up, *FEED, *BATCHES)
    fault = fault_of(point, "kill", 30 if point == POINTS[0] else 0)
    status, errors = run(tmp_path, site, *arguments, *fault, **s3.environment)
    assert status == -signal.SIGKILL, errors
    status, errors = run(tmp_path, site, *arguments, **s3.environment)
    assert status == 0, errors
    assert Counter(ids_in(s3.objects())) == Counter(expected(made_up))
    assert waiting(tmp_path) == []


@pytest.mark.parametrize("point", [*POINTS[:3], POINTS[4], WRITING])
def test_a_full_disk_at_any_point_is_one_line_and_the_next_run_delivers(
    tmp_path: Path, made_up: MadeUpSite, site: Site, s3: S3Server, point: str
) -> None:
    arguments = arguments_of(made_up, *FEED, *BATCHES)
    fault = fault_of(point, "full", 30 if point == POINTS[0] else 0)
    status, errors = run(tmp_path, site, *arguments, *fault, **s3.environment)
    assert status == 3, errors
    assert is_told_in_one_line(errors), errors
    status, errors = run(tmp_path, site, *arguments, **s3.environment)
    assert status == 0, errors
    assert Counter(ids_in(s3.objects())) == Counter(expected(made_up))
    assert waiting(tmp_path) == []


def test_a_server_that_refuses_gets_everything_in_the_next_run(
    tmp_path: Path, made_up: MadeUpSite, site: Site, s3: S3Server
) -> None:
    (s3.folder / BUCKET).rmdir()
    arguments = arguments_of(made_up, *FEED, *BATCHES)
    away = (*arguments, "-s", "FEED_PROBE=False")
    status, errors = run(tmp_path, site, *away, **s3.environment)
    assert status == 3
    assert "NoSuchBucket" in errors
    assert is_told_in_one_line(errors), errors
    s3.clear()
    status, errors = run(tmp_path, site, *arguments, **s3.environment)
    assert status == 0, errors
    assert Counter(ids_in(s3.objects())) == Counter(expected(made_up))


def test_a_feed_for_readers_rolls_in_a_bucket(
    tmp_path: Path, made_up: MadeUpSite, site: Site, s3: S3Server
) -> None:
    for channel in ("bwgd", "jkxw"):
        arguments = ("channel", "-a", lists_of(made_up, channel), *FAST)
        feed = ("-O", f"s3://{BUCKET}/all.atom", "-s", "RSS_ITEMS=0")
        status, errors = run(tmp_path, site, *arguments, *feed, **s3.environment)
        assert status == 0, errors
    [stored] = s3.objects()
    found = [entry.id for entry in feedparser.parse(stored.read_bytes()).entries]
    assert Counter(found) == Counter(made_up.ids_in(["bwgd", "jkxw"]))


def test_a_batch_of_25_mb_goes_up_in_parts(tmp_path: Path, s3: S3Server) -> None:
    large = big_site(5_400)
    with serve(large) as site:
        done = crawl(
            tmp_path,
            "channel",
            "-a",
            f"channels={large.list_url}",
            "-s",
            "AUTOTHROTTLE_ENABLED=False",
            "-s",
            "CONCURRENT_REQUESTS_PER_DOMAIN=16",
            "-O",
            f"s3://{BUCKET}/large.jsonl",
            environment={**site.environment, **s3.environment},
        )
    [stored] = s3.objects()
    assert done.status == 0, done.errors
    assert stored.stat().st_size > 25_000_000
    assert len(set(ids_in([stored]))) == 5_400


def test_a_signal_in_the_middle_ships_what_there_is(
    tmp_path: Path, made_up: MadeUpSite, site: Site, s3: S3Server
) -> None:
    arguments = arguments_of(
        made_up, "-o", f"s3://{BUCKET}/%(time)s.jsonl", "-s", "DOWNLOAD_DELAY=0.05"
    )
    crawling = start(tmp_path, site, *arguments, **s3.environment)
    wait_for_requests(crawling, site, 30)
    crawling.send_signal(signal.SIGTERM)
    crawling.communicate(timeout=MOST_SECONDS)
    assert crawling.returncode == 4
    before = ids_in(s3.objects())
    assert before
    status, _ = run(tmp_path, site, *arguments, **s3.environment)
    assert status == 0
    assert Counter(ids_in(s3.objects())) == Counter(expected(made_up))


def test_pictures_go_to_a_bucket_once(tmp_path: Path, s3: S3Server) -> None:
    picture = BytesIO()
    Image.new("RGB", (300, 200), "red").save(picture, "PNG")
    address = "http://zjnews.zjol.com.cn/zjnews/202503/t20250318_30845127.shtml"
    body = "<h1 class=artTitle>题</h1><div class=artCon><p>正文在此。<img src=//img.zjol.com.cn/a.png></div>"
    answers = {
        address: Answer(body.encode()),
        PICTURE: Answer(picture.getvalue(), content_type="image/png"),
    }
    arguments = ("article", "-a", f"url={address}", "-s", f"IMAGES_STORE=s3://{BUCKET}/pictures")
    with serve(answers) as site:
        for _ in range(2):
            done = crawl(tmp_path, *arguments, environment={**site.environment, **s3.environment})
        assert [url for url in site.requests if url.endswith(".png")] == [PICTURE]
    [image] = done.records[0]["images"]
    stored = s3.folder / BUCKET / "pictures" / image["file"]
    assert stored.read_bytes() == picture.getvalue()
    assert image["sha1"] == hashlib.sha1(picture.getvalue()).hexdigest()
