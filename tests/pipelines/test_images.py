"""Pictures of articles: fetched from the site's own hosts, kept as they are, never in the way of an
article. Every crawl here is a real one."""

import hashlib
import io
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request

from tests import site_server
from tests.command_line import Run, crawl
from tests.reading import PAGES
from tests.site_server import Answer, Site, serve
from zjnews.items import Article, Image, Rejected
from zjnews.middlewares.onsite import OnSiteMiddleware
from zjnews.pipelines.images import wanted
from zjnews.site import addresses
from zjnews.state.carried import Carried

PIL = pytest.importorskip("PIL.Image")

FIRST = "http://zjnews.zjol.com.cn/zjnews/202503/t20250318_30845127.shtml"
SECOND = "https://zjnews.zjol.com.cn/zjnews/202503/t20250318_30845128.shtml"
IMG = "http://img.zjol.com.cn/pic"
CDN = "https://img2.zjolcdn.com/pic"
VIDEO_PAGE = (PAGES / "trs" / "video" / "page.html").read_bytes()
_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{40}\.(jpg|png|gif|webp|bmp|avif)")


def picture(form: str, size: tuple[int, int] = (8, 6), colour: str = "red") -> bytes:
    out = io.BytesIO()
    PIL.new("RGB", size, colour).save(out, form)
    return out.getvalue()


def two_pictures() -> bytes:
    """A JPEG with a second one behind it, as cameras write them."""
    out = io.BytesIO()
    second = PIL.new("RGB", (4, 3), "black")
    PIL.new("RGB", (8, 6), "yellow").save(out, "MPO", save_all=True, append_images=[second])
    return out.getvalue()


def page(*urls: str) -> Answer:
    """An article with pictures at these addresses."""
    lines = "".join(f'<p><img src="{url}" alt="{n}"></p>' for n, url in enumerate(urls))
    opening = b'<div class="artCon">'
    assert opening in VIDEO_PAGE
    return Answer(VIDEO_PAGE.replace(opening, opening + lines.encode(), 1))


def image(body: bytes, content_type: str = "image/jpeg") -> Answer:
    return Answer(body, content_type=content_type)


@pytest.fixture(scope="module", autouse=True)
def image_hosts() -> Iterator[None]:
    """Let the server answer for the site's own image hosts, too."""
    own = site_server._is_ours
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            site_server, "_is_ours", lambda url: own(url) or addresses.is_on_image_host(url)
        )
        yield


@dataclass(frozen=True)
class Fetched:
    """A crawl, what it asked for, and where it kept the pictures."""

    run: Run
    site: Site
    store: Path
    stats: str

    @property
    def images(self) -> dict[str, dict[str, Any]]:
        """Every picture of the records, by its address."""
        return {image["url"]: image for record in self.run.records for image in record["images"]}

    @property
    def asked(self) -> list[str]:
        """Requests for pictures."""
        return [url for url in self.site.requests if "/pic" in url]

    def count(self, key: str) -> int:
        found = re.search(rf"'zjnews/{key}': (\d+)", self.stats)
        return int(found[1]) if found else 0


def fetch(
    folder: Path,
    answers: Mapping[str, Answer],
    *arguments: str,
    urls: str = FIRST,
    store: str | None = "",
    environment: Mapping[str, str] | None = None,
) -> Fetched:
    """Crawl articles with pictures kept in `folder`/pictures, or where `store` says."""
    kept = folder / "pictures"
    settings = {
        "AUTOTHROTTLE_ENABLED": "False",
        "RETRY_TIMES": "0",
        "LOG_LEVEL": "DEBUG",  # with the stats
        "DOWNLOAD_TIMEOUT": "2",
    }
    if store is not None:
        settings["IMAGES_STORE"] = store or str(kept)
    given = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    with serve(answers) as site:
        environment = {**site.environment, **(environment or {})}
        run = crawl(
            folder, "article", "-a", f"url={urls}", *given, *arguments, environment=environment
        )
    return Fetched(run, site, kept, run.errors)


