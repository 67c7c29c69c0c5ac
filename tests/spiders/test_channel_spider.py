"""The spider `channel` against the made-up site: what it finds, what it asks for, and when it stops."""

import dataclasses
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.command_line import Run, crawl
from tests.made_up_site import MadeUpArticle, MadeUpSite
from tests.reading import PAGES
from tests.site_server import Answer, Asked, Site, serve
from zjnews.site import addresses
from zjnews.text.dates import BEIJING

CHANNELS = ("zjxc", "gnxw", "bwgd", "cjxw", "jms", "czjsb", "jkxw")
FAST = ("-s", "AUTOTHROTTLE_ENABLED=False", "-s", "RETRY_PAUSE=0.1")
DAYS = 20


def lists_of(made_up: MadeUpSite, *channels: str) -> str:
    return "channels=" + ",".join(made_up.list_url(channel) for channel in channels)


def crawl_channels(folder: Path, made_up: MadeUpSite, site: Site, *arguments: str) -> Run:
    lists = lists_of(made_up, *CHANNELS)
    since = f"since={DAYS}d"
    contact = ("-s", "CONTACT=desk@example.org")
    arguments = ("channel", "-a", lists, "-a", since, *FAST, *contact, *arguments)
    return crawl(folder, *arguments, environment=site.environment)


def is_article(url: str) -> bool:
    return addresses.address_of(url).is_article


def asked_articles(site: Site) -> list[str]:
    return [url for url in site.requests if is_article(url)]


def window_start() -> datetime:
    return datetime.now(UTC) - timedelta(days=DAYS)


@dataclasses.dataclass
class Crawled:
    """A first run over all channels, and what it left behind."""

    made_up: MadeUpSite
    site: Site
    folder: Path
    first: Run
    requests: list[str]

    def again(self, folder: Path, *arguments: str) -> Run:
        """Another run with the state that the first one left."""
        shutil.copy(self.folder / "state.db", folder / "state.db")
        with self.site.lock:
            self.site.asked.clear()
        return crawl_channels(folder, self.made_up, self.site, *arguments)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    made_up = MadeUpSite(datetime.now(UTC), trouble=False)
    folder = tmp_path_factory.mktemp("sound")
    with serve(made_up.answer) as site:
        run = crawl_channels(folder, made_up, site)
        yield Crawled(made_up, site, folder, run, site.requests)
        assert not site.outside


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    made_up = MadeUpSite(datetime.now(UTC))
    folder = tmp_path_factory.mktemp("troubled")
    with serve(made_up.answer) as site:
        run = crawl_channels(folder, made_up, site)
        yield Crawled(made_up, site, folder, run, site.requests)
        assert not site.outside


# --- the first run ------------------------------------------------------------------------------------


def test_every_article_in_the_window_comes_once_and_nothing_else(sound: Crawled) -> None:
    expected = sound.made_up.ids_in(CHANNELS, window_start())
    assert sound.first.status == 0
    assert len(sound.first.records) == len(sound.first.ids)
    assert sound.first.ids == expected
    assert len(expected) > 200


def test_titles_dates_and_texts_are_those_of_the_site(sound: Crawled) -> None:
    for record in sound.first.records:
        article = sound.made_up.article(record["id"])
        assert record["title"] == article.title
        assert datetime.fromisoformat(record["published_at"]) == article.published_at
        assert record["text"] == article.text, article.oddity


def test_a_sound_site_gives_no_warning_and_no_reject(sound: Crawled) -> None:
    assert sound.first.rejected == {}
    assert sound.first.counts("warning") == {}
    assert " WARNING: " not in sound.first.errors


def test_no_address_is_asked_for_twice(sound: Crawled) -> None:
    assert len(sound.requests) == len(set(sound.requests))


def test_five_hosts_and_more_are_asked(sound: Crawled) -> None:
    assert len({url.split("/")[2] for url in sound.requests}) >= 7


@pytest.mark.parametrize("oddity", ["pages-trs", "pages-script", "pages-system"])
def test_an_article_of_several_pages_is_one_record(sound: Crawled, oddity: str) -> None:
    article = sound.made_up.odd(oddity)
    [record] = [record for record in sound.first.records if record["id"] == article.id]
    assert record["page_count"] == article.pages > 1
    assert record["editors"] == [article.editor]
    assert record["warnings"] == []


