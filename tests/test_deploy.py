"""What deploy/ holds, run as it is written: cron, systemd, GitHub Actions, Scrapyd.

Each test has the project in a home of its own, with `.venv/bin/scrapy`, and the made-up site in
place of the real one.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import pytest

from tests.command_line import MOST_SECONDS, ROOT, wait_until
from tests.made_up_site import BEIJING, MadeUpSite
from tests.site_server import Answer, Asked, Site, serve
from zjnews.cluster.schedules import read_schedules

DEPLOY = ROOT / "deploy"
PLACE = "/opt/zjnews"
"""Where the units expect the project."""
BUSY = 7


@dataclass
class Installed:
    """A project in a home of its own, and the site that it reads."""

    home: Path
    site: Site
    made_up: MadeUpSite
    open: threading.Event = field(default_factory=threading.Event)
    """While it is not set, the site does not answer."""

    @property
    def project(self) -> Path:
        return self.home / "zjnews"

    def environment(self, **more: str) -> dict[str, str]:
        small = {"CHANNELS": "jkxw", "PAPERS": "", "SINCE": "90d", "HOME": str(self.home)}
        return {**os.environ, **self.site.environment, **small, **more}

    def start(self, *command: str, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.home,
            env=self.environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, **more: str) -> tuple[int, str]:
        process = self.start(*command, **more)
        try:
            out, _ = process.communicate(timeout=MOST_SECONDS)
        finally:
            kill_group(process)
        return process.returncode, out

    def crawl_sh(self, *arguments: str, **more: str) -> tuple[int, str]:
        return self.run(str(self.project / "deploy" / "crawl.sh"), *arguments, **more)

    def wait_for_requests(self) -> None:
        wait_until(lambda: bool(self.site.requests))


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installed]:
    home = tmp_path / "home"
    project = home / "zjnews"
    shutil.copytree(ROOT / "zjnews", project / "zjnews", ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copytree(DEPLOY, project / "deploy")
    for name in ("scrapy.cfg", "pyproject.toml", "README.md", "LICENSE", "setup.py"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, project)
    with (project / "zjnews" / "settings.py").open("a", encoding="utf-8") as settings:
        settings.write("\nDOWNLOAD_DELAY = AUTOTHROTTLE_START_DELAY = 0\n")
    programs = project / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("scrapy", "zjnews"):
        (programs / name).write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -m {name} "$@"\n', "utf-8"
        )
        (programs / name).chmod(0o755)
    made_up = MadeUpSite(datetime.now(BEIJING), trouble=False)
    is_open = threading.Event()
    is_open.set()

    def answer(asked: Asked) -> Answer:
        is_open.wait(MOST_SECONDS)
        return made_up.answer(asked)

    with serve(answer) as site:
        yield Installed(home, site, made_up, is_open)
        is_open.set()


def records(folder: Path) -> list[dict[str, Any]]:
    """What lies in feeds/ of a folder."""
    lines = [
        line
        for feed in sorted((folder / "feeds").rglob("*.jsonl"))
        for line in feed.read_text("utf-8").splitlines()
    ]
    return [json.loads(line) for line in lines]


def ids(folder: Path) -> list[str]:
    return sorted(record["id"] for record in records(folder))


def kill_group(process: subprocess.Popen[str]) -> None:
    """End what a test has left behind; the group is the test's own session."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def expected(made_up: MadeUpSite, channel: str = "jkxw") -> list[str]:
    return sorted(made_up.ids_in([channel]))


# --- crawl.sh ---------------------------------------------------------------------------------------


def test_the_script_is_posix_and_executable() -> None:
    script = DEPLOY / "crawl.sh"
    assert os.access(script, os.X_OK)
    subprocess.run(["sh", "-n", script], check=True)