# --- Pictures of every kind, in one crawl -----------------------------------------------------------

JPEG = picture("JPEG")
PNG = picture("PNG", colour="blue")
GIF = picture("GIF", colour="green")
WEBP = picture("WEBP", colour="white")
AVIF = picture("AVIF", colour="white")
BMP = picture("BMP", colour="white")
KEPT = {
    f"{IMG}/plain.jpg": ("jpg", JPEG),
    f"{CDN}/secure.png": ("png", PNG),
    "http://img.zjolcdn.com/pic/wrong-ending.jpg": ("gif", GIF),
    f"{IMG}/moved.jpg": ("webp", WEBP),
    f"{IMG}/no-ending": ("bmp", BMP),
    f"{IMG}/query?x.jpg": ("avif", AVIF),
    f"{IMG}/two.jpg": ("jpg", two_pictures()),
    f"{CDN}/..%2f..%2f..%2fetc/pic/passwd.php?x=../../y.sh": ("png", PNG),
}
MISSING = {
    f"{IMG}/gone.jpg": "status 404",
    f"{IMG}/page.jpg": "not a picture",
    f"{IMG}/empty.jpg": "not a picture",
    f"{IMG}/cut.png": "not a picture",
    f"{IMG}/drawing.svg": "not a picture",
    f"{IMG}/hangs.jpg": "Timeout",
    f"{IMG}/moved-off.jpg": "off-site",
    "https://img.zjolcdn.com/pic/secret/x.jpg": "robots",
}
FOREIGN = {
    "http://evil.example/pic/a.jpg",
    "https://zjolcdn.com.evil.example/pic/a.jpg",
    "https://notzjolcdn.com/pic/a.jpg",
}
ANSWERS = {
    FIRST: page(*KEPT, *MISSING, *FOREIGN),
    SECOND: page(f"{IMG}/plain.jpg", f"{IMG}/gone.jpg"),
    **{url: image(body) for url, (_, body) in KEPT.items()},
    f"{IMG}/moved.jpg": Answer(status=302, location=f"{CDN}/there.jpg"),
    f"{CDN}/there.jpg": image(WEBP),
    f"{IMG}/page.jpg": Answer(b"<html>no such picture</html>"),
    f"{IMG}/empty.jpg": image(b""),
    f"{IMG}/cut.png": image(PNG[:40]),
    f"{IMG}/drawing.svg": image(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
    f"{IMG}/hangs.jpg": Answer(hangs=True),
    f"{IMG}/moved-off.jpg": Answer(status=302, location="http://evil.example/pic/b.jpg"),
    "http://img.zjolcdn.com/robots.txt": Answer(  # the first that is asked for counts for the host
        b"User-agent: *\nDisallow: /pic/secret/\n", content_type="text/plain"
    ),
    "https://img.zjolcdn.com/pic/secret/x.jpg": image(JPEG),
}


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Fetched:
    return fetch(tmp_path_factory.mktemp("images"), ANSWERS, urls=f"{FIRST},{SECOND}")


def test_no_article_is_lost_and_nothing_is_an_error(fetched: Fetched) -> None:
    assert fetched.run.status == 0
    assert fetched.run.ids == {"trs:20250318:30845127", "trs:20250318:30845128"}
    assert fetched.run.rejected == {}
    assert "Traceback" not in fetched.run.errors
    assert "ERROR" not in fetched.run.errors


@pytest.mark.parametrize("url", KEPT)
def test_a_picture_is_kept_byte_for_byte_under_its_digest(fetched: Fetched, url: str) -> None:
    extension, body = KEPT[url]
    sha1 = hashlib.sha1(body).hexdigest()
    found = fetched.images[url]
    assert (found["file"], found["sha1"]) == (f"{sha1[:2]}/{sha1}.{extension}", sha1)
    assert (fetched.store / found["file"]).read_bytes() == body


@pytest.mark.parametrize("url", MISSING)
def test_a_missing_picture_is_a_line_and_null(fetched: Fetched, url: str) -> None:
    assert (fetched.images[url]["file"], fetched.images[url]["sha1"]) == (None, None)
    [line] = [
        line for line in fetched.run.errors.splitlines() if f"missing {url} of {FIRST} " in line
    ]
    assert MISSING[url] in line


@pytest.mark.parametrize("url", sorted(FOREIGN))
def test_a_picture_elsewhere_is_left_alone(fetched: Fetched, url: str) -> None:
    assert (fetched.images[url]["file"], fetched.images[url]["sha1"]) == (None, None)
    assert url not in fetched.run.errors


def test_nobody_else_is_ever_asked(fetched: Fetched) -> None:
    assert fetched.site.outside == []
    assert not [url for url in fetched.asked if "secret" in url]


def test_the_blocks_of_the_body_say_the_same(fetched: Fetched) -> None:
    for record in fetched.run.records:
        blocks = [block for block in record["body"] if block["type"] == "image"]
        assert [{"type": "image", **image} for image in record["images"]] == blocks
        assert list(record["images"][0]) == ["url", "caption", "credit", "alt", "file", "sha1"]


def test_both_articles_have_the_warning_once(fetched: Fetched) -> None:
    for record in fetched.run.records:
        assert record["warnings"].count("image-missing") == 1
        assert record["warnings"] == sorted(record["warnings"])


def test_a_picture_of_two_articles_is_asked_for_once(fetched: Fetched) -> None:
    assert len(fetched.asked) == len(set(fetched.asked))
    files = {
        image["file"]
        for record in fetched.run.records
        for image in record["images"]
        if image["url"].endswith("plain.jpg")
    }
    assert len(files) == 1 and None not in files


def test_robots_txt_of_every_image_host_is_read_first(fetched: Fetched) -> None:
    requests = fetched.site.requests
    for host in ("img.zjol.com.cn", "img.zjolcdn.com", "img2.zjolcdn.com"):
        first = next(url for url in requests if f"//{host}/" in url)
        assert first.endswith("/robots.txt")


def test_the_store_holds_pictures_and_notes_and_nothing_else(fetched: Fetched) -> None:
    files = {
        str(path.relative_to(fetched.store)) for path in fetched.store.rglob("*") if path.is_file()
    }
    notes = {name for name in files if name.startswith("addresses/")}
    assert all(_NAME.fullmatch(name) for name in files - notes)
    assert len(notes) == len(KEPT)
    assert len(files - notes) == len({body for _, body in KEPT.values()})
    beside = {path.name for path in fetched.store.parent.iterdir()}
    assert {name for name in beside if "passwd" in name or name.endswith((".sh", ".php"))} == set()


def test_pictures_are_counted_apart_from_articles(fetched: Fetched) -> None:
    assert fetched.count("images") == len(KEPT) + 1
    assert fetched.count("images-failed") == len(MISSING) + 1
    assert "zjnews/rejected/" not in fetched.stats


# --- Further runs -----------------------------------------------------------------------------------

SMALL_SITE = {FIRST: page(f"{IMG}/a.jpg"), f"{IMG}/a.jpg": image(JPEG)}


def test_without_a_store_nothing_is_fetched_and_nothing_said(tmp_path: Path) -> None:
    fetched = fetch(tmp_path, SMALL_SITE, store=None)
    [found] = fetched.images.values()
    assert (found["file"], found["sha1"]) == (None, None)
    assert not [url for url in fetched.site.requests if "img." in url]
    assert "isabled" not in fetched.run.errors
    assert "image-missing" not in fetched.run.records[0]["warnings"]


def test_a_picture_is_not_fetched_again_until_it_expires(tmp_path: Path) -> None:
    first = fetch(tmp_path, SMALL_SITE)
    again = fetch(tmp_path, SMALL_SITE)
    assert (len(first.asked), len(again.asked)) == (1, 0)
    assert again.images == first.images
    assert again.count("images") == 1
    long_ago = time.time() - 91 * 86400
    [note] = (tmp_path / "pictures" / "addresses").rglob("*.txt")
    os.utime(note, (long_ago, long_ago))
    expired = fetch(tmp_path, SMALL_SITE)
    assert len(expired.asked) == 1
    assert expired.images == first.images


def test_a_picture_that_was_deleted_is_fetched_again(tmp_path: Path) -> None:
    [found] = fetch(tmp_path, SMALL_SITE).images.values()
    file = tmp_path / "pictures" / found["file"]
    file.unlink()
    again = fetch(tmp_path, SMALL_SITE)
    assert len(again.asked) == 1
    assert file.read_bytes() == JPEG


def test_a_note_that_was_tampered_with_is_not_believed(tmp_path: Path) -> None:
    first = fetch(tmp_path, SMALL_SITE)
    [note] = (tmp_path / "pictures" / "addresses").rglob("*.txt")
    note.write_text("../../out.jsonl", "utf-8")
    again = fetch(tmp_path, SMALL_SITE)
    assert len(again.asked) == 1
    assert again.images == first.images


def test_a_picture_that_is_too_small(tmp_path: Path) -> None:
    answers = {
        FIRST: page(f"{IMG}/small.jpg", f"{IMG}/large.jpg"),
        f"{IMG}/small.jpg": image(picture("JPEG", (99, 200))),
        f"{IMG}/large.jpg": image(picture("JPEG", (100, 50))),
    }
    fetched = fetch(tmp_path, answers, "-s", "IMAGES_MIN_WIDTH=100", "-s", "IMAGES_MIN_HEIGHT=50")
    assert fetched.images[f"{IMG}/small.jpg"]["file"] is None
    assert fetched.images[f"{IMG}/large.jpg"]["file"]
    assert "too small, 99 by 200" in fetched.run.errors


def test_a_store_that_fails_loses_no_article(tmp_path: Path) -> None:
    store = tmp_path / "pictures"
    store.mkdir()
    sha1 = hashlib.sha1(JPEG).hexdigest()
    (store / sha1[:2]).write_bytes(b"in the way")
    fetched = fetch(tmp_path, SMALL_SITE)
    [record] = fetched.run.records
    assert record["images"][0]["file"] is None
    assert "image-missing" in record["warnings"]
    assert "could not be stored" in fetched.run.errors
    assert "Traceback" not in fetched.run.errors


def test_an_image_host_is_asked_no_faster_than_any_other(tmp_path: Path) -> None:
    urls = [f"{IMG}/{n}.jpg" for n in range(4)]
    answers = {FIRST: page(*urls), **dict.fromkeys(urls, image(JPEG))}
    fetched = fetch(tmp_path, answers, "-s", "DOWNLOAD_DELAY=0.6")
    times = [asked.at for asked in fetched.site.asked if "//img." in asked.url]
    assert len(times) == 5  # robots.txt, too
    assert all(after - before > 0.2 for before, after in pairwise(times))
    assert {image["file"] for image in fetched.images.values()} != {None}


# --- What keeps a crawl from starting ---------------------------------------------------------------


def test_without_pillow_no_crawl_starts(tmp_path: Path) -> None:
    (tmp_path / "PIL").mkdir()
    (tmp_path / "PIL" / "__init__.py").write_text("raise ImportError", "utf-8")
    fetched = fetch(tmp_path, SMALL_SITE, environment={"PYTHONPATH": str(tmp_path)})
    assert fetched.run.status == 2
    assert "IMAGES_STORE needs the package pillow: pip install pillow" in fetched.run.errors
    assert "Traceback" not in fetched.run.errors
    assert fetched.site.requests == []


def test_pillow_is_not_needed_without_a_store(tmp_path: Path) -> None:
    (tmp_path / "PIL").mkdir()
    (tmp_path / "PIL" / "__init__.py").write_text("raise ImportError", "utf-8")
    environment = {"PYTHONPATH": str(tmp_path)}
    fetched = fetch(tmp_path, SMALL_SITE, store=None, environment=environment)
    assert (fetched.run.status, len(fetched.run.records)) == (0, 1)
    assert "pillow:" not in fetched.run.errors


@pytest.mark.parametrize(
    ("store", "says"),
    [
        ("/proc/none/pictures", "IMAGES_STORE=/proc/none/pictures: No such file or directory"),
        ("s3://key:secret@bucket/x", "credentials do not belong"),
        ("nosuch://bucket/x", "IMAGES_STORE=nosuch://bucket/x: a folder or s3://BUCKET/FOLDER"),
    ],
)
def test_a_store_that_cannot_be_used_is_one_line(tmp_path: Path, store: str, says: str) -> None:
    fetched = fetch(tmp_path, SMALL_SITE, store=store)
    assert fetched.run.status == 2
    assert says in fetched.run.errors
    assert "secret" not in fetched.run.errors
    assert "Traceback" not in fetched.run.errors
    assert fetched.site.requests == []


def test_saved_pages_stay_off_the_network(tmp_path: Path) -> None:
    saved = tmp_path / "saved" / "page.html"
    saved.parent.mkdir()
    saved.write_bytes(page(f"{IMG}/a.jpg").body)
    (saved.parent / "response.json").write_text(
        json.dumps({"url": FIRST, "status": 200, "headers": {}}), "utf-8"
    )
    with serve(SMALL_SITE) as site:
        store = f"IMAGES_STORE={tmp_path / 'pictures'}"
        where = f"path={saved.parent}"
        run = crawl(tmp_path, "archive", "-a", where, "-s", store, environment=site.environment)
    assert run.records[0]["images"][0]["file"] is None
    assert "image-missing" not in run.records[0]["warnings"]
    assert site.requests == []


# --- Which hosts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://img.zjol.com.cn/a.jpg", True),
        ("http://meizi-zjol-1577-pub.zjol.com.cn/a", True),
        ("https://img2.zjolcdn.com/a.jpg", True),
        ("https://zjolcdn.com/a.jpg", True),
        ("HTTPS://IMG.ZJOLCDN.COM/a.jpg", True),
        ("https://img.zjolcdn.com.evil.example/a.jpg", False),
        ("https://notzjolcdn.com/a.jpg", False),
        ("https://evil.example/img.zjolcdn.com/a.jpg", False),
        ("https://img.zjolcdn.com@evil.example/a.jpg", False),
        ("https://evil.example\\.zjolcdn.com/a.jpg", False),
        ("https://[img.zjolcdn.com/a.jpg", False),
        ("https://img.zjolcdn.com:port/a.jpg", False),
        ("ftp://img.zjolcdn.com/a.jpg", False),
        ("file:///img.zjolcdn.com/a.jpg", False),
        ("data:image/png;base64,AAAA", False),
        ("", False),
    ],
)
def test_where_pictures_may_lie(url: str, may: bool) -> None:
    assert addresses.may_hold_images(url) is may


