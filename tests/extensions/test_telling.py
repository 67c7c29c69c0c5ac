"""Who is told, of what, how often: a real mail server and a real webhook receive it."""

import json
import re
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests import command_line
from tests.command_line import Run, crawl, scrapy_crawl
from tests.faults import POINTS, TELLING
from tests.made_up_site import MadeUpArticle, MadeUpSite
from tests.postgres_server import PostgresServer
from tests.receivers import PASSWORD, TOKEN, environment, mailbox, webhook
from tests.site_server import Site
from tests.spiders.test_channel_spider import FAST, lists_of

ALERT = """
[[alert]]
name = "渡口"
any = ["{word}", "没有这个词"]
fields = ["title"]
"""


def alerts(folder: Path, text: str) -> tuple[str, str]:
    """The option that names a file of alerts."""
    file = folder / "alerts.toml"
    file.write_text(text, "utf-8")
    return ("-s", f"ALERTS={file}")


def run(folder: Path, made_up: MadeUpSite, site: Site, notify: str, *more: str) -> Run:
    arguments = ("channel", "-a", lists_of(made_up, "jms", "cjxw"), "-a", "since=5d", *FAST, *more)
    return crawl(folder, *arguments, environment=environment(site, notify))


def newest(made_up: MadeUpSite) -> MadeUpArticle:
    return made_up.publish("jms")


def waiting(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "state.db")) as db:
        return int(db.execute("SELECT count(*) FROM notices").fetchone()[0])


