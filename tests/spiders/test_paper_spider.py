"""The spider `paper` against the made-up newspapers: issues, printed pages, what is known."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.command_line import Run, crawl
from tests.made_up_site import MadeUpSite
from tests.site_server import Answer, Asked, Site, serve
from tests.spiders.test_channel_spider import FAST, Crawled, asked_articles
from zjnews.site import addresses
from zjnews.text.dates import BEIJING

PAPERS = ("zjrb", "qjwb")
DAYS = 28


def first_day() -> str:
    return f"{datetime.now(BEIJING).date() - timedelta(days=DAYS)}"


def crawl_papers(folder: Path, site: Site, *arguments: str) -> Run:
    given = ("paper", "-a", "papers=zjrb,qjwb", "-a", f"since={first_day()}", *FAST, *arguments)
    return crawl(folder, *given, environment=site.environment)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    made_up = MadeUpSite(datetime.now(UTC), trouble=False)
    folder = tmp_path_factory.mktemp("month")
    with serve(made_up.answer) as site:
        run = crawl_papers(folder, site)
        yield Crawled(made_up, site, folder, run, site.requests)
        assert not site.outside


def test_a_month_of_two_newspapers_comes_once(month: Crawled) -> None:
    since = datetime.now(BEIJING).date() - timedelta(days=DAYS)
    assert month.first.status == 0
    assert month.first.ids == month.made_up.paper_ids_in(PAPERS, since)
    assert len(month.first.records) == len(month.first.ids) > 400


def test_nothing_is_rejected_and_days_without_issue_are_counted(month: Crawled) -> None:
    assert month.first.rejected == {}
    assert month.first.skipped == {"no-issue": 2}


def test_every_record_names_its_printed_page(month: Crawled) -> None:
    for record in month.first.records:
        article = month.made_up.article(record["id"])
        assert article.printed_page is not None
        assert tuple(record["sections"]) == article.printed_page


def test_the_date_is_the_day_of_the_issue(month: Crawled) -> None:
    for record in month.first.records:
        article = month.made_up.article(record["id"])
        assert datetime.fromisoformat(record["published_at"]) == article.published_at
        assert record["published_precision"] == "day"


def test_no_address_is_asked_for_twice(month: Crawled) -> None:
    assert len(month.requests) == len(set(month.requests))


def test_a_list_of_issues_spares_the_search_for_fronts(month: Crawled) -> None:
    fronts = [url for url in month.requests if url.endswith("index.htm")]
    assert fronts
    assert all("//qjwb.thehour.cn/" in url for url in fronts)


def test_a_newspaper_that_has_moved_is_read_where_it_is_now(month: Crawled) -> None:
    hosts = {addresses.address_of(url).canonical.split("/")[2] for url in month.requests}
    assert hosts == {"zjrb.zjol.com.cn", "qjwb.thehour.cn"}


def test_an_old_address_of_a_newspaper_that_has_moved_leads_to_it(tmp_path: Path) -> None:
    made_up = MadeUpSite(datetime.now(UTC), trouble=False)
    [article, *_] = (a for a in made_up.articles if a.channels == ["qjwb"])
    old = article.url.replace("thehour.cn", "zjol.com.cn")

    def answer(asked: Asked) -> Answer:
        return (
            Answer(status=301, location=article.url) if asked.url == old else made_up.answer(asked)
        )

    with serve(answer) as site:
        run = crawl(tmp_path, "article", "-a", f"url={old}", *FAST, environment=site.environment)
    assert [(r["id"], r["url"]) for r in run.records] == [(article.id, article.url)]


def test_a_second_run_asks_only_for_the_young_issues(month: Crawled, tmp_path: Path) -> None:
    shutil.copy(month.folder / "state.db", tmp_path / "state.db")
    with month.site.lock:
        month.site.asked.clear()
    run = crawl_papers(tmp_path, month.site)
    young = datetime.now(BEIJING).date() - timedelta(days=3)
    days = {f"{young + timedelta(days=ahead):%Y-%m/%d}" for ahead in range(4)}
    # What had no issue may have one by now.
    pages = [url for url in month.site.requests if "node_" in url or "content_" in url]
    assert run.records == []
    assert pages
    assert {url.split("/html/")[1][:10] for url in pages} <= days
    assert run.skipped["known-issue"] > 40


def test_without_since_today_is_read(month: Crawled, tmp_path: Path) -> None:
    arguments = ("paper", "-a", "papers=zjrb", *FAST)
    run = crawl(tmp_path, *arguments, environment=month.site.environment)
    today = datetime.now(BEIJING).date()
    assert run.ids == month.made_up.paper_ids_in(["zjrb"], today, today)
    assert len(run.ids) == 9


def test_until_takes_its_day(month: Crawled, tmp_path: Path) -> None:
    day = datetime.now(BEIJING).date() - timedelta(days=11)
    arguments = ("-a", f"since={day}", "-a", f"until={day}", *FAST)
    run = crawl(
        tmp_path, "paper", "-a", "papers=zjrb", *arguments, environment=month.site.environment
    )
    assert run.ids == month.made_up.paper_ids_in(["zjrb"], day, day)


def test_a_front_that_leads_to_another_day_is_no_issue(tmp_path: Path) -> None:
    made_up = MadeUpSite(datetime.now(UTC), trouble=False)
    today = datetime.now(BEIJING).date()
    yesterday = today - timedelta(days=1)

    def answer(asked: Asked) -> Answer:
        if asked.url.endswith(f"{today:%d}/zjrbindex.htm"):
            return Answer(status=302, location=f"/html/{yesterday:%Y-%m/%d}/zjrbindex.htm")
        return Answer(status=404) if "existed" in asked.url else made_up.answer(asked)

    with serve(answer) as site:
        arguments = ("paper", "-a", "papers=zjrb", "-a", "since=today", *FAST)
        run = crawl(tmp_path, *arguments, environment=site.environment)
        assert run.skipped == {"no-issue": 1}
        assert asked_articles(site) == []


def test_a_broken_list_of_issues_is_named_and_the_days_are_tried(tmp_path: Path) -> None:
    made_up = MadeUpSite(datetime.now(UTC), trouble=False)

    def answer(asked: Asked) -> Answer:
        broken = Answer(b"<html>sorry</html>")
        return broken if "existed" in asked.url else made_up.answer(asked)

    with serve(answer) as site:
        arguments = ("paper", "-a", "papers=zjrb", *FAST)
        run = crawl(tmp_path, *arguments, environment=site.environment)
        assert run.rejected == {"broken-issues": 1}
        assert len(run.records) == 9


def test_a_printed_page_that_fails_is_read_by_the_next_run(tmp_path: Path) -> None:
    made_up = MadeUpSite(datetime.now(UTC), trouble=False)
    day = datetime.now(BEIJING).date() - timedelta(days=9)
    broken = True

    def answer(asked: Asked) -> Answer:
        is_third = f"{day:%Y-%m/%d}/node_" in asked.url and asked.url.endswith("4.htm")
        return Answer(status=500) if broken and is_third else made_up.answer(asked)

    arguments = ("paper", "-a", "papers=zjrb", "-a", f"since={day}", "-a", f"until={day}", *FAST)
    with serve(answer) as site:
        first = crawl(tmp_path, *arguments, environment=site.environment)
        broken = False
        second = crawl(tmp_path, *arguments, environment=site.environment)
    assert first.rejected == {"http-500": 1}
    assert (len(first.records), len(second.records)) == (6, 3)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "papers is missing"),
        (["papers=nosuch"], "no newspaper 'nosuch'; known: zjrb, qjwb, "),
        (["papers=zjrb", "until=2026-01-01"], "until needs since"),
        (["papers=zjrb", "since=soon"], "since=soon is no time; accepted: "),
        (["papers=zjrb", "channels=zjxc"], "no argument 'channels'; accepted: -a papers=…"),
    ],
)
def test_bad_arguments_are_one_line_and_status_2(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    given = [part for argument in arguments for part in ("-a", argument)]
    run = crawl(tmp_path, "paper", *given)
    assert run.status == 2
    assert says in run.errors
    assert len(run.errors.strip().splitlines()) == 1
