"""What a job is, what becomes of it, and when it is due."""

import re
import textwrap
from datetime import datetime
from pathlib import Path

import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import default_settings

from tests.command_line import ROOT
from zjnews import settings
from zjnews.cluster.jobs import KINDS, SETTINGS, Job, job_of, jobs_of
from zjnews.cluster.outcomes import MOST_TRIES, OUTCOMES, Ended, Outcome, pause
from zjnews.cluster.schedules import BeijingTask, read_schedules
from zjnews.cluster.work import last_words
from zjnews.site.channels import channels, papers
from zjnews.spiders.channel import ChannelSpider
from zjnews.spiders.paper import PaperSpider
from zjnews.state.verdict import Status
from zjnews.text.dates import BEIJING


def test_jobs_take_the_arguments_of_their_spiders() -> None:
    for spider in (ChannelSpider, PaperSpider):
        kind = KINDS[spider.name]
        assert {kind.names, *kind.others} == set(spider.arguments)
    assert set(KINDS) == {"channel", "paper"}


def test_jobs_set_what_there_is_and_nothing_that_holds_others() -> None:
    for name in SETTINGS:
        value = getattr(settings, name, getattr(default_settings, name, ...))
        assert value is None or isinstance(value, (str, int, float)), name


def test_all_are_one_job_each() -> None:
    every = jobs_of("channel", {"channels": "all", "since": "3d"}, {"DOWNLOAD_DELAY": 2})
    assert [job.name for job in every] == [channel.name for channel in channels()]
    assert len({job.digest for job in every}) == len(every)
    assert len(jobs_of("paper", {"papers": "all"}, {})) == len(papers())
    [job, *_] = every
    assert job_of(job.row()) == job
    assert job.command() == [
        "channel", "-a", f"channels={job.name}", "-a", "since=3d", "-s", "DOWNLOAD_DELAY=2",
    ]  # fmt: skip


def test_a_channel_has_one_lock_by_whatever_it_is_named() -> None:
    channel = channels()[0]
    [by_name] = jobs_of("channel", {"channels": channel.name}, {})
    [by_list] = jobs_of("channel", {"channels": channel.list, "since": "1d"}, {})
    assert by_name.lock == by_list.lock
    assert by_name.digest != by_list.digest


def test_a_channel_without_a_name_is_found_again() -> None:
    address = "https://china.zjol.com.cn/nosuchlist/"
    [job] = jobs_of("channel", {"channels": address}, {})
    assert (job.name, job_of(job.row())) == (address, job)


def test_a_row_of_several_channels_is_no_job() -> None:
    row = Job("channel", "gnxw,jkxw").row()
    with pytest.raises(UsageError, match="more than one"):
        job_of(row)


def test_every_exit_status_decides_as_the_docs_say() -> None:
    assert set(OUTCOMES) == set(Status)
    text = (ROOT / "docs" / "cluster.md").read_text("utf-8")
    table = text.partition("| status | the job | why |")[2].partition("\n\n")[0]
    documented = dict(re.findall(r"^\| (\d) \| (\w+) \|", table, re.M))
    assert documented == {f"{status:d}": outcome for status, outcome in OUTCOMES.items()}


def test_the_schedule_of_the_docs_is_one(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "cluster.md").read_text("utf-8")
    table = text.partition("    [channels]\n")[2].partition("\n\n")[0]
    (tmp_path / "s.toml").write_text(f"[channels]\n{textwrap.dedent(table)}", "utf-8")
    [schedule] = read_schedules(str(tmp_path / "s.toml"))
    assert len(schedule.jobs) == len(channels())


