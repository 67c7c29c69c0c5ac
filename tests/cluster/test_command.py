"""`scrapy cluster` as it is typed: what it prints, its exit status, and no password anywhere."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import command_line
from tests.cluster.conftest import SINCE, Cluster
from tests.command_line import ROOT, SCRAPY, wait_until
from tests.postgres_server import PASSWORD, PostgresServer
from zjnews.cluster import database

AROUND = {"SCRAPY_SETTINGS_MODULE": "zjnews.settings"}
SHOWN = PASSWORD.replace("/", "%2F").replace("@", "%40")


def cluster_command(
    folder: Path, address: str, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    around = {**AROUND, "ZJNEWS_STATE_DB": address, **environment}
    return command_line.run([*SCRAPY, "cluster", *arguments], around, folder=folder)


def test_init_makes_the_tables_and_may_be_repeated(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    address = postgres.new()
    early = cluster_command(tmp_path, address, "status")
    assert (early.returncode, early.stdout) == (2, "")
    [line] = early.stderr.splitlines()
    assert line.endswith("has no jobs yet: run `zjnews cluster init`")
    first = cluster_command(tmp_path, address, "init")
    assert (first.returncode, first.stdout) == (0, "tables of state and jobs: made\n")
    again = cluster_command(tmp_path, address, "init")
    assert (again.returncode, again.stdout) == (0, "tables of state and jobs: was there already\n")
    shown = cluster_command(tmp_path, address, "status")
    assert shown.returncode == 0
    assert "jobs: 0 running, 0 waiting, 0 given up, 0 done in 24 hours" in shown.stdout


@pytest.mark.parametrize(
    ("action", "trouble"),
    [
        (("init",), "no server"),
        (("status",), "wrong password"),
        (("add", "channel", "-a", "channels=zjxc"), "no database"),
        (("work",), "no server"),
        (("work",), "wrong password"),
        (("work",), "a file"),
        (("work",), "not initialised"),
        (("add", "channel", "-a", "channels=zjxc"), "not initialised"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_line_and_status_2(
    tmp_path: Path, postgres: PostgresServer, action: tuple[str, ...], trouble: str
) -> None:
    good = postgres.address("postgres")
    addresses = {
        "no server": good.replace(f":{postgres.port}/", ":1/"),
        "wrong password": good.replace(SHOWN, f"wrong{SHOWN}"),
        "no database": good.replace("/postgres", "/nowhere"),
        "a file": "state/zjnews.db",
        "not initialised": good,
    }
    done = cluster_command(tmp_path, addresses[trouble], *action)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    [line] = done.stderr.splitlines()
    words = {
        "no server": "Connection refused",
        "wrong password": "password authentication failed",
        "no database": 'database "nowhere" does not exist',
        "a file": "a cluster needs a database: ZJNEWS_STATE_DB=postgresql://",
        "not initialised": "run `zjnews cluster init`",
    }
    assert words[trouble] in line
    assert PASSWORD not in line and SHOWN not in line


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://owner:p@ss{PASSWORD}@127.0.0.1/x",
        f"postgresql://owner:{PASSWORD}%zz@127.0.0.1:5/x",
        f"postgresql://owner:{PASSWORD}@/x",
        "postgresql://",
        f"postgresql://owner:{PASSWORD}@[::1/x",
        f"postgresql://127.0.0.1:port{PASSWORD}/x",
        f"postgresql://127.0.0.1/x?nosuch={PASSWORD}",
    ],
)
def test_no_address_gives_its_password_away(tmp_path: Path, address: str) -> None:
    done = cluster_command(tmp_path, address, "status")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert "everyone" not in done.stderr


def test_a_password_is_not_to_be_typed(cluster: Cluster) -> None:
    typed = cluster.run("status", "-s", f"STATE_DB={cluster.address}")
    assert (typed.returncode, typed.stdout) == (2, "")
    [line] = typed.stderr.splitlines()
    assert "a password belongs into ZJNEWS_STATE_DB or ~/.pgpass" in line
    assert SHOWN not in line


def test_without_procrastinate_it_is_one_line_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "procrastinate.py").write_text(
        "raise ModuleNotFoundError('no', name='procrastinate')", "utf-8"
    )
    done = cluster_command(tmp_path, "postgresql://x/y", "status", PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line == "scrapy cluster: this needs procrastinate: pip install 'zjnews[cluster]'"


def test_other_commands_load_neither_procrastinate_nor_psycopg(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['scrapy', 'channels']\n"
        "from scrapy.cmdline import execute\n"
        "try: execute()\n"
        "except SystemExit: pass\n"
        "print(sorted({'procrastinate', 'psycopg', 'croniter'} & set(sys.modules)))"
    )
    around = {"PYTHONPATH": str(ROOT), **AROUND}
    done = command_line.run([sys.executable, "-c", code], around, folder=tmp_path)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_jobs_are_added_one_for_each_channel(cluster: Cluster) -> None:
    added = cluster.run("add", "channel", "-a", "channels=gnxw,jkxw", "-a", SINCE)
    assert added.stdout == "channel gnxw: job 1\nchannel jkxw: job 2\n"
    again = cluster.run("add", "channel", "-a", "channels=jkxw,zjxc", "-a", SINCE)
    assert again.stdout == "channel jkxw: waits already\nchannel zjxc: job 4\n"
    paper = cluster.run("add", "paper", "-a", "papers=zjrb", "-s", "REFRESH_HOURS=1")
    assert paper.stdout == "paper zjrb: job 5\n"
    shown = cluster.status()
    assert [job["name"] for job in shown["jobs"]] == ["gnxw", "jkxw", "zjxc", "zjrb"]
    assert shown["jobs"][-1]["settings"] == {"REFRESH_HOURS": "1"}
    lines = cluster.run("status").stdout.splitlines()
    assert "  1  channel gnxw  since=90d  waiting  for a worker" in lines


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "init|add|work|status"),
        (("nosuch",), "nosuch"),
        (("status", "more"), "takes no 'more'"),
        (("status", "--nosuch"), "no option '--nosuch'"),
        (("init", "-s", "DOWNLOAD_DELAY=1"), "init takes no setting but STATE_DB"),
        (("add",), "channel|paper"),
        (("add", "article", "-a", "url=x"), "no spider 'article' for jobs; known: channel, paper"),
        (("add", "channel"), "give channels"),
        (("add", "channel", "-a", "channels"), "-a is not followed by NAME=VALUE"),
        (("add", "channel", "-a", "channels=nosuch"), "no channel 'nosuch'"),
        (("add", "channel", "-a", "channels=zjxc", "-a", "since=soon"), "since=soon is no time"),
        (("add", "channel", "-a", "channels=zjxc", "-a", "max_pages=x"), "max_pages=x"),
        (("add", "channel", "-a", "channels=zjxc", "-a", "path=x"), "takes no argument 'path'"),
        (("add", "channel", "-a", "channels=zjxc", "-s", "LOG_FILE=x"), "no setting 'LOG_FILE'"),
        (("add", "channel", "-a", "channels=zjxc", "-s", "NOTIFY=x"), "no setting 'NOTIFY'"),
        (("add", "channel", "-a", "channels=zjxc", "-a", "since=7d\n8"), "no text of one line"),
        (("add", "paper", "-a", "papers=zjrb", "-a", "until=2d"), "until needs since"),
        (("work", "--schedule", "nosuch.toml"), "nosuch.toml: No such file or directory"),
        (("work", "-s", "NOTIFY=nosuch"), "address 1 of NOTIFY"),
        (("work", "-s", "CONTCAT=x"), "no setting CONTCAT; did you mean CONTACT?"),
        (
            ("work", "-s", "REFRESH_HOURS=x"),
            "REFRESH_HOURS=x is no number",
        ),
        (("work", "-o", "news.nosuch"), "Unrecognized output format 'nosuch'"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    tmp_path: Path, postgres: PostgresServer, arguments: tuple[str, ...], words: str
) -> None:
    done = cluster_command(tmp_path, postgres.address("postgres"), *arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    [line] = done.stderr.splitlines()
    assert words in line


def test_jobs_of_another_version_are_not_touched(cluster: Cluster) -> None:
    newest = database.installed_schema()
    cluster.rows("UPDATE facts SET value = '99.00.00_01_later' WHERE name = 'procrastinate'")
    for action in (("status",), ("init",), ("work", "--drain")):
        done = cluster.run(*action)
        [line] = done.stderr.splitlines()
        assert done.returncode == 2
        assert f"are those of Procrastinate 99.00.00_01_later, installed is {newest}" in line
    cluster.rows("UPDATE facts SET value = '99' WHERE name = 'version'")
    done = cluster.run("status")
    assert (done.returncode, "have version 99" in done.stderr) == (2, True)


def test_init_brings_older_jobs_up_to_date(cluster: Cluster) -> None:
    before = "03.02.00_50_post_batch_defer_jobs"
    cluster.rows("DROP SCHEMA zjnews_jobs CASCADE")
    cluster.rows("CREATE SCHEMA zjnews_jobs")
    for migration in database.migrations():
        if migration.stem <= before:
            cluster.rows(migration.read_text("utf-8"))
    cluster.rows(database.TABLES)
    cluster.rows("INSERT INTO facts VALUES ('version', %s)", database.VERSION)
    cluster.rows("INSERT INTO facts VALUES ('procrastinate', %s)", before)
    assert cluster.run("status").returncode == 2
    done = cluster.run("init")
    assert f"brought from Procrastinate {before} to" in done.stdout, done.stderr
    cluster.add("jkxw")
    cluster.drain()
    assert cluster.ids() == cluster.expected("jkxw")


def test_status_shows_leases_and_what_a_killed_crawl_has_left(cluster: Cluster) -> None:
    cluster.add("gnxw")
    worker = cluster.worker_in_a_crawl(5, "-s", "HOST_LEASE=600")
    running = cluster.status()
    [crawl], [host] = running["crawls"], running["hosts"]
    assert (crawl["lists"], crawl["is_alive"]) == ("gnxw", True)
    assert (host["host"], host["crawl"]) == ("china.zjol.com.cn", crawl["key"])
    assert 0 < host["seconds"] <= 600
    wait_until(lambda: len(cluster.rows("SELECT 1 FROM zjnews.records")) == 5)
    worker.kill()
    worker.communicate()
    wait_until(lambda: not cluster.status()["crawls"][0]["is_alive"])
    left = cluster.status()
    [batch] = left["batches"]
    assert (batch["records"], batch["crawl"]) == (5, crawl["key"])
    shown = cluster.run("status").stdout
    assert "waiting for their feeds: 5 records" in shown
    assert "dead; the next crawl takes over what it left" in shown
    assert json.dumps(left)  # nothing but plain values
