"""The made-up site keeps its promises; else the tests that crawl it would prove nothing."""

import http.client
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from lxml import etree

from tests.command_line import crawl
from tests.made_up_site import BEIJING, ODDITIES, MadeUpArticle, MadeUpSite, big_site, similarity
from tests.site_server import Answer, Asked, Site, serve
from zjnews import loaders
from zjnews.items import Article, Rejected, text_of
from zjnews.pages import page
from zjnews.site import addresses
from zjnews.site.addresses import Kind

NOW = datetime(2026, 9, 14, 4, 30, 20, tzinfo=UTC)
COUNTS = {
    "zjxc": 10,
    "gnxw": 10,
    "bwgd": 4,
    "cjxw": 3,
    "jms": 3,
    "czjsb": 2,
    "jkxw": 2,
    "bg": 2,
}
LINKS = {
    "zjxc": "//ul[@class='listUl']/li[@class='listLi']/a",
    "gnxw": "//*[@class='listUl']/li//h4/a",
    "bwgd": "//*[@id='pageContent']/div[@class='textList']//h3/a",
    "cjxw": "//*[@id='main']//div//ul//li//a",
    "jms": "//ul[contains(@class,'newslist')]//li//a",
    "czjsb": "//ul[contains(@id,'Ullist')]//li//a",
    "jkxw": "//div[@class='card']/p/a",
    "bg": "//ul[@class='listUl']/li/a",
}


@pytest.fixture(scope="module")
def sound() -> MadeUpSite:
    return MadeUpSite(NOW, trouble=False)


@pytest.fixture
def site() -> MadeUpSite:
    return MadeUpSite(NOW)


def get(site: MadeUpSite, url: str) -> Answer:
    return site.answer(Asked(url, {}, 0))


def read(site: MadeUpSite, url: str) -> Article:
    answer = get(site, url)
    assert answer.status == 200, url
    return loaders.load(page.read_page(url, answer.body, answer.content_type, NOW))


def links(site: MadeUpSite, url: str, xpath: str, attribute: str = "href") -> list[str]:
    root = etree.HTML(get(site, url).body.decode(errors="replace"))
    return [urljoin(url, link) for link in root.xpath(f"{xpath}/@{attribute}")]


def listed(site: MadeUpSite, channel: str) -> list[str]:
    """All links of a channel's list, in order."""
    first = site.list_url(channel)
    pages = [first, *(f"{first}index_{n}.shtml" for n in range(1, site.list_pages(channel)))]
    return [link for url in pages for link in links(site, url, LINKS[channel])]


def printed(article: MadeUpArticle) -> str:
    return f"{article.published_at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


# --- the sound site ---------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", COUNTS)
def test_lists_have_their_pages_and_lead_to_articles(sound: MadeUpSite, channel: str) -> None:
    assert sound.list_pages(channel) == COUNTS[channel]
    assert get(sound, f"{sound.list_url(channel)}index_{COUNTS[channel]}.shtml").status == 404
    found = listed(sound, channel)
    assert len(found) == 10 * COUNTS[channel]
    kinds = (Kind.TRS, Kind.SYSTEM)
    ids = [a.id for a in map(addresses.address_of, found) if a.on_site and a.kind in kinds]
    assert len(ids) == len(set(ids))
    assert set(ids) == sound.ids_in([channel])
    for url in found:
        is_ours = addresses.is_on_site(url)
        assert get(sound, url).status == (200 if is_ours else 404), url


@pytest.mark.parametrize("channel", COUNTS)
def test_lists_are_newest_first_but_for_what_is_pinned(sound: MadeUpSite, channel: str) -> None:
    moments = [e.time for e in sound.channels[channel].entries if not e.is_pinned]
    assert moments == sorted(moments, reverse=True)
    assert timedelta(days=27) < NOW - moments[-1] < timedelta(days=31)