def test_near_copies_name_the_article_they_repeat(sound: Crawled) -> None:
    copies = {r["id"]: r["duplicate_of"] for r in sound.first.records if r["duplicate_of"]}
    pairs = {a.id: a.copy_of for a in sound.made_up.articles if a.copy_of}
    # Which of the two comes first is a matter of hosts.
    assert {frozenset(pair) for pair in copies.items()} == {frozenset(p) for p in pairs.items()}
    assert "(near copies: 3)" in sound.first.errors


def test_first_readings_are_revision_1(sound: Crawled) -> None:
    assert {record["revision"] for record in sound.first.records} == {1}


ENGLISH = "http://www.inzhejiang.com/ZhejiangFocus/zjinaction/"


def test_a_channel_of_the_english_site(tmp_path: Path) -> None:
    """Under both of its names, and nowhere else, however like them it looks."""
    page = Answer((PAGES / "english" / "trs-classes" / "page.html").read_bytes())
    other = ENGLISH.replace("www.", "")
    links = (
        "./202005/t20200516_1.shtml",
        f"{other}202005/t20200515_2.shtml",
        f"{ENGLISH}202005/t20200515_2_ext.shtml",
        "http://inzhejiang.com.evil.com/202005/t20200515_3.shtml",
        "http://news.inzhejiang.com/202005/t20200515_4.shtml",
    )
    lines = "".join(f'<li class="listLi"><a href="{link}">x</a></li>' for link in links)
    answers = {
        ENGLISH: Answer(f'<ul class="listUl">{lines}</ul>'.encode()),
        f"{ENGLISH}202005/t20200516_1.shtml": page,
        f"{other}202005/t20200515_2.shtml": page,
    }
    with serve(answers) as site:
        channel = ("channel", "-a", "channels=zjinaction")
        run = crawl(tmp_path, *channel, *FAST, environment=site.environment)
    assert run.ids == {"trs:20200516:1", "trs:20200515:2"}
    assert {record["language"] for record in run.records} == {"en"}
    assert {record["canonical_url"].split("/")[2] for record in run.records} == {
        "www.inzhejiang.com"
    }
    assert not site.outside


# --- the second run -----------------------------------------------------------------------------------


def test_a_second_run_asks_only_for_young_articles_and_gives_nothing(
    sound: Crawled, tmp_path: Path
) -> None:
    run = sound.again(tmp_path)
    young = datetime.now(UTC) - timedelta(hours=48)
    asked = {addresses.address_of(url).id for url in asked_articles(sound.site)}
    assert run.records == []
    assert run.status == 0
    assert asked
    assert asked <= {a.id for a in sound.made_up.articles if a.published_at >= young}


def test_where_the_server_can_tell_nothing_is_sent_again(sound: Crawled, tmp_path: Path) -> None:
    sound.again(tmp_path)
    told = {
        (a.url.split("/")[2].split(".")[0], name) for a in sound.site.asked for name in a.headers
    }
    assert {("zjnews", "if-none-match"), ("cs", "if-modified-since")} <= told
    assert not {("cs", "if-none-match"), ("biz", "if-modified-since")} & told


def test_with_no_refresh_hours_a_second_run_asks_for_no_article(
    sound: Crawled, tmp_path: Path
) -> None:
    run = sound.again(tmp_path, "-s", "REFRESH_HOURS=0")
    assert asked_articles(sound.site) == []
    assert run.skipped["known"] > 50


def test_a_second_run_stops_at_the_first_page_that_brings_nothing_new(
    sound: Crawled, tmp_path: Path
) -> None:
    sound.again(tmp_path, "-s", "REFRESH_HOURS=0")
    lists = [url for url in sound.site.requests if "/zjxc/" in url and not is_article(url)]
    # Up to the first page that reaches back beyond the day of the first run.
    assert 1 <= len(lists) <= 2


def test_full_asks_for_everything_again(sound: Crawled, tmp_path: Path) -> None:
    run = sound.again(tmp_path, "-a", "full=1")
    assert run.ids == sound.first.ids
    assert {record["revision"] for record in run.records} == {1}