def test_an_alert_arrives_once_and_again_for_a_correction(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    article = newest(made_up)
    option = alerts(tmp_path, ALERT.format(word=article.title))
    with webhook() as hook, mailbox() as box:
        notify = f"{hook.address} {box.address}"
        first = run(tmp_path, made_up, site, notify, *option)
        assert first.status == 0, first.errors
        [text] = hook.texts
        assert f"\n- {article.title}\n" in text
        assert article.url in text
        assert hook.messages[0]["title"] == "zjnews: 渡口: 1 article"
        assert [text.replace("\r\n", "\n").strip() for text in box.texts] == [text]
        assert box.messages[0]["Subject"] == "zjnews: 渡口: 1 article"
        assert run(tmp_path, made_up, site, notify, *option, "-a", "full=1").records
        assert len(hook.texts) == len(box.texts) == 1
        made_up.correct(article)
        run(tmp_path, made_up, site, notify, *option)
        run(tmp_path, made_up, site, notify, *option)
        assert len(hook.texts) == len(box.texts) == 2
        assert f"\n- (corrected) {article.title}\n" in hook.texts[1]
    assert waiting(tmp_path) == 0


def test_an_alert_of_crawls_that_share_a_state_arrives_once(
    tmp_path: Path, made_up: MadeUpSite, site: Site, postgres: PostgresServer
) -> None:
    article = newest(made_up)
    feed = ("-o", f"{tmp_path}/%(batch_time)s-%(batch_id)d.jsonl")
    shared = ("-s", f"STATE_DB={postgres.new()}", "-s", "HOST_LEASE=1", *feed)
    arguments = ("channel", "-a", lists_of(made_up, "jms"), "-a", "since=5d", *FAST)
    option = alerts(tmp_path, ALERT.format(word=article.title))
    command = scrapy_crawl(tmp_path, *arguments, *option, *shared)
    with webhook() as hook:
        around = environment(site, hook.address)
        crawls = [command_line.start(command, around) for _ in range(3)]
        errors = [crawl.communicate()[1] for crawl in crawls]
        assert [crawl.returncode for crawl in crawls] == [0, 0, 0], errors
        assert command_line.run(command, around).returncode == 0
        [text] = hook.texts
        assert f"\n- {article.title}\n" in text


@pytest.mark.parametrize("point", [POINTS[0], POINTS[2], POINTS[4], *TELLING])
def test_an_alert_arrives_once_although_the_run_is_killed(
    tmp_path: Path, made_up: MadeUpSite, site: Site, state_address: str, point: str
) -> None:
    article = newest(made_up)
    out = tmp_path / "%(batch_time)s-%(batch_id)d.jsonl"
    fault = {
        "EXTENSIONS": json.dumps({"tests.faults.Fault": 900}),
        "FAULT_POINT": point,
        "FAULT_KIND": "kill",
        "FAULT_SKIP": "1" if point == POINTS[0] else "0",  # the newest is read first
    }
    given = [part for name, value in fault.items() for part in ("-s", f"{name}={value}")]
    arguments = ("channel", "-a", lists_of(made_up, "jms"), "-a", "since=5d", *FAST)
    arguments = (*arguments, *alerts(tmp_path, ALERT.format(word=article.title)), "-o", str(out))
    arguments = (*arguments, "-s", f"STATE_DB={state_address}", "-s", "HOST_LEASE=1")
    with webhook() as hook:
        around = environment(site, hook.address)
        killed = command_line.run(scrapy_crawl(tmp_path, *arguments, *given), around)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert hook.texts == []
        for _ in range(2):
            assert command_line.run(scrapy_crawl(tmp_path, *arguments), around).returncode == 0
        [text] = hook.texts
        assert f"\n- {article.title}\n" in text
    files = "".join(file.read_text("utf-8") for file in tmp_path.glob("*.jsonl"))
    assert files.count(f'"id": "{article.id}"') == 1


def test_what_cannot_be_sent_waits_and_shows_no_secret(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    article = newest(made_up)
    option = alerts(tmp_path, ALERT.format(word=article.title))
    with webhook() as hook:
        hook.status = 503
        closed = f"mailto://me:{PASSWORD}@127.0.0.1:1?from=a@example.org&to=b@example.org"
        notify = f"{hook.address}, {closed}"
        failed = run(
            tmp_path, made_up, site, "", "-s", f"NOTIFY={notify}", *option, "-s", "LOG_LEVEL=DEBUG"
        )
        assert failed.status == 0
        assert " DEBUG: " in failed.errors
        warnings = re.findall(r"WARNING: (address .*)", failed.errors)
        assert warnings == [
            "address 1 of NOTIFY (json) was not told, its message waits: it answers 503",
            "address 2 of NOTIFY (mailto) was not told, its message waits: it cannot be reached,"
            " or refuses",
        ]
        assert failed.counts("message") == {"waiting": 2}
        kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        for secret in (TOKEN, PASSWORD):
            assert secret not in failed.errors
            assert not any(secret.encode() in text for text in kept)
        hook.status = 200
        later = run(tmp_path, made_up, site, hook.address)
        assert (later.status, len(hook.texts)) == (0, 1)
        assert waiting(tmp_path) == 1  # that for the mail
        run(tmp_path, made_up, site, hook.address)
        assert len(hook.texts) == 1


def test_an_alert_for_channels_knows_all_that_list_an_article(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    shared = next(a for a in made_up.articles if {"gnxw", "cjxw"} <= set(a.channels))
    table = '[[alert]]\nname = "{name}"\nany = ["{title}"]\nchannels = ["{channel}"]\n'
    text = "".join(
        table.format(name=channel, title=shared.title, channel=made_up.list_url(channel))
        for channel in ("gnxw", "cjxw", "jms")
    )
    with webhook() as hook:
        arguments = ("channel", "-a", lists_of(made_up, "gnxw", "cjxw", "jms"), *FAST)
        crawl(
            tmp_path, *arguments, *alerts(tmp_path, text),
            environment=environment(site, hook.address),
        )  # fmt: skip
    [text] = hook.texts
    assert re.findall(r"^(\w+): 1 article$", text, re.M) == ["cjxw", "gnxw"]


def test_who_is_told_of_an_alert_alone_gets_no_findings(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    article = newest(made_up)
    with webhook() as desk, webhook() as reader:
        text = ALERT.format(word=article.title) + f'notify = ["{reader.address}"]\n'
        lists = f"{lists_of(made_up, 'jms')},https://biz.zjol.com.cn/gone/"
        crawl(
            tmp_path, "channel", "-a", lists, "-a", "since=5d", *FAST, *alerts(tmp_path, text),
            environment=environment(site, desk.address),
        )  # fmt: skip
        assert [message["title"] for message in reader.messages] == ["zjnews: 渡口: 1 article"]
        [told] = desk.messages
        assert told["title"] == "zjnews: channel biz/gone, cs/jms: a list could not be read"
        assert "- list/biz/gone: could not be read: http-404" in told["message"]


BAD = {
    "no address": ("NOTIFY=geheim-t0ken", "address 1 of NOTIFY is none that apprise can send to"),
    "no such service": ("NOTIFY=nosuch://geheim-t0ken", "address 1 of NOTIFY (nosuch) is none"),
    "no file": ("ALERTS=/nowhere/alerts.toml", "ALERTS=/nowhere/alerts.toml cannot be read: No"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_setting_is_one_line_and_status_2(tmp_path: Path, name: str) -> None:
    setting, words = BAD[name]
    bad = crawl(tmp_path, "channel", "-a", "channels=zjxc", "-s", setting)
    assert bad.status == 2
    [line] = bad.errors.splitlines()
    assert words in line
    assert "geheim" not in line


def test_without_apprise_it_is_one_line_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "apprise.py").write_text("raise ImportError", "utf-8")
    around = {"PYTHONPATH": str(tmp_path)}
    bad = crawl(
        tmp_path, "channel", "-a", "channels=zjxc", "-s", "NOTIFY=json://a.example",
        environment=around,
    )  # fmt: skip
    assert bad.status == 2
    [line] = bad.errors.splitlines()
    assert line == "scrapy crawl: NOTIFY needs the package apprise: pip install apprise"