def test_every_article_is_read_as_what_it_is(sound: MadeUpSite) -> None:
    for article in sound.articles:
        found = read(sound, article.url)
        assert (found.id, found.title, found.layout) == (article.id, article.title, article.layout)
        assert text_of(found.body) == "\n\n".join(article.parts[0])
        day = addresses.address_of(article.url).date
        assert article.published_at.astimezone(BEIJING).date() == day
        if article.layout != "paper":
            assert (found.published_raw, found.editors) == (printed(article), [article.editor])


def test_links_come_in_all_forms(sound: MadeUpSite) -> None:
    hrefs = [entry.href for channel in sound.channels.values() for entry in channel.entries]
    for part in ("./20", "cn//", "_ext.", "#", "?from=list", "http://", "https://", "//v-cdn"):
        assert any(part in href for href in hrefs), part


def test_articles_hang_in_several_channels(sound: MadeUpSite) -> None:
    shared = [article for article in sound.articles if len(article.channels) > 1]
    assert len(shared) >= 5
    for article in shared:
        ids = [
            addresses.address_of(url).id for name in article.channels for url in listed(sound, name)
        ]
        assert ids.count(article.id) == len(article.channels)


def test_texts_are_alike_only_where_they_are_copies(sound: MadeUpSite) -> None:
    copies = [article for article in sound.articles if article.copy_of]
    assert len(copies) == 3
    for copy in copies:
        original = sound.article(copy.copy_of or "")
        assert original.title != copy.title
        assert not set(original.channels) & set(copy.channels)
        assert 0.85 < similarity(original.text, copy.text) < 1
    others = [a for a in sound.articles if not a.copy_of and a.oddity != "notice-2"]
    sample = others[:: len(others) // 60]
    assert max(similarity(a.text, b.text) for a in sample for b in sample if a is not b) < 0.15
    notices = sound.odd("notice-1").text, sound.odd("notice-2").text
    assert 0.4 < similarity(*notices) < 0.6


def test_the_same_moment_gives_the_same_site(sound: MadeUpSite) -> None:
    again = MadeUpSite(NOW, trouble=False)
    for article in sound.articles[::50]:
        assert get(sound, article.url) == get(again, article.url)


@pytest.mark.parametrize(
    ("oddity", "pages", "suffix"), [("pages-trs", 3, "_{}"), ("pages-system", 2, "_0{}")]
)
def test_articles_of_several_pages(sound: MadeUpSite, oddity: str, pages: int, suffix: str) -> None:
    article = sound.odd(oddity)
    assert article.pages == pages
    urls = [article.url.replace(".shtml", f"{suffix.format(n)}.shtml") for n in range(1, pages)]
    assert set(links(sound, article.url, "//div[@class='fenye']//a")) == set(urls)
    for n, url in enumerate(urls, start=1):
        answer = get(sound, url)
        found = page.read_page(url, answer.body, answer.content_type, NOW)
        assert (found.address.id, found.address.page) == (article.id, n + 1)
        assert article.parts[n][0] in found.markup
        assert f"<p>责任编辑：{article.editor}</p>" in found.markup


def test_an_article_announces_its_pages_by_script(sound: MadeUpSite) -> None:
    article = sound.odd("pages-script")
    stem = article.url.rsplit("/", 1)[1].removesuffix(".shtml")
    body = get(sound, article.url).body.decode()
    assert f'createPageHTML(3, 0, "{stem}", "shtml");' in body
    assert "fenye" not in body
    assert get(sound, article.url.replace(".shtml", "_2.shtml")).status == 200


def test_a_window_holds_what_was_published_in_it(sound: MadeUpSite) -> None:
    today = NOW.astimezone(BEIJING).date()
    assert len(sound.ids_in(["zjxc"])) == 100
    assert len(sound.ids_in(["zjxc"], NOW - timedelta(hours=23))) == 4
    days = [sound.ids_in(["zjxc"], day, day) for day in (today, today - timedelta(days=1))]
    assert [len(ids) for ids in days] == [2, 4]
    assert sound.odd("pinned").id in sound.ids_in(["jms"])
    assert sound.odd("pinned").id not in sound.ids_in(["jms"], today - timedelta(days=40))
    assert sound.odd("very-old").id not in sound.ids_in(COUNTS)
    assert sound.odd("very-old").url in links(
        sound, sound.list_url("jkxw"), "//*[@class='rank']//a"
    )


# --- newspapers -------------------------------------------------------------------------------------


def test_newspapers_lead_from_their_front_to_every_article(sound: MadeUpSite) -> None:
    for paper, issues in (("zjrb", 30), ("qjwb", 28)):
        assert len(sound.paper_ids_in([paper])) == 9 * issues
        front = f"https://{sound.papers[paper].place}/paperindex.htm"
        target = links(sound, front, "//meta[@http-equiv='refresh']", "content")[0]
        node = urljoin(front, target.split("URL=")[1])
        nodes = links(sound, node, "//a[@id='pageLink']")
        ids = {addresses.address_of(u).id for n in nodes for u in links(sound, n, "//map/area")}
        today = NOW.astimezone(BEIJING).date()
        assert ids == sound.paper_ids_in([paper], today, today)
        shown = [
            u for n in nodes for u in links(sound, n, "//ul[@class='main-ed-articlenav-list']//a")
        ]
        assert (len(nodes), len(shown), len(ids)) == (3, 8, 9)


def test_papers_count_alike(sound: MadeUpSite) -> None:
    numbers = [{i.rsplit(":")[2] for i in sound.paper_ids_in([name])} for name in sound.papers]
    assert numbers[1] < numbers[0]


def test_days_without_an_issue(sound: MadeUpSite) -> None:
    gaps = 0
    for day in (NOW.astimezone(BEIJING).date() - timedelta(days=n) for n in range(30)):
        for paper, node in (("zjrb", 2), ("qjwb", 12)):
            base = f"http://{sound.papers[paper].place}/html/{day:%Y-%m/%d}"
            found = {
                get(sound, f"{base}/{f}.htm").status for f in (f"node_{node}", f"{paper}index")
            }
            assert len(found) == 1
            gaps += found == {404}
    assert gaps == 2
    issues = get(sound, "http://zjrb.zjol.com.cn/html/2026-09/paper_existed.xml").body
    assert issues.count(b"<period_date>2026-09-") == 14
    assert get(sound, "http://qjwb.thehour.cn/html/2026-09/paper_existed.xml").status == 404


def test_half_of_the_newspaper_articles_name_their_page(sound: MadeUpSite) -> None:
    articles = [a for a in sound.articles if a.channels == ["qjwb"]]
    strips = [bool(read(sound, a.url).sections) for a in articles[:20]]
    assert strips == [a.prints_strip for a in articles[:20]]
    assert sum(strips) == 10


# --- trouble ----------------------------------------------------------------------------------------


def test_trouble_is_named_and_can_be_left_out(sound: MadeUpSite) -> None:
    site = MadeUpSite(NOW, hanging=True)
    assert {site.odd(oddity).oddity for oddity in ODDITIES} == ODDITIES
    assert not [article for article in sound.articles if article.trouble]
    some = MadeUpSite(NOW, trouble=["http-404", "slow"])
    assert {a.oddity for a in some.articles} - {a.oddity for a in sound.articles} == {
        "http-404",
        "slow",
    }
    assert len(site.articles) == len(sound.articles)


def test_failures(site: MadeUpSite) -> None:
    def answers(oddity: str, times: int = 3) -> list[int]:
        return [get(site, site.odd(oddity).url).status for _ in range(times)]

    assert answers("http-404", 1) == [404]
    assert answers("http-500", 4) == [500] * 4
    assert answers("flaky-500", 4) == [500, 500, 200, 200]
    assert get(site, site.odd("flaky-429").url).headers == {"Retry-After": "1"}
    assert answers("flaky-429") == [200] * 3
    assert get(site, site.odd("slow").url).delay == 1.5
    assert "/secret/" in site.odd("secret").url
    missing = site.odd("pages-missing").url
    assert get(site, missing).status == 200
    assert get(site, missing.replace(".shtml", "_1.shtml")).status == 404


def test_redirects_that_lead_to_articles(site: MadeUpSite) -> None:
    for oddity in ("script-redirect", "meta-refresh"):
        article = site.odd(oddity)
        assert article.listed_url
        with pytest.raises(Rejected, match=oddity):
            read(site, article.listed_url)
        assert read(site, article.url).title == article.title
    moved = site.odd("http-301")
    assert get(site, moved.listed_url or "").location == moved.url
    assert read(site, site.odd("mobile-script").url).title == site.odd("mobile-script").title


def test_redirects_that_lead_nowhere(site: MadeUpSite) -> None:
    assert get(site, site.odd("redirect-off-site").url).location == "http://evil.example/x"
    one = site.odd("redirect-pair").url
    other = get(site, one).location
    assert other != one
    assert get(site, other or "").location == one
    with pytest.raises(Rejected, match="script-redirect"):
        read(site, site.odd("script-loop").url)


def test_lists_lead_to_what_is_troubled(site: MadeUpSite) -> None:
    for article in (a for a in site.articles if a.oddity in ODDITIES - {"very-old", "pinned"}):
        ids = {addresses.address_of(url).id for url in listed(site, article.channels[0])}
        assert addresses.address_of(article.listed_url or article.url).id in ids, article.oddity


def test_a_failing_host_gives_nothing(site: MadeUpSite) -> None:
    assert len(site.ids_in(["bg"])) == 20
    site.failing_host = True
    assert not site.ids_in(["bg"])
    assert get(site, site.list_url("bg")).status == 503


def test_robots(site: MadeUpSite) -> None:
    assert b"Disallow: /secret/" in get(site, "http://china.zjol.com.cn/robots.txt").body
    assert get(site, "http://town.zjol.com.cn/robots.txt").status == 404


# --- what tests do to it ----------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["trs", "trs2016", "old"])
def test_a_correction_shows(site: MadeUpSite, layout: str) -> None:
    article = next(a for a in site.articles if a.layout == layout and a.pages == 1 and not a.oddity)
    before, answer = article.text, get(site, article.url)
    site.correct(article)
    found = read(site, article.url)
    assert text_of(found.body) == article.text
    assert similarity(before, article.text) > 0.85
    assert (found.published_raw, found.modified_raw) == (printed(article), "2026-09-14 12:30:20")
    if answer.etag:
        now = get(site, article.url)
        assert now.etag != answer.etag
        assert now.last_modified != answer.last_modified


def test_what_is_published_is_on_top(site: MadeUpSite) -> None:
    for channel in COUNTS:
        articles = [site.publish(channel) for _ in range(2)]
        ids = [addresses.address_of(url).id for url in listed(site, channel)]
        top = ids.index(articles[1].id)
        assert top == (channel == "jms")
        assert ids[top + 1] == articles[0].id
        assert {a.id for a in articles} <= site.ids_in([channel], NOW)
        assert read(site, articles[1].url).title == articles[1].title


def test_what_is_deleted_is_still_listed(site: MadeUpSite) -> None:
    for article in (site.articles[5], site.articles[-1]):
        site.delete(article)
        assert get(site, article.url).status == 404
        assert article.id not in site.ids_in(article.channels)
    assert site.articles[5].id in {addresses.address_of(url).id for url in listed(site, "zjxc")}


def test_a_big_site_is_made_on_the_fly() -> None:
    answer = big_site(250)
    first = answer(Asked(answer.list_url, {}, 0)).body.decode()
    last = answer(Asked(f"{answer.list_url}index_2.shtml", {}, 0)).body.decode()
    assert [text.count("listLi") for text in (first, last)] == [100, 50]
    assert ["下一页" in text for text in (first, last)] == [True, False]
    assert answer(Asked(f"{answer.list_url}index_3.shtml", {}, 0)).status == 404
    url = f"{answer.list_url}{answer.path(249)}"
    body = answer(Asked(url, {}, 0)).body
    assert 9_000 < len(body) < 12_000
    assert f">{loaders.load(page.read_page(url, body, None, NOW)).title}</a>" in last


# --- the server -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[Site]:
    with serve(MadeUpSite(NOW).answer) as server:
        yield server


def connect(port: int, host: str) -> http.client.HTTPSConnection:
    """A connection through the server's tunnel that trusts anybody, as Scrapy does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
    connection.set_tunnel(host, 443)
    return connection


def ask(port: int, url: str, **headers: str) -> tuple[int, bytes, http.client.HTTPMessage]:
    """One request by http, or by https through the server's tunnel."""
    parts = urlsplit(url)
    is_https = parts.scheme == "https"
    connection = (
        connect(port, parts.hostname or "")
        if is_https
        else http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    )
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(connection):
        connection.request("GET", parts.path if is_https else url, headers=named)
        response = connection.getresponse()
        return response.status, response.read(), response.headers


def test_http_and_https_give_the_same(server: Site, sound: MadeUpSite) -> None:
    url = sound.articles[1].url
    assert ask(server.port, url)[:2] == ask(server.port, url.replace("https", "http"))[:2]
    assert server.requests[-2:] == [url, url.replace("https", "http")]
    assert server.asked[-2].headers["host"] == "zjnews.zjol.com.cn"
    assert server.asked[-2].at <= server.asked[-1].at <= time.monotonic()


@pytest.mark.parametrize(
    ("channel", "has_etag", "has_date"),
    [("zjxc", True, True), ("jms", False, True), ("bwgd", False, False)],
)
def test_only_what_has_changed_is_sent_again(
    server: Site, sound: MadeUpSite, channel: str, has_etag: bool, has_date: bool
) -> None:
    url = next(a.url for a in sound.articles if a.channels == [channel] and not a.oddity)
    status, body, headers = ask(server.port, url)
    assert (status, headers["ETag"] is not None, headers["Last-Modified"] is not None) == (
        200,
        has_etag,
        has_date,
    )
    if has_etag:
        assert ask(server.port, url, If_None_Match=headers["ETag"])[:2] == (304, b"")
        assert (
            ask(server.port, url, If_None_Match='"x"', If_Modified_Since=headers["Last-Modified"])[
                0
            ]
            == 200
        )
    if has_date:
        assert ask(server.port, url, If_Modified_Since=headers["Last-Modified"])[:2] == (304, b"")
        assert ask(server.port, url, If_Modified_Since="Thu, 01 Jan 1970 00:00:00 GMT")[1] == body


def test_nothing_outside_is_answered() -> None:
    with serve({}) as server:
        assert ask(server.port, "http://evil.example/x")[0] == 502
        with pytest.raises(OSError, match="502"):
            ask(server.port, "https://evil.example/x")
        assert server.outside == ["http://evil.example/x", "https://evil.example/"]


def test_a_fault_of_an_answer_is_raised() -> None:
    def fail(asked: Asked) -> Answer:
        raise LookupError(asked.url)

    def crawl_it() -> None:
        with serve(fail) as server, pytest.raises(http.client.RemoteDisconnected):
            ask(server.port, "http://cs.zjol.com.cn/x")

    with pytest.raises(LookupError, match="/x"):
        crawl_it()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_who_hangs_does_not_hold_up_the_end(scheme: str) -> None:
    site = MadeUpSite(NOW, hanging=True)
    url = site.odd("hangs").url.replace("https", scheme)
    before = threading.active_count()
    gone: list[type[BaseException]] = []

    def wait() -> None:
        try:
            ask(running.port, url)
        except OSError as error:
            gone.append(type(error))

    client = threading.Thread(target=wait)
    with serve(site.answer) as running:
        client.start()
        while not running.asked:
            time.sleep(0.01)
    client.join()
    assert len(gone) == 1
    assert threading.active_count() == before


def test_scrapy_reads_an_article_by_https(tmp_path: Path, server: Site, sound: MadeUpSite) -> None:
    article = sound.articles[1]
    run = crawl(tmp_path, "article", "-a", f"url={article.url}", environment=server.environment)
    assert [(r["id"], r["url"]) for r in run.records] == [(article.id, article.url)]
    assert not server.outside