def test_an_article_known_from_one_channel_is_not_asked_for_in_another(
    sound: Crawled, tmp_path: Path
) -> None:
    environment, made_up = sound.site.environment, sound.made_up
    arguments = ("-a", f"since={DAYS}d", "-s", "REFRESH_HOURS=0", *FAST)
    crawl(tmp_path, "channel", "-a", lists_of(made_up, "zjxc"), *arguments, environment=environment)
    with sound.site.lock:
        sound.site.asked.clear()
    crawl(tmp_path, "channel", "-a", lists_of(made_up, "gnxw"), *arguments, environment=environment)
    asked = {addresses.address_of(url).id for url in asked_articles(sound.site)}
    shared = {a.id for a in made_up.articles if {"zjxc", "gnxw"} <= set(a.channels)}
    assert shared
    assert not asked & shared


def test_one_correction_one_new_article_and_one_deletion(tmp_path: Path) -> None:
    made_up = MadeUpSite(datetime.now(UTC), trouble=False)
    with serve(made_up.answer) as site:
        crawl_channels(tmp_path, made_up, site)
        young = [a for a in newest(made_up, "zjxc") if a.pages == 1]
        corrected, deleted = young[1], young[2]
        made_up.correct(corrected)
        made_up.delete(deleted)
        new = made_up.publish("gnxw")
        run = crawl_channels(tmp_path, made_up, site)
        revisions = {record["id"]: record["revision"] for record in run.records}
        assert revisions == {corrected.id: 2, new.id: 1}
        [revision] = [record for record in run.records if record["id"] == corrected.id]
        assert revision["text"] == corrected.text
        assert corrected.modified_at is not None
        assert datetime.fromisoformat(revision["modified_at"]) == corrected.modified_at
        assert run.skipped["gone"] == 1
        assert run.rejected == {}
        assert "(corrected: 1)" in run.errors

        made_up.correct(corrected)
        run = crawl_channels(tmp_path, made_up, site)
        assert {record["id"]: record["revision"] for record in run.records} == {corrected.id: 3}


def newest(made_up: MadeUpSite, channel: str) -> list[MadeUpArticle]:
    listed = [a for a in made_up.articles if channel in a.channels and a.copy_of is None]
    return sorted(listed, key=lambda article: article.published_at, reverse=True)


# --- trouble ------------------------------------------------------------------------------------------


def test_trouble_on_the_site_loses_nothing_else(troubled: Crawled) -> None:
    assert troubled.first.status == 0
    assert troubled.first.ids == troubled.made_up.ids_in(CHANNELS, window_start())
    assert len(troubled.first.records) == len(troubled.first.ids)
    assert "Traceback" not in troubled.first.errors


def test_trouble_is_counted_by_reason(troubled: Crawled) -> None:
    assert troubled.first.rejected == {
        "http-404": 2,  # one of them page 2 of an article
        "http-500": 1,
        "off-site": 1,
        "redirect-loop": 2,
        "robots-forbidden": 1,
    }
    assert len(troubled.first.lines) == sum(troubled.first.rejected.values())


def test_what_failed_for_good_is_not_asked_for_again(troubled: Crawled, tmp_path: Path) -> None:
    run = troubled.again(tmp_path, "-s", "REFRESH_HOURS=0")
    asked = {addresses.address_of(url).id for url in asked_articles(troubled.site)}
    assert asked == {troubled.made_up.odd("http-500").id}  # it may work tomorrow
    assert run.records == []


def test_an_article_without_its_second_page_says_so(troubled: Crawled) -> None:
    missing = troubled.made_up.odd("pages-missing").id
    warnings = {r["id"]: r["warnings"] for r in troubled.first.records if r["warnings"]}
    assert warnings == {missing: ["page-missing"]}


def test_an_article_behind_a_redirect_is_known_by_its_listed_address(
    troubled: Crawled, tmp_path: Path
) -> None:
    detours = [a.listed_url for a in troubled.made_up.articles if a.listed_url]
    assert len(detours) == 3
    troubled.again(tmp_path, "-s", "REFRESH_HOURS=0")
    assert not set(detours) & set(troubled.site.requests)


# --- what looks sound for a day -----------------------------------------------------------------------


def stand_in(made_up: MadeUpSite, how: str) -> Answer:
    """What a page may be answered with instead."""
    first = made_up.list_url("zjxc")
    return {
        "maintenance": Answer("<html><body><h1>系统维护中</h1></body></html>".encode()),
        "not there": Answer(b"gone", 404),
        "first page": Answer(status=302, location=first),
        "meta refresh": Answer(f'<meta http-equiv=refresh content="0;url={first}">'.encode()),
        "front": Answer(status=302, location="https://www.zjol.com.cn/"),
        "off the site": Answer(status=302, location="http://guard.example/?u=1"),
        "to itself": Answer(status=302, location="?again=1"),
    }[how]


