"""How a crawl treats the hosts of the site: pauses, retries, robots.txt, redirects. Every one is real.

Hosts know nothing of one another, so one crawl meets many of them, and each test looks at one.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.command_line import Run, crawl
from tests.made_up_site import NEWEST, big_site
from tests.site_server import DOMAIN, Answer, Asked, Site, serve

PAGES = big_site(1000)
SLACK = 0.45
"""Seconds by which a busy server may note a request later than it was sent."""
FAST = {
    "AUTOTHROTTLE_START_DELAY": "0.05",
    "RETRY_PAUSE": "0.1",
    "HOST_PAUSE": "0.3",
}


# --- Hosts ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """A request, as a host looks at it."""

    url: str
    path: str
    times: int
    """How often this address was asked for, this time included."""
    pages: int
    """How many requests for other things than robots.txt the host has had, this one included."""

    @property
    def is_robots(self) -> bool:
        return self.path == "/robots.txt"


Host = Callable[[Seen], Answer | None]
"""What a host answers; None for an article as any other, or no robots.txt."""


@dataclass
class Hosts:
    """Answers for hosts by their first label."""

    hosts: Mapping[str, Host]
    times: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, asked: Asked) -> Answer:
        parts = urlsplit(asked.url)
        name = label(asked.url)
        with self.lock:
            self.times[asked.url] += 1
            self.times[name] += parts.path != "/robots.txt"
            seen = Seen(asked.url, parts.path, self.times[asked.url], self.times[name])
        if (host := self.hosts.get(name)) and (answer := host(seen)):
            return answer
        return Answer(b"none", 404, "text/plain") if seen.is_robots else PAGES(asked)


def label(url: str) -> str:
    """`zjnews` of `https://zjnews.zjol.com.cn/…`."""
    return (urlsplit(url).hostname or "").split(".", 1)[0]


def address(host: str, nth: int = 0, scheme: str = "http") -> str:
    """Of an article, which any host has under the same path."""
    return f"{scheme}://{host}.{DOMAIN}/zjxc/{PAGES.path(nth)}"


@dataclass(frozen=True)
class Crawled:
    """A crawl, and what the server saw of it."""

    run: Run
    site: Site
    given: list[str]

    def asked(self, host: str) -> list[Asked]:
        """The requests to a host but those for robots.txt."""
        return [a for a in self.all_asked(host) if urlsplit(a.url).path != "/robots.txt"]

    def all_asked(self, host: str) -> list[Asked]:
        return [asked for asked in self.site.asked if label(asked.url) == host]

    def gaps(self, host: str) -> list[float]:
        """Seconds between each two requests to a host, that for robots.txt not counted."""
        return [late.at - early.at for early, late in pairwise(self.asked(host))]

    def records(self, host: str) -> list[str]:
        return [record["url"] for record in self.run.records if label(record["url"]) == host]

    def log_of(self, reason: str, host: str) -> list[str]:
        """The lines about what a host gave no record for."""
        return [line for line in self.run.lines if f"({reason}" in line and f"//{host}." in line]

    def summary(self, title: str) -> list[str]:
        """The lines of the summary that begin with a word."""
        return [line for line in self.run.errors.splitlines() if line.startswith(f"  {title}")]

    def named(self, title: str, host: str) -> bool:
        return any(f" {host}.{DOMAIN}" in line for line in self.summary(title))


def meet(folder: Path, hosts: Mapping[str, Host], urls: Iterable[str], **settings: str) -> Crawled:
    """Ask for addresses with the spider `article`."""
    given, listed = list(urls), folder / "list.txt"
    listed.write_text("\n".join(given), "utf-8")
    chosen = {**FAST, **settings}.items()
    options = [part for name, value in chosen for part in ("-s", f"{name}={value}")]
    with serve(Hosts(hosts)) as site:
        run = crawl(
            folder, "article", "-a", f"file={listed}", *options, environment=site.environment
        )
    return Crawled(run, site, given)


def addresses_of(hosts: Iterable[str], count: int) -> list[str]:
    """So many articles of each host, no article twice."""
    return [address(host, n * count + k) for n, host in enumerate(hosts) for k in range(count)]


def robots(text: str) -> Host:
    answer = Answer(text.encode(), 200, "text/plain")
    return lambda seen: answer if seen.is_robots else None


# --- Crawl-delay ------------------------------------------------------------------------------------

DELAY = 0.7
DELAYS: dict[str, Host] = {
    "any": robots(f"User-agent: *\nCrawl-delay: {DELAY}\n"),
    "ours": robots(f"User-agent: *\nCrawl-delay: 0\n\nUser-agent: zjnews\nCrawl-delay: {DELAY}\n"),
    "others": robots("User-agent: Slurp\nCrawl-delay: 30\n"),
    "free": robots(""),
    # Its articles are asked for by way of another host.
    "target": robots(f"User-agent: *\nCrawl-delay: {DELAY}\n"),
    "source": lambda seen: (
        None
        if seen.is_robots
        else Answer(status=301, location=seen.url.replace("source", "target"))
    ),
    # Its robots.txt lies behind a redirect.
    "moved": lambda seen: (
        Answer(status=301, location="http://elsewhere.zjol.com.cn/robots.txt")
        if seen.is_robots
        else None
    ),
    "elsewhere": robots(f"User-agent: *\nCrawl-delay: {DELAY}\n"),
}


@pytest.fixture(scope="module", params=["True", "False"], ids=["throttled", "unthrottled"])
def delays(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    urls = addresses_of([name for name in DELAYS if name not in ("target", "elsewhere")], 3)
    folder = tmp_path_factory.mktemp("delays")
    return meet(folder, DELAYS, urls, AUTOTHROTTLE_ENABLED=request.param)


@pytest.mark.parametrize("host", ["any", "ours", "moved"])
def test_a_crawl_delay_is_kept(delays: Crawled, host: str) -> None:
    gaps = delays.gaps(host)
    assert len(gaps) == 2
    assert min(gaps) > DELAY - SLACK


def test_a_crawl_delay_is_kept_where_redirects_lead(delays: Crawled) -> None:
    gaps = delays.gaps("target")
    assert len(gaps) == 2
    assert min(gaps) > DELAY - SLACK


@pytest.mark.parametrize("host", ["free", "others"])
def test_a_crawl_delay_slows_no_other_host(delays: Crawled, host: str) -> None:
    assert len(delays.asked(host)) == 3
    assert delays.asked(host)[-1].at < delays.asked("any")[-1].at


def test_everything_comes_in_spite_of_crawl_delays(delays: Crawled) -> None:
    assert len(delays.run.records) == len(delays.given)


# --- Retry-After ------------------------------------------------------------------------------------

WAIT = 2


def busy_once(status: int, retry_after: Callable[[], str], delay: float = 0) -> Host:
    """A host whose first page is an answer that asks to wait."""

    def answer(seen: Seen) -> Answer | None:
        if seen.is_robots or seen.pages > 1:
            return None
        return Answer(b"busy", status, headers={"Retry-After": retry_after()}, delay=delay)

    return answer


def http_date(seconds: float) -> str:
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return format_datetime(moment, usegmt=True)


def waiting(status: int, delay: float = 0) -> tuple[Host, Host]:
    # A date has no fractions of a second: one more, so that it is never too soon.
    return (
        busy_once(status, lambda: str(WAIT), delay),
        busy_once(status, lambda: http_date(WAIT + 1), delay),
    )


WAITING = dict(
    zip(
        ("s429", "d429", "s503", "d503", "slow", "slowdate"),
        (*waiting(429), *waiting(503), *waiting(429, delay=1.0)),
        strict=True,
    )
)
NONSENSE = {
    "word": "soon",
    "negative": "-5",
    "fraction": "1.5",
    "empty": "",
    "noday": "Wed, 99 Oct 2099 07:28:00 GMT",
    "farzone": "Wed, 21 Oct 2099 07:28:00 +99999999999999",
}
BEYOND = {"beyond": "61", "never": "Fri, 31 Dec 9999 23:59:59 GMT", "huge": "9" * 30}


@pytest.fixture(scope="module")
def waits(tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    hosts: dict[str, Host] = {
        **WAITING,
        "reached": waiting(429)[0],
        "byway": lambda seen: (
            None
            if seen.is_robots
            else Answer(status=301, location=seen.url.replace("byway", "reached"))
        ),
        **{name: busy_once(503, lambda text=text: text) for name, text in NONSENSE.items()},
        **{name: busy_once(429, lambda text=text: text) for name, text in BEYOND.items()},
        "fine": lambda _: None,
    }
    folder = tmp_path_factory.mktemp("waits")
    # All at once, so that every host has addresses that wait in its queue.
    return meet(
        folder, hosts, addresses_of(hosts, 4), HOST_PAUSE_MAX="60", CONCURRENT_REQUESTS="100"
    )


@pytest.mark.parametrize("host", list(WAITING))
def test_nothing_is_asked_until_retry_after_has_passed(waits: Crawled, host: str) -> None:
    assert len(waits.asked(host)) == 5
    assert waits.gaps(host)[0] > 0.95 * WAIT


def test_no_redirect_leads_to_a_host_until_retry_after_has_passed(waits: Crawled) -> None:
    first, *others = waits.asked("reached")
    assert len(others) == 8
    assert others[0].at - first.at > 0.95 * WAIT


@pytest.mark.parametrize("host", WAITING)
def test_what_had_to_wait_comes_out_after_all(waits: Crawled, host: str) -> None:
    assert len(waits.records(host)) == 4


@pytest.mark.parametrize("host", WAITING)
def test_the_summary_names_a_host_that_was_paused(waits: Crawled, host: str) -> None:
    assert waits.named("paused", host)
    assert not waits.named("left alone", host)


def test_other_hosts_go_on_meanwhile(waits: Crawled) -> None:
    assert len(waits.asked("fine")) == 4
    assert waits.asked("fine")[-1].at < max(waits.asked(host)[-1].at for host in WAITING)


@pytest.mark.parametrize("host", list(NONSENSE))
def test_a_retry_after_of_nonsense_is_a_failure_as_any_other(waits: Crawled, host: str) -> None:
    assert len(waits.records(host)) == 4


@pytest.mark.parametrize("host", NONSENSE)
def test_a_retry_after_of_nonsense_pauses_nothing(waits: Crawled, host: str) -> None:
    assert not waits.named("paused", host)
    assert not waits.named("left alone", host)


@pytest.mark.parametrize("host", BEYOND)
def test_a_host_that_asks_for_too_long_a_pause_is_left_alone(waits: Crawled, host: str) -> None:
    assert waits.named("left alone", host)
    assert len(waits.asked(host)) == 1


@pytest.mark.parametrize("host", BEYOND)
def test_what_is_left_alone_is_counted(waits: Crawled, host: str) -> None:
    assert len(waits.log_of("host-paused", host)) == 4


def test_no_more_is_lost_than_what_is_left_alone(waits: Crawled) -> None:
    lost = 4 * len(BEYOND)
    assert waits.run.rejected == {"host-paused": lost}
    assert len(waits.run.records) == len(waits.given) - lost


# --- Retries ----------------------------------------------------------------------------------------

RETRY_PAUSE = 0.3


def fails(times: int, status: int = 500) -> Host:
    """Every page fails so many times before it comes."""

    def answer(seen: Seen) -> Answer | None:
        return None if seen.is_robots or seen.times > times else Answer(b"broken", status)

    return answer


def busy_always(retry_after: str) -> Host:
    answer = Answer(b"busy", 503, headers={"Retry-After": retry_after})
    return lambda seen: None if seen.is_robots else answer


RETRIED = {
    "zero": busy_always("0"),
    "past": busy_always("Wed, 21 Oct 2015 07:28:00 GMT"),
    "broken": fails(99),
    "flaky": fails(2),
    "last": fails(3, 429),
    "absent": fails(99, 404),
}


def test_pauses_between_tries_double(many: Crawled) -> None:
    for gap, factor in zip(many.gaps("broken"), (1, 2, 4), strict=True):
        assert gap > 0.95 * RETRY_PAUSE * factor


@pytest.mark.parametrize("host", ["zero", "past"])
def test_pauses_double_where_retry_after_has_passed_already(many: Crawled, host: str) -> None:
    for gap, factor in zip(many.gaps(host), (1, 2, 4), strict=True):
        assert gap > 0.95 * RETRY_PAUSE * factor


def test_what_fails_every_time_is_counted_once(many: Crawled) -> None:
    assert len(many.log_of("http-500", "broken")) == 1


@pytest.mark.parametrize(("host", "tries"), [("flaky", 3), ("last", 4)])
def test_what_fails_at_first_comes_once(many: Crawled, host: str, tries: int) -> None:
    assert len(many.asked(host)) == tries
    assert len(many.records(host)) == 1


def test_what_is_not_there_is_asked_for_once(many: Crawled) -> None:
    assert len(many.asked("absent")) == 1


@pytest.mark.parametrize("host", ["flaky", "last"])
def test_failures_that_are_overcome_are_not_counted(many: Crawled, host: str) -> None:
    assert not [line for line in many.run.lines if f"//{host}." in line]


# --- Hosts in trouble -------------------------------------------------------------------------------

COUNT = 12
"""Addresses a host; asked for twice each they would be more requests than ENOUGH."""
PAUSE = 0.6
# Without a pause Scrapy sends what waits for a host all at once.
TROUBLE = {
    "DOWNLOAD_DELAY": "0.01",
    "HOST_FAILURES": "2",
    "HOST_PAUSES": "2",
    "HOST_PAUSE": str(PAUSE),
    "RETRY_TIMES": "1",
}
FAILING = ("busy", "dead", "refusing")
ENOUGH = 2 * (2 * 3 + 2)
"""Requests: HOST_FAILURES addresses before each of HOST_PAUSES pauses and after the last one, and
two for robots.txt; each of them twice, since Twisted itself asks again where a connection that had
been kept open is cut."""


def refuses(seen: Seen) -> Answer:
    raise ConnectionResetError(seen.url)


def recovers(seen: Seen) -> Answer | None:
    return Answer(b"busy", 503) if not seen.is_robots and seen.pages <= 2 else None


def fails_now_and_then(seen: Seen) -> Answer | None:
    """Every second request fails, none twice; whatever does not fail is on another host."""
    if seen.is_robots:
        return None
    if seen.times == 1 and seen.pages % 2:
        return Answer(b"broken", 500)
    return Answer(status=301, location=seen.url.replace("//wavering", "//other"))


@pytest.fixture(scope="module")
def trouble(tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    hosts: dict[str, Host] = {
        "busy": lambda _: Answer(b"busy", 503),
        "dead": lambda _: Answer(hangs=True),
        "refusing": refuses,
        "recovering": recovers,
        "wavering": fails_now_and_then,
        "fine": lambda _: None,
    }
    folder = tmp_path_factory.mktemp("trouble")
    urls = addresses_of(hosts, COUNT)
    return meet(folder, hosts, urls, DOWNLOAD_TIMEOUT="0.7", CONCURRENT_REQUESTS="100", **TROUBLE)


@pytest.mark.parametrize("host", FAILING)
def test_a_host_that_always_fails_is_paused_then_left_alone(trouble: Crawled, host: str) -> None:
    assert trouble.named("paused", host)
    assert trouble.named("left alone", host)


@pytest.mark.parametrize("host", FAILING)
def test_a_host_that_always_fails_is_not_asked_much(trouble: Crawled, host: str) -> None:
    assert len(trouble.all_asked(host)) <= ENOUGH < 2 * COUNT


@pytest.mark.parametrize("host", FAILING)
def test_each_address_of_a_host_that_always_fails_is_counted_once(
    trouble: Crawled, host: str
) -> None:
    for url in trouble.given:
        if label(url) == host:
            assert len([line for line in trouble.run.lines if url in line]) == 1


@pytest.mark.parametrize("host", FAILING)
def test_what_remains_of_a_host_left_alone_is_counted(trouble: Crawled, host: str) -> None:
    assert len(trouble.log_of("host-paused", host)) >= COUNT - ENOUGH // 2 > 0


@pytest.mark.parametrize("host", FAILING)
def test_pauses_of_a_host_grow(trouble: Crawled, host: str) -> None:
    gaps = sorted(late.at - early.at for early, late in pairwise(trouble.all_asked(host)))
    assert gaps[-1] > 2 * PAUSE - SLACK
    assert gaps[-2] > PAUSE - SLACK


def test_the_others_give_all_that_they_have(trouble: Crawled) -> None:
    assert len(trouble.records("fine")) == COUNT


def test_a_host_that_recovers_gives_all_that_it_has(trouble: Crawled) -> None:
    assert trouble.named("paused", "recovering")
    assert not trouble.named("left alone", "recovering")
    assert len(trouble.records("recovering")) == COUNT


def test_a_host_that_recovers_is_not_asked_during_its_pause(trouble: Crawled) -> None:
    assert trouble.gaps("recovering")[1] > 0.95 * PAUSE


def test_a_failing_host_is_no_error_of_the_crawl(trouble: Crawled) -> None:
    assert trouble.run.status == 0
    assert "Traceback" not in trouble.run.errors
    assert "errors in the log" not in trouble.run.errors


def test_a_host_that_redirects_in_between_has_not_failed_in_a_row(trouble: Crawled) -> None:
    assert not trouble.named("paused", "wavering")


# --- robots.txt -------------------------------------------------------------------------------------

OUR_DELAY = 0.8


def robots_fail(answer: Answer) -> Host:
    return lambda seen: answer if seen.is_robots else None


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    hosts: dict[str, Host] = {
        "closed": robots("User-agent: *\nDisallow: /\n"),
        "partly": robots(f"User-agent: zjnews\nDisallow: /*_{NEWEST - 4}\n"),
        "broken": robots_fail(Answer(b"Disallow: /", 500, "text/plain")),
        "silent": robots_fail(Answer(hangs=True)),
        "leaving": robots_fail(Answer(status=302, location="http://evil.example/robots.txt")),
        "fine": robots("User-agent: *\nCrawl-delay: 0.1\n"),
    }
    folder = tmp_path_factory.mktemp("rules")
    urls = [*addresses_of(hosts, 3), address("fine", 99, "https")]
    # Long enough for a busy machine, since nothing is tried again.
    settings = {"DOWNLOAD_TIMEOUT": "10", "RETRY_TIMES": "0", "DOWNLOAD_DELAY": str(OUR_DELAY)}
    return meet(folder, hosts, urls, **settings)


def test_our_own_delay_is_kept_where_a_crawl_delay_is_shorter(rules: Crawled) -> None:
    assert len(rules.gaps("fine")) == 3
    assert min(rules.gaps("fine")) > OUR_DELAY - SLACK


def test_what_robots_txt_forbids_is_not_asked_for(rules: Crawled) -> None:
    assert not rules.asked("closed")
    assert address("partly", 4) not in rules.site.requests
    assert len(rules.log_of("robots-forbidden", "closed")) == 3


def test_what_robots_txt_allows_comes(rules: Crawled) -> None:
    assert len(rules.records("partly")) == 2


@pytest.mark.parametrize("host", ["broken", "silent", "leaving"])
def test_a_robots_txt_that_cannot_be_had_loses_nothing(rules: Crawled, host: str) -> None:
    assert len(rules.records(host)) == 3


@pytest.mark.parametrize("host", ["closed", "partly", "fine", "leaving"])
def test_robots_txt_is_asked_for_once_a_host(rules: Crawled, host: str) -> None:
    assert [label(url) for url in rules.site.requests if url.endswith("/robots.txt")].count(
        host
    ) == 1


def test_robots_txt_leads_nobody_off_the_site(rules: Crawled) -> None:
    assert not rules.site.outside


# --- Redirects --------------------------------------------------------------------------------------

EVIL = "http://evil.example/x.shtml?from="


def lead(how: str, target: str) -> Answer:
    """A page that is there only to lead on."""
    head = {
        "script": f'<script>location.replace("{target}")</script>',
        "refresh": f'<meta http-equiv="refresh" content="0; url={target}">',
    }
    if how not in head:
        return Answer(status=int(how), location=target)
    return Answer(f"<html><head>{head[how]}</head><body></body></html>".encode())


def leads(how: str, target: Callable[[str], str]) -> Host:
    return lambda seen: None if seen.is_robots else lead(how, target(seen.url))


def circle(*ways: str) -> Host:
    """Addresses that lead to one another in turn: `/zjxc/…`, `/1/…`, `/2/…`."""

    def answer(seen: Seen) -> Answer | None:
        if seen.is_robots:
            return None
        folder = seen.path.split("/")[1]
        now = 0 if folder == "zjxc" else int(folder)
        then = (now + 1) % len(ways)
        return lead(ways[now], seen.url.replace(f"/{folder}/", f"/{then or 'zjxc'}/", 1))

    return answer


def off_site_on_retry(seen: Seen) -> Answer | None:
    if seen.is_robots:
        return None
    return Answer(b"broken", 500) if seen.times == 1 else lead("301", EVIL + label(seen.url))


def off_site_on_page_2(seen: Seen) -> Answer | None:
    """An article of two pages, the second one of which is not on the site."""
    if seen.is_robots:
        return None
    if seen.path.endswith("_1.shtml"):
        return lead("301", EVIL + label(seen.url))
    stem = seen.path.rsplit("/", 1)[1].removesuffix(".shtml")
    way = f'<script>createPageHTML(2, 0, "{stem}", "shtml");</script></body>'
    page = PAGES(Asked(seen.url, {}, 0))
    return Answer(page.body.replace(b"</body>", way.encode()))


OFF_SITE: dict[str, Host] = {
    "off301": leads("301", lambda url: EVIL + label(url)),
    "off302": leads("302", lambda _: "//tidenews.com.cn/news.html?from=off302"),
    "offscript": leads("script", lambda url: EVIL + label(url)),
    "offrefresh": leads("refresh", lambda url: EVIL + label(url)),
    "offfake": leads("301", lambda _: "https://zjol.com.cn.offfake.example/x.shtml"),
    "offretry": off_site_on_retry,
    "offpage": off_site_on_page_2,
}
LOOPS: dict[str, Host] = {
    "pair302": circle("302", "302"),
    "pairscript": circle("script", "script"),
    "mixed": circle("302", "script"),
    "mixedback": circle("script", "302"),
    "three": circle("refresh", "302", "script"),
    "itself": circle("302"),
}
LEADING = {
    "script": leads("script", lambda url: url.replace("//script", "//fine")),
    "refresh": leads("refresh", lambda url: url.replace("//refresh", "//fine")),
    "found": leads("302", lambda url: url.replace("//found", "//fine")),
}


def secure(seen: Seen) -> Answer | None:
    is_plain = seen.url.startswith("http:") and not seen.is_robots
    return lead("301", seen.url.replace("http:", "https:")) if is_plain else None


def fine(url: str) -> str:
    return url.replace("//script.", "//fine.").replace("//refresh.", "//fine.")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    """Hosts that are asked for one article each."""
    hosts: dict[str, Host] = {
        **RETRIED,
        **OFF_SITE,
        **LOOPS,
        **LEADING,
        "secure": secure,
        "circling": robots_fail(lead("302", f"http://circling.{DOMAIN}/robots.txt")),
        "unchanged": lambda seen: None if seen.is_robots else Answer(status=304),
    }
    urls = addresses_of(hosts, 1)
    # What two of them lead to is given by itself as well.
    urls += [target for target in map(fine, urls) if label(target) == "fine"]
    return meet(tmp_path_factory.mktemp("many"), hosts, urls, RETRY_PAUSE=str(RETRY_PAUSE))


@pytest.mark.parametrize(
    "host",
    list(OFF_SITE),
)
def test_nothing_leads_off_the_site(many: Crawled, host: str) -> None:
    assert many.asked(host)
    assert not [url for url in many.site.outside if host in url]


@pytest.mark.parametrize(
    "host",
    list(OFF_SITE),
)
def test_what_leads_off_the_site_is_counted_once(many: Crawled, host: str) -> None:
    assert len(many.log_of("off-site", host)) == 1


@pytest.mark.parametrize("host", LOOPS)
def test_what_leads_in_a_circle_is_counted_once(many: Crawled, host: str) -> None:
    assert len([line for line in many.run.lines if f"//{host}." in line.split(" (")[0]]) == 1
    assert len(many.log_of("redirect-loop", host)) == 1


@pytest.mark.parametrize("host", LOOPS)
def test_a_circle_is_gone_round_once(many: Crawled, host: str) -> None:
    urls = [asked.url for asked in many.asked(host)]
    assert len(urls) == len(set(urls))


def test_an_article_that_moves_to_https_is_one_record(many: Crawled) -> None:
    [url] = many.records("secure")
    assert url.startswith("https:")


@pytest.mark.parametrize("host", ["script", "refresh"])
def test_a_page_that_leads_on_counts_as_one_with_its_article(many: Crawled, host: str) -> None:
    [url] = [fine(url) for url in many.given if label(url) == host]
    assert many.records("fine").count(url) == 1


def test_a_redirect_leads_to_the_article(many: Crawled) -> None:
    [url] = [url.replace("//found", "//fine") for url in many.given if label(url) == "found"]
    assert url in many.records("fine")


def test_an_answer_that_nothing_has_changed_is_counted_where_nobody_asked(many: Crawled) -> None:
    assert len(many.log_of("http-304", "unchanged")) == 1
    assert "Traceback" not in many.run.errors


def test_a_robots_txt_that_leads_in_a_circle_loses_nothing(many: Crawled) -> None:
    assert len(many.records("circling")) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_request_comes_from_a_desktop(many: Crawled, scheme: str) -> None:
    agents = {a.headers["user-agent"] for a in many.site.asked if a.url.startswith(f"{scheme}:")}
    assert len(agents) == 1
    assert all(agent.startswith("Mozilla/5.0 (X11; Linux x86_64; zjnews/") for agent in agents)
