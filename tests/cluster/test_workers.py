"""Workers that are killed, stopped and asked to end, in the middle of real crawls: every article is
delivered once, and a job is never lost."""

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cluster.conftest import CRAWLS_UNDER_WAY, SINCE, Cluster
from tests.command_line import wait_until
from tests.postgres_server import PostgresServer
from tests.receivers import webhook
from tests.spiders.test_channel_spider import CHANNELS

CHANNEL = "gnxw"
OPEN_JOBS = "SELECT 1 FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
FREE = 5
"""Articles that a crawl gets before it is kept waiting."""


def is_there(pid: int) -> bool:
    """Whether a process is at work; one that nobody has asked for its end is not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_jobs_are_done_one_after_the_other(cluster: Cluster) -> None:
    cluster.add("gnxw", "jkxw")
    errors = cluster.drain("-s", "CONTACT=desk@example.org")
    assert cluster.ids() == cluster.expected("gnxw", "jkxw")
    assert [cluster.job(1), cluster.job(2)] == ["succeeded", "succeeded"]
    assert all("desk@example.org" in agent for agent in cluster.site.user_agents)
    assert "job 1, channel gnxw: done: exit status 0, all well" in errors
    assert "china.zjol.com.cn" not in errors  # the log of a crawl, at its own level
    assert cluster.address.partition("@")[0] not in errors
    found = cluster.status()
    assert (found["jobs"], found["done"], found["workers"]) == ([], 2, [])
    assert [run["lists"] for run in found["runs"]] == [["jkxw"], ["gnxw"]]


def test_a_crawl_ends_with_its_killed_worker_and_another_one_goes_on(cluster: Cluster) -> None:
    cluster.add(CHANNEL)
    first = cluster.worker_in_a_crawl(FREE)
    crawl = cluster.crawl_pid()
    environment = Path(f"/proc/{crawl}/environ").read_bytes()
    command = Path(f"/proc/{crawl}/cmdline").read_bytes()
    assert cluster.address.encode() in environment
    assert b"@" not in command
    first.kill()
    wait_until(lambda: not is_there(crawl))
    assert cluster.job() == "doing"
    cluster.forget_workers()
    cluster.gate.opened.set()
    cluster.drain()
    assert cluster.ids() == cluster.expected(CHANNEL)
    assert (cluster.job(), cluster.outcomes()) == ("succeeded", ["died", "done"])


def test_a_live_worker_puts_back_the_jobs_of_a_dead_one(cluster: Cluster) -> None:
    cluster.add(CHANNEL)
    first = cluster.worker_in_a_crawl(FREE)
    second = cluster.worker()
    wait_until(lambda: len(cluster.rows("SELECT 1 FROM machines")) == 2)
    first.kill()
    first.communicate()
    cluster.forget_worker(first)
    cluster.gate.opened.set()
    wait_until(lambda: cluster.job() == "succeeded")
    assert second.poll() is None
    assert cluster.ids() == cluster.expected(CHANNEL)


def test_a_killed_crawl_is_tried_again(cluster: Cluster) -> None:
    cluster.add(CHANNEL)
    worker = cluster.worker_in_a_crawl(FREE)
    os.kill(cluster.crawl_pid(), signal.SIGKILL)
    wait_until(lambda: cluster.job() == "todo")
    [job] = cluster.status()["jobs"]
    assert (job["state"], job["words"], job["tries"]) == ("waiting", "killed by signal 9", 1)
    assert job["not_before"] > job["ended_at"]
    cluster.gate.opened.set()
    cluster.make_due()
    wait_until(lambda: cluster.job() == "succeeded")
    assert worker.poll() is None
    assert cluster.ids() == cluster.expected(CHANNEL)
    assert cluster.outcomes() == ["later", "done"]


def test_a_job_that_kills_three_workers_is_given_up_and_told(cluster: Cluster) -> None:
    cluster.add(CHANNEL)
    with webhook() as received:
        cluster.environment["ZJNEWS_NOTIFY"] = received.address
        for _ in range(3):
            worker = cluster.worker_in_a_crawl(0)
            worker.kill()
            worker.communicate()
            cluster.forget_workers()
            cluster.gate.opened.set()
        assert received.messages == []
        errors = cluster.drain()
        cluster.drain()
    assert (cluster.job(), cluster.outcomes()) == ("failed", ["died"] * 3)
    [message] = received.messages
    assert message["title"] == "zjnews: channel gnxw: job given up"
    assert message["message"] == (
        "job 1, channel gnxw: given up after 3 tries\n3 workers have died while they crawled for it"
    )
    assert "job 1: 3 workers have died" in errors
    assert "geheim" not in errors
    [job] = cluster.status()["jobs"]
    assert (job["state"], job["words"]) == (
        "given up",
        "3 workers have died while they crawled for it",
    )


def test_bad_arguments_are_given_up_at_once(cluster: Cluster) -> None:
    cluster.add(CHANNEL, more=("-a", "since=7d"))
    # In the future by the time it is crawled, as an `until` before a relative `since` may be.
    change = "UPDATE procrastinate_jobs SET args = jsonb_set(args, '{arguments,since}', '\"soon\"')"
    cluster.rows(change)
    cluster.add("jkxw")
    with webhook() as received:
        cluster.environment["ZJNEWS_NOTIFY"] = received.address
        worker = cluster.worker("--drain")
        _, errors = worker.communicate()
    assert worker.returncode == 6, errors
    [message] = received.messages
    assert message["title"] == "zjnews: channel gnxw: job given up"
    assert "since=soon is no time" in message["message"]
    assert (cluster.job(1), cluster.job(2)) == ("failed", "succeeded")
    [job] = cluster.status()["jobs"]
    assert "since=soon is no time" in job["words"]
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    "args",
    [
        '{"spider": "channel"}',
        '{"spider": "article", "name": "x"}',
        '{"spider": "channel", "name": "jkxw", "settings": {"LOG_FILE": "/etc/passwd"}}',
        '{"spider": "channel", "name": "jkxw", "arguments": {"-o": "x"}}',
        '{"spider": "channel", "name": "jkxw", "arguments": 7}',
    ],
)
def test_a_row_that_is_no_job_is_given_up(cluster: Cluster, args: str) -> None:
    cluster.add("jkxw")
    cluster.rows("UPDATE procrastinate_jobs SET args = %s::jsonb", args)
    worker = cluster.worker("--drain")
    _, errors = worker.communicate()
    assert (worker.returncode, cluster.job()) == (6, "failed"), errors
    assert cluster.site.requests == []
    assert "Traceback" not in errors
    assert "given up" in cluster.run("status").stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_asked_to_stop_puts_its_job_back_at_once(
    cluster: Cluster, number: signal.Signals
) -> None:
    cluster.add(CHANNEL)
    worker = cluster.worker_in_a_crawl(FREE)
    worker.send_signal(number)
    cluster.gate.opened.set()
    _, errors = worker.communicate()
    assert worker.returncode == 0, errors
    assert "exit status 4, ended early (shutdown)" in errors  # once asked, and well ended
    assert (cluster.job(), cluster.outcomes()) == ("todo", ["stopped"])
    assert cluster.rows("SELECT 1 FROM procrastinate_workers") == []
    assert 0 < len(cluster.ids()) < len(cluster.expected(CHANNEL))
    cluster.drain()
    assert cluster.ids() == cluster.expected(CHANNEL)
    assert cluster.outcomes() == ["stopped", "done"]


def test_a_worker_that_is_asked_again_waits_for_nothing(cluster: Cluster) -> None:
    cluster.add(CHANNEL)
    worker = cluster.worker_in_a_crawl(FREE)
    wait_until(lambda: worker.send_signal(signal.SIGTERM) or worker.poll() is not None)
    assert worker.returncode == 0
    assert (cluster.job(), cluster.outcomes()) == ("todo", ["stopped"])
    cluster.gate.opened.set()
    cluster.drain()
    assert cluster.ids() == cluster.expected(CHANNEL)


def test_an_idle_worker_stops(cluster: Cluster) -> None:
    worker = cluster.worker()
    wait_until(lambda: len(cluster.rows("SELECT 1 FROM machines")) == 1)
    worker.send_signal(signal.SIGTERM)
    _, errors = worker.communicate()
    assert (worker.returncode, cluster.rows("SELECT 1 FROM machines")) == (0, []), errors


def test_a_worker_that_was_stopped_for_a_while_ends_nothing_of_others(cluster: Cluster) -> None:
    cluster.add(CHANNEL)
    first = cluster.worker_in_a_crawl(FREE)
    crawl = cluster.crawl_pid()
    first.send_signal(signal.SIGSTOP)
    cluster.forget_workers()
    second = cluster.worker()
    wait_until(lambda: cluster.outcomes() == ["died", None])
    os.kill(crawl, signal.SIGKILL)
    first.send_signal(signal.SIGCONT)
    _, errors = first.communicate()
    assert first.returncode == 3, errors
    assert "job 1 is another worker's by now" in errors
    assert "Traceback" not in errors
    cluster.gate.opened.set()
    wait_until(lambda: cluster.job() == "succeeded")
    assert second.poll() is None
    assert cluster.outcomes() == ["died", "done"]
    assert cluster.ids() == cluster.expected(CHANNEL)


def test_two_jobs_of_a_channel_never_run_at_once(cluster: Cluster) -> None:
    cluster.add(CHANNEL)
    cluster.add(CHANNEL, more=("-a", SINCE, "-a", "until=2d"))
    cluster.add("jkxw")
    cluster.gate.close_after(0)
    cluster.worker()
    cluster.worker()
    wait_until(lambda: cluster.gate.asked > 1)
    assert [cluster.job(number) for number in (1, 2, 3)] == ["doing", "todo", "doing"]
    [running, other] = [job for job in cluster.status()["jobs"] if job["state"] == "running"]
    assert {running["name"], other["name"]} == {CHANNEL, "jkxw"}
    shown = cluster.run("status").stdout
    assert "workers: 2 at work" in shown
    assert "jobs: 2 running, 1 waiting, 0 given up" in shown
    assert "crawls: 2 under way, 0 dead" in shown
    cluster.gate.opened.set()
    wait_until(lambda: all(cluster.job(number) == "succeeded" for number in (1, 2, 3)))
    assert cluster.ids() == cluster.expected(CHANNEL, "jkxw")


def test_a_database_that_is_restarted_costs_a_try(
    cluster: Cluster, postgres: PostgresServer
) -> None:
    cluster.add(CHANNEL)
    worker = cluster.worker_in_a_crawl(FREE)
    postgres.stop(signal.SIGQUIT)
    postgres.start()
    cluster.gate.opened.set()
    wait_until(lambda: worker.poll() is not None or cluster.job() != "doing")
    worker.send_signal(signal.SIGTERM)
    _, errors = worker.communicate()
    assert "Traceback" not in errors
    cluster.forget_workers()
    cluster.make_due()
    cluster.drain()
    assert cluster.job() == "succeeded"
    assert cluster.ids() == cluster.expected(CHANNEL)
    assert "died" not in cluster.outcomes()


# --- many kills ---------------------------------------------------------------------------------------

KILLS = int(os.environ.get("ZJNEWS_KILLS", "6"))
"""In one life of three workers; `make kills` asks for more."""


def test_three_workers_through_many_kills(cluster: Cluster) -> None:
    chance = random.Random(16)  # noqa: S311  it protects nothing
    lists = [cluster.made_up.list_url(channel) for channel in CHANNELS]
    workers = [cluster.worker() for _ in range(3)]

    def is_crawled() -> bool:
        """Whether a crawl is under way; there is always work for one."""
        if not cluster.rows(OPEN_JOBS):
            for channel in CHANNELS:
                cluster.made_up.publish(channel)
            cluster.add(*lists)
        return bool(cluster.rows(CRAWLS_UNDER_WAY))

    for _ in range(KILLS):
        wait_until(is_crawled)
        time.sleep(chance.uniform(0, 0.5))
        what = chance.choice(("a crawl", "a worker", "both"))
        victim = chance.choice(workers)
        if what != "a worker":
            for [pid] in cluster.rows(CRAWLS_UNDER_WAY)[:1]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if what != "a crawl":
            victim.kill()
            victim.communicate()
            cluster.forget_worker(victim)
            workers[workers.index(victim)] = cluster.worker()
        cluster.make_due()
    wait_until(lambda: cluster.make_due() or not cluster.rows(OPEN_JOBS))
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
        _, errors = worker.communicate()
        assert (worker.returncode, "Traceback" in errors) == (0, False), errors
    cluster.add(*lists)  # what a job has left that was given up
    cluster.drain()
    assert cluster.ids() == cluster.expected(*CHANNELS)