def test_shellcheck_finds_nothing() -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run(
        [shellcheck, DEPLOY / "crawl.sh"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_a_failure_of_one_half_is_kept_and_the_other_half_runs(installed: Installed) -> None:
    status, out = installed.crawl_sh(CHANNELS="nosuch", PAPERS="zjrb", SINCE="1d")
    assert status == 2, out
    assert records(installed.project), out
    assert {record["layout"] for record in records(installed.project)} == {"paper"}


def test_contact_and_options_reach_the_crawl(installed: Installed) -> None:
    out_file = installed.home / "my feed.jsonl"
    status, out = installed.crawl_sh("-O", str(out_file), CONTACT="me@example.org")
    assert status == 0, out
    assert len(out_file.read_text("utf-8").splitlines()) == len(expected(installed.made_up))
    assert all("+me@example.org" in agent for agent in installed.site.user_agents)


def test_a_stopped_round_ends_its_crawl_and_begins_no_other(installed: Installed) -> None:
    installed.open.clear()
    process = installed.start(str(installed.project / "deploy" / "crawl.sh"), PAPERS="zjrb")
    try:
        installed.wait_for_requests()
        os.killpg(process.pid, signal.SIGTERM)
        time.sleep(0.5)
        installed.open.set()
        out, _ = process.communicate(timeout=MOST_SECONDS)
    finally:
        kill_group(process)
    assert process.returncode == 4, out
    assert "crawl channel" in out
    assert "crawl paper" not in out
    assert re.search(r"exit status \d+\n$", out), "the shell did not wait for the crawl"


# --- cron -------------------------------------------------------------------------------------------


def cron_line() -> tuple[list[str], str]:
    """The five fields, and the command as cron gives it to sh."""
    lines = (DEPLOY / "crontab").read_text("utf-8").splitlines()
    [line] = [line for line in lines if re.match(r"[\d*]", line)]
    *fields, command = line.split(None, 5)
    return fields, command


def test_cron_takes_the_line_whole() -> None:
    fields, command = cron_line()
    assert len(fields) == 5
    assert all(re.fullmatch(r"\d+|\*|\*/\d+", part) for part in fields)
    assert "%" not in command, "cron ends a command there"


def test_the_line_of_cron_is_silent_when_all_is_well(installed: Installed) -> None:
    status, out = installed.run("sh", "-c", cron_line()[1])
    log = (installed.project / "state" / "crawl.log").read_text("utf-8")
    assert (status, out) == (0, ""), log
    assert ids(installed.project) == expected(installed.made_up)
    assert "exit status 0" in log


def test_the_line_of_cron_mails_the_status(installed: Installed) -> None:
    _, out = installed.run("sh", "-c", cron_line()[1], CHANNELS="nosuch")
    assert out == "zjnews: exit status 2, see state/crawl.log\n"
    assert "nosuch" in (installed.project / "state" / "crawl.log").read_text("utf-8")


def test_a_second_line_of_cron_leaves_at_once(installed: Installed) -> None:
    installed.open.clear()
    first = installed.start("sh", "-c", cron_line()[1])
    try:
        installed.wait_for_requests()
        before = len(installed.site.requests)
        _, mail = installed.run("sh", "-c", cron_line()[1])
        assert first.poll() is None
        assert len(installed.site.requests) == before
        installed.open.set()
        out, _ = first.communicate(timeout=MOST_SECONDS)
    finally:
        kill_group(first)
    log = (installed.project / "state" / "crawl.log").read_text("utf-8")
    assert f"exit status {BUSY}" in mail
    assert log.count("the last round has not ended yet") == 1
    assert log.count("scrapy crawl channel") == 1  # the second one started none
    assert (first.returncode, out) == (0, ""), log
    assert ids(installed.project) == expected(installed.made_up)
    assert installed.run("sh", "-c", cron_line()[1]) == (0, "")  # the lock is free again


# --- systemd ----------------------------------------------------------------------------------------


def unit(name: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string((DEPLOY / name).read_text("utf-8"))
    return parser


def env_example() -> dict[str, str]:
    lines = (DEPLOY / "zjnews.env.example").read_text("utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}


@pytest.mark.parametrize("name", ["zjnews.service", "zjnews-worker@.service"])
def test_the_paths_of_the_units_are_there(name: str) -> None:
    paths = re.findall(rf"{PLACE}/(\S+)", (DEPLOY / name).read_text("utf-8"))
    missing = {path for path in paths if not (ROOT / path).is_file()} - {".venv/bin/zjnews"}
    assert paths
    assert not missing


def test_the_timer_starts_the_service() -> None:
    assert (DEPLOY / "zjnews.service").stem == (DEPLOY / "zjnews.timer").stem
    assert unit("zjnews.service")["Service"]["Type"] == "oneshot"  # so rounds cannot overlap
    assert "SuccessExitStatus" not in unit("zjnews.service")["Service"]
    timer = unit("zjnews.timer")
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Timer"]["RandomizedDelaySec"]
    assert timer["Install"]["WantedBy"] == "timers.target"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd")
def test_systemd_accepts_the_units(installed: Installed, tmp_path: Path) -> None:
    units = []
    for name in ("zjnews.service", "zjnews-worker@.service", "zjnews.timer"):
        text = (DEPLOY / name).read_text("utf-8").replace(PLACE, str(installed.project))
        units.append(tmp_path / name)
        units[-1].write_text(text, "utf-8")
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in verified.stderr.splitlines() if "zjnews" in line]
    assert (verified.returncode, ours) == (0, [])
    for service in units[:2]:
        exposed = subprocess.run(  # 20 stands for 2.0 of 10; without hardening it is 9.6
            ["systemd-analyze", "security", "--offline=true", "--threshold=20", service],
            capture_output=True,
            text=True,
            check=False,
        )
        assert exposed.returncode == 0, exposed.stdout[-500:]


def test_a_worker_gets_its_signal_alone_and_comes_back() -> None:
    service = unit("zjnews-worker@.service")["Service"]
    assert (service["KillMode"], service["Restart"]) == ("mixed", "always")
    program, *options = service["ExecStart"].split()
    assert program == f"{PLACE}/.venv/bin/zjnews"  # `pip install .` makes it
    assert options[:3] == ["cluster", "work", "--schedule"]
    [channels, newspapers] = read_schedules(options[3].replace(PLACE, str(ROOT)))
    assert len(channels.jobs) > 100 > len(newspapers.jobs) > 1


def test_the_service_keeps_what_it_writes_out_of_the_project(installed: Installed) -> None:
    service = unit("zjnews.service")["Service"]
    state = installed.home / "var" / service["StateDirectory"]
    state.mkdir(parents=True)
    small = {"CHANNELS": "jkxw", "PAPERS": "", "SINCE": "90d"}
    given = {**env_example(), **small, "STATE_DIRECTORY": str(state)}
    script, options = service["ExecStart"].replace(PLACE, str(installed.project)).split()
    assert options == "$OPTIONS"  # systemd leaves it out where it is not set
    before = sorted(installed.project.iterdir())
    status, out = installed.run(script, **given)
    assert status == 0, out
    assert ids(state) == expected(installed.made_up)
    assert sorted(installed.project.iterdir()) == before


def test_the_example_holds_no_secret() -> None:
    text = (DEPLOY / "zjnews.env.example").read_text("utf-8")
    assert re.findall(r"^#?(AWS_\w+)=", text, re.M)
    assert not re.findall(r"^#?AWS_\w+=.+", text, re.M)


# --- GitHub Actions ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml")
    loaded: dict[str, Any] = yaml.load(  # BaseLoader: `on` is a word, not true
        (DEPLOY / "github-actions.yml").read_text("utf-8"), yaml.BaseLoader
    )
    return loaded


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    [job] = workflow["jobs"].values()
    return list(job["steps"])


def position(workflow: dict[str, Any], action: str) -> int:
    [found] = [
        n for n, step in enumerate(steps(workflow)) if step.get("uses", "").startswith(action)
    ]
    return found


def crawl_step(workflow: dict[str, Any]) -> int:
    [found] = [n for n, step in enumerate(steps(workflow)) if step.get("name") == "Crawl"]
    return found


def test_the_workflow_is_scheduled_and_never_doubled(workflow: dict[str, Any]) -> None:
    assert set(workflow["on"]) == {"schedule", "workflow_dispatch"}
    assert workflow["concurrency"]["cancel-in-progress"] == "false"


def test_the_actions_are_githubs_own_and_pinned(workflow: dict[str, Any]) -> None:
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+(/[a-z]+)?@v\d+", name) for name in used), used


def test_the_state_outlives_a_crawl_that_failed(workflow: dict[str, Any]) -> None:
    restore, save = (
        steps(workflow)[position(workflow, f"actions/cache/{part}")] for part in ("restore", "save")
    )
    assert restore["with"]["path"] == save["with"]["path"] == "state"
    assert restore["with"]["key"] == save["with"]["key"]
    assert {"github.run_id", "github.run_attempt"} <= set(
        re.findall(r"\$\{\{ (\S+) \}\}", save["with"]["key"])
    )
    assert save["with"]["key"].startswith(restore["with"]["restore-keys"])
    assert "always()" in save["if"]
    upload = position(workflow, "actions/upload-artifact")
    assert steps(workflow)[upload]["if"] == "always()"
    assert (
        position(workflow, "actions/cache/restore")
        < crawl_step(workflow)
        < upload
        < position(workflow, "actions/cache/save")
    )


def test_the_workflow_sets_up_by_a_target_of_the_makefile(workflow: dict[str, Any]) -> None:
    [step] = [step for step in steps(workflow) if step.get("name") == "Set up"]
    command = step["run"].split()
    assert command[0] == "make"
    done = subprocess.run(
        ["make", "-n", *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_crawl_of_the_workflow_runs_as_written(
    installed: Installed, workflow: dict[str, Any]
) -> None:
    step = steps(workflow)[crawl_step(workflow)]
    assert set(step["env"]) == {"CONTACT", "CHANNELS", "PAPERS", "SINCE"}
    command = ("bash", "-e", "-c", f"cd zjnews\n{step['run']}")
    status, out = installed.run(*command)
    assert status == 0, out
    assert ids(installed.project) == expected(installed.made_up)
    upload = steps(workflow)[position(workflow, "actions/upload-artifact")]
    assert (installed.project / upload["with"]["path"]).is_dir()
    # What the next round has is the state alone.
    shutil.rmtree(installed.project / "feeds")
    status, out = installed.run(*command)
    assert (status, ids(installed.project)) == (0, []), out
    failed, out = installed.run(*command, CHANNELS="nosuch")
    assert failed == 2, out


# --- Scrapyd ----------------------------------------------------------------------------------------


@dataclass
class Scrapyd:
    url: str
    folder: Path

    def ask(self, what: str, **fields: str | list[str]) -> dict[str, Any]:
        data = urlencode(fields, doseq=True).encode() if what == "schedule" else None
        query = "" if data or not fields else f"?{urlencode(fields)}"
        opened = build_opener(ProxyHandler({})).open(
            f"{self.url}{what}.json{query}", data, timeout=10
        )
        with opened as answer:
            found: dict[str, Any] = json.load(answer)
        assert found["status"] == "ok", found
        return found

    @property
    def log(self) -> str:
        return (self.folder / "scrapyd.log").read_text("utf-8")

    def finish(self, job: str) -> None:
        def has_finished() -> bool:
            finished = self.ask("listjobs", project="zjnews")["finished"]
            return any(found["id"] == job for found in finished)

        wait_until(has_finished)


@pytest.fixture
def scrapyd(installed: Installed) -> Iterator[Scrapyd]:
    """A daemon with the configuration of deploy/, on a port of its own, in an empty folder."""
    pytest.importorskip("scrapyd")
    pytest.importorskip("scrapyd_client")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = installed.home / "scrapyd"
    folder.mkdir()
    text = (DEPLOY / "scrapyd.conf").read_text("utf-8")
    (folder / "scrapyd.conf").write_text(
        f"{text}http_port = {port}\npoll_interval = 0.2\n", "utf-8"
    )
    daemon = Scrapyd(f"http://127.0.0.1:{port}/", folder)
    with (folder / "scrapyd.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "scrapyd"],
            cwd=folder,
            env=installed.environment(),
            stdout=log,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        try:
            wait_until(lambda: f":{port}/" in daemon.log or "Site starting on" in daemon.log)
            yield daemon
        finally:
            process.terminate()
            try:
                process.wait(10)
            finally:
                kill_group(process)


def test_scrapyd_takes_the_project_and_runs_a_channel(
    installed: Installed, scrapyd: Scrapyd
) -> None:
    cfg = installed.project / "scrapy.cfg"
    text = cfg.read_text("utf-8")
    assert "url = http://localhost:6800/\n" in text
    cfg.write_text(text.replace("http://localhost:6800/", scrapyd.url), "utf-8")
    deployed = subprocess.run(
        [sys.executable, "-m", "scrapyd_client.deploy"],
        cwd=installed.project,
        env={**os.environ, "HOME": str(installed.home), "no_proxy": "*"},
        capture_output=True,
        text=True,
        check=False,
        timeout=MOST_SECONDS,
    )
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    assert json.loads(deployed.stdout)["spiders"] == 4
    asked = {"project": "zjnews", "spider": "channel"}
    # By its name, which stands in the egg's site/channels.toml.
    job = scrapyd.ask(
        "schedule", **asked, channels="jkxw", since="90d", setting=["CONTACT=me@b.org"]
    )
    scrapyd.finish(job["jobid"])
    log = (scrapyd.folder / "logs" / "zjnews" / "channel" / f"{job['jobid']}.log").read_text(
        "utf-8"
    )
    assert ids(scrapyd.folder) == expected(installed.made_up), log
    assert all("+me@b.org" in agent for agent in installed.site.user_agents)
    assert "Process finished" in scrapyd.log
    assert "Process died" not in scrapyd.log
    # The next one: our own `crawl` refuses it, in one line and by its status.
    refused = scrapyd.ask("schedule", **asked, channels="nosuch")
    scrapyd.finish(refused["jobid"])
    assert "scrapy crawl: channel: no channel 'nosuch'" in scrapyd.log
    assert "exitstatus=2" in scrapyd.log