@pytest.mark.parametrize("how", ["maintenance", "not there", "first page", "meta refresh", "front"])
def test_a_list_page_that_is_not_itself_for_once_loses_nothing(tmp_path: Path, how: str) -> None:
    made_up = MadeUpSite(datetime.now(UTC), trouble=False)
    is_ill = True

    def answer(asked: Asked) -> Answer:
        if is_ill and asked.url.endswith("/zjxc/index_4.shtml"):
            return stand_in(made_up, how)
        return made_up.answer(asked)

    arguments = ("channel", "-a", lists_of(made_up, "zjxc"), *FAST, "-s", "REFRESH_HOURS=0")
    with serve(answer) as site:
        first = crawl(tmp_path, *arguments, environment=site.environment)
        is_ill = False
        second = crawl(tmp_path, *arguments, environment=site.environment)
    assert len(first.ids) < 100
    assert first.ids | second.ids == made_up.ids_in(["zjxc"])
    assert not first.ids & second.ids


@pytest.mark.parametrize("how", ["maintenance", "not there", "off the site", "to itself", "front"])
def test_a_guard_for_a_day_loses_no_article(tmp_path: Path, how: str) -> None:
    made_up = MadeUpSite(datetime.now(UTC), trouble=False)
    is_ill = True

    def answer(asked: Asked) -> Answer:
        if is_ill and "/zjxc/" in asked.url and is_article(asked.url):
            return stand_in(made_up, how)
        return made_up.answer(asked)

    arguments = ("channel", "-a", lists_of(made_up, "zjxc"), *FAST, "-s", "REFRESH_HOURS=0")
    with serve(answer) as site:
        first = crawl(tmp_path, *arguments, environment=site.environment)
        is_ill = False
        second = crawl(tmp_path, *arguments, environment=site.environment)
    assert first.ids | second.ids == made_up.ids_in(["zjxc"])


# --- windows and ends ---------------------------------------------------------------------------------


def crawl_list(
    folder: Path, sound: Crawled, channel: str, *arguments: str, name: str = "run"
) -> Run:
    """A run over one channel that knows of no other run."""
    (folder / name).mkdir()
    with sound.site.lock:
        sound.site.asked.clear()
    arguments = ("channel", "-a", lists_of(sound.made_up, channel), *FAST, *arguments)
    return crawl(folder / name, *arguments, environment=sound.site.environment)


def test_a_window_of_days_takes_both_ends(sound: Crawled, tmp_path: Path) -> None:
    today = datetime.now(BEIJING).date()
    since, until = today - timedelta(days=9), today - timedelta(days=4)
    run = crawl_list(tmp_path, sound, "zjxc", "-a", f"since={since}", "-a", f"until={until}")
    expected = sound.made_up.ids_in(["zjxc"], since, until)
    assert run.ids == expected
    assert len(expected) > 15


def test_a_window_to_the_minute_is_judged_by_the_printed_time(
    sound: Crawled, tmp_path: Path
) -> None:
    article = newest(sound.made_up, "zjxc")[12]
    minute = article.published_at.astimezone(BEIJING).replace(second=0)
    until = f"until={minute:%Y-%m-%dT%H:%M}"
    since = f"since={minute - timedelta(minutes=1):%Y-%m-%dT%H:%M}"
    run = crawl_list(tmp_path, sound, "zjxc", "-a", since, "-a", until)
    assert run.ids == {article.id}
    # What was read and lay outside it is remembered by its printed time.
    with sound.site.lock:
        sound.site.asked.clear()
    arguments = ("channel", "-a", lists_of(sound.made_up, "zjxc"), *FAST, "-a", since, "-a", until)
    crawl(
        tmp_path / "run",
        *arguments,
        "-s",
        "REFRESH_HOURS=0",
        environment=sound.site.environment,
    )
    assert asked_articles(sound.site) == []


def test_the_walk_ends_where_a_whole_page_is_older(sound: Crawled, tmp_path: Path) -> None:
    crawl_list(tmp_path, sound, "zjxc", "-a", "since=6d")
    lists = [url for url in sound.site.requests if not is_article(url) and "robots" not in url]
    # Seven hours an article, ten a page: six days are three pages, and one page is older.
    assert len(lists) == 4