@pytest.mark.parametrize("url", ["https://img.zjol.com.cn/\ud800.jpg", "//img.zjol.com.cn/a.jpg"])
def test_an_address_that_nobody_can_be_asked_for_is_left_alone(url: str) -> None:
    assert wanted(Article(images=[Image(url=url)])) == {}


@pytest.mark.parametrize(
    ("url", "meta", "passes"),
    [
        ("https://img.zjolcdn.com/a.jpg", Carried(is_image=True).meta, True),
        ("https://img.zjolcdn.com/a.jpg", {}, False),
        ("https://img.zjolcdn.com/robots.txt", {"dont_obey_robotstxt": True}, True),
        ("https://img.zjolcdn.com/robots.txt", {}, False),
        ("https://evil.example/a.jpg", Carried(is_image=True).meta, False),
        ("https://evil.example/robots.txt", {"dont_obey_robotstxt": True}, False),
        ("https://img.zjol.com.cn/a.jpg", {}, True),
    ],
)
def test_only_pictures_pass_to_the_image_hosts(
    url: str, meta: dict[str, Any], passes: bool
) -> None:
    request = Request(url, meta=dict(meta))
    if passes:
        OnSiteMiddleware().process_request(request)
        return
    with pytest.raises(Rejected, match="off-site"):
        OnSiteMiddleware().process_request(request)