@pytest.mark.parametrize(
    ("status", "is_stopping", "outcome"),
    [
        (Status.WELL, True, Outcome.DONE),
        (Status.ENDED_EARLY, True, Outcome.STOPPED),
        (Status.ENDED_EARLY, False, Outcome.LATER),
        (-15, True, Outcome.STOPPED),
        (-9, False, Outcome.LATER),
        (137, False, Outcome.LATER),
        (Status.BAD_ARGUMENTS, True, Outcome.FAILED),
    ],
)
def test_a_crawl_that_was_asked_to_end_is_put_back(
    status: int, is_stopping: bool, outcome: Outcome
) -> None:
    assert Ended(status, "").outcome(is_stopping) is outcome


def test_pauses_grow_up_to_an_hour() -> None:
    later = [pause(Outcome.LATER, before) for before in range(MOST_TRIES)]
    assert later == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert [pause(Outcome.SOON, before) for before in (0, 1, 2, 3, 10_000)] == [
        15,
        30,
        60,
        120,
        120,
    ]
    assert pause(Outcome.STOPPED, 5) == 0


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        (b"", "it said nothing"),
        (
            b"x\nzjnews crawl: exit status 3, 5 records left in the outbox\n\n",
            "5 records left in the outbox",
        ),
        (b"zjnews crawl: no channel 'x'\n", "no channel 'x'"),
        (b"Traceback\nModuleNotFoundError: no\xff\x1b[2J", "ModuleNotFoundError: no\ufffd\\x1b[2J"),
        (b"at postgresql://me:geheim@host/x", "at postgresql://host/x"),
        (b"a" * 5000, "a" * 300),
    ],
)
def test_the_last_line_says_why(tail: bytes, words: str) -> None:
    assert last_words(tail) == words


# --- schedules --------------------------------------------------------------------------------------

GOOD = """
[news]
cron = "17 */6 * * *"
spider = "channel"
arguments = { channels = "gnxw,jkxw", since = "3d" }
settings = { REFRESH_HOURS = 24 }

["the papers"]
cron = "30 6 * * 1-5"
spider = "paper"
arguments = { papers = "zjrb" }
"""


def test_a_file_of_schedules(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(GOOD, "utf-8")
    news, papers_ = read_schedules(str(tmp_path / "s.toml"))
    assert [job.title for job in news.jobs] == ["channel gnxw", "channel jkxw"]
    assert news.jobs[0].settings == {"REFRESH_HOURS": "24"}
    assert (papers_.name, papers_.cron) == ("the papers", "30 6 * * 1-5")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it has no schedule"),
        ("[news", "Expected ']'"),
        ("news = 7", "news: a schedule is a table"),
        (GOOD.replace("cron =", "corn ="), "news: no key 'corn'; known: cron, spider"),
        (GOOD.replace('"17 */6 * * *"', '"0 17 */6 * * *"'), "is no line of cron"),
        (GOOD.replace('"17 */6 * * *"', '"61 * * * *"'), "is no line of cron"),
        (GOOD.replace('"17 */6 * * *"', '"H * * * *"'), "is no line of cron"),
        (GOOD.replace('"17 */6 * * *"', "17"), "is no line of cron"),
        (GOOD.replace('"channel"', '"archive"'), "no spider 'archive' for jobs"),
        (GOOD.replace("gnxw,jkxw", "nosuch"), "no channel 'nosuch'"),
        (GOOD.replace("REFRESH_HOURS", "LOG_FILE"), "a job takes no setting 'LOG_FILE'"),
        (GOOD.replace("{ REFRESH_HOURS = 24 }", "24"), "settings is no table"),
        (GOOD.replace("24 }", "[24] }"), "REFRESH_HOURS is neither text nor number"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "s.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError) as refused:
        read_schedules(str(path))
    assert str(refused.value).startswith(f"{path}: ")
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_lines_of_cron_are_beijing_time() -> None:
    task = BeijingTask(task=None, cron="30 6 * * *", periodic_id="x", configure_kwargs={})  # type: ignore[arg-type]
    at = task.croniter.get_next(ret_type=float, start_time=1_790_000_000.0)
    due = datetime.fromtimestamp(at, BEIJING)
    assert (due.hour, due.minute) == (6, 30)