def test_a_pinned_old_article_does_not_end_the_walk(sound: Crawled, tmp_path: Path) -> None:
    run = crawl_list(tmp_path, sound, "jms", "-a", "since=15d")
    assert run.ids == sound.made_up.ids_in(["jms"], datetime.now(UTC) - timedelta(days=15))


def test_a_channel_of_ten_pages_costs_its_lists_its_articles_and_robots(
    sound: Crawled, tmp_path: Path
) -> None:
    run = crawl_list(tmp_path, sound, "zjxc")
    pages = sum(article.pages for article in sound.made_up.articles if "zjxc" in article.channels)
    requests = sound.site.requests
    assert len(run.records) == 100
    assert len(requests) <= 10 + pages + 1
    assert f"requests {len(requests):>7,}  of them 1 for robots.txt, 0 again, " in run.errors


def test_max_pages(sound: Crawled, tmp_path: Path) -> None:
    run = crawl_list(tmp_path, sound, "zjxc", "-a", "max_pages=2")
    assert len(run.records) == 20
    # The next run does not take the rest for seen.
    more = crawl(
        tmp_path / "run",
        "channel",
        "-a",
        lists_of(sound.made_up, "zjxc"),
        *FAST,
        environment=sound.site.environment,
    )
    assert len(more.records) == 80


def test_without_paging_links_the_walk_ends_at_a_404(sound: Crawled, tmp_path: Path) -> None:
    run = crawl_list(tmp_path, sound, "bwgd")
    assert run.ids == sound.made_up.ids_in(["bwgd"])
    assert run.rejected == {}


def test_boxes_around_an_unknown_list_are_left_alone(sound: Crawled, tmp_path: Path) -> None:
    run = crawl_list(tmp_path, sound, "jkxw")
    assert run.ids == sound.made_up.ids_in(["jkxw"])
    assert sound.made_up.odd("very-old").id not in run.ids


def test_near_copies_can_be_left_out(sound: Crawled, tmp_path: Path) -> None:
    folder = tmp_path / "dropped"
    folder.mkdir()
    run = crawl_channels(folder, sound.made_up, sound.site, "-s", "DROP_DUPLICATES=True")
    assert len(run.records) == len(sound.first.records) - 3
    assert run.skipped["near-copy"] == 3
    assert {record["duplicate_of"] for record in run.records} == {None}


def test_a_list_without_an_article_is_counted_and_named(sound: Crawled, tmp_path: Path) -> None:
    arguments = ("channel", "-a", "channels=https://zjnews.zjol.com.cn/empty/", *FAST)
    run = crawl(tmp_path, *arguments, environment=sound.site.environment)
    assert run.rejected == {"http-404": 1}


# --- bad arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "channels is missing"),
        (["channels="], "channels is missing"),
        (["channels=nosuch"], "no channel 'nosuch'; the command `channels` shows them all"),
        (["channels=https://example.org/a/"], "no http or https address on zjol.com.cn"),
        (["channels=zjxc", "since=gestern"], "since=gestern is no time; accepted: 2026-09-01, "),
        (["channels=zjxc", "until=2026-02-30"], "until=2026-02-30 is no time; accepted: "),
        (["channels=zjxc", "since=2020-02-02", "until=2020-02-01"], "is not before until"),
        (["channels=zjxc", "since=2999-01-01"], "lies in the future"),
        (["channels=zjxc", "max_pages=0"], "max_pages=0 is no number of pages"),
        (["channels=zjxc", "full=maybe"], "full=maybe is neither 1 nor 0"),
        (["channels=zjxc", "sinse=7d"], "no argument 'sinse'; accepted: -a channels=…"),
    ],
)
def test_bad_arguments_are_one_line_and_status_2(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    given = [part for argument in arguments for part in ("-a", argument)]
    run = crawl(tmp_path, "channel", *given)
    assert run.status == 2
    assert says in run.errors
    assert len(run.errors.strip().splitlines()) == 1


def test_a_store_that_cannot_be_used_is_one_line_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("this is no database, whatever its name says\n" * 99)
    run = crawl(tmp_path, "channel", "-a", "channels=zjxc")
    assert run.status == 2
    [line] = run.errors.strip().splitlines()
    assert "state.db cannot be used: file is not a database" in line
