"""A file of jobs that are done again and again, each by a line of cron in Beijing time.

[news]
cron = "17 */6 * * *"
spider = "channel"
arguments = { channels = "zjxc,gnxw", since = "3d" }
settings = { REFRESH_HOURS = 24 }
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from croniter import croniter
from procrastinate import App
from procrastinate.periodic import PeriodicTask
from procrastinate.tasks import Task
from scrapy.exceptions import UsageError

from zjnews.cluster.jobs import Job, jobs_of
from zjnews.text.cleaning import error_in_words
from zjnews.text.dates import BEIJING

_KEYS = ("cron", "spider", "arguments", "settings")
_FIELDS = 5
"""Of a line of cron."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """One table of the file."""

    name: str
    cron: str
    jobs: tuple[Job, ...]


class BeijingTask(PeriodicTask[..., Any, ...]):
    """One whose line of cron is Beijing time; Procrastinate's are UTC."""

    @cached_property
    def croniter(self) -> croniter:
        return croniter(self.cron, start_time=datetime.now(BEIJING))


def read_schedules(path: str) -> list[Schedule]:
    """Raises UsageError."""
    try:
        found = tomllib.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error_in_words(error)}") from error
    if not found:
        raise UsageError(f"{path}: it has no schedule")
    schedules = []
    for name, table in found.items():
        try:
            schedules.append(_schedule(name, table))
        except UsageError as error:
            raise UsageError(f"{path}: {name}: {error}") from error
    return schedules


def _schedule(name: str, table: Any) -> Schedule:
    if not isinstance(table, Mapping):
        raise UsageError(f"a schedule is a table: [{name}]")
    for key in table:
        if key not in _KEYS:
            raise UsageError(f"no key '{key}'; known: {', '.join(_KEYS)}")
    for key in ("arguments", "settings"):
        if not isinstance(table.get(key, {}), Mapping):
            raise UsageError(f"{key} is no table")
    cron = table.get("cron", "")
    if not (isinstance(cron, str) and len(cron.split()) == _FIELDS and croniter.is_valid(cron)):
        raise UsageError(f"cron = {cron!r} is no line of cron, such as '17 */6 * * *'")
    spider = table.get("spider", "")
    return Schedule(
        name,
        cron,
        tuple(jobs_of(str(spider), table.get("arguments", {}), table.get("settings", {}))),
    )


def register(app: App, task: "Task[..., Any, ...]", schedules: list[Schedule]) -> None:
    """Have a worker put the jobs of schedules into the queue when they are due. Of several workers
    one does, by a unique key in the database: name, job and time."""
    for schedule in schedules:
        for job in schedule.jobs:
            periodic_id = f"{schedule.name} {job.digest[:16]}"
            app.periodic_registry.periodic_tasks[task.name, periodic_id] = BeijingTask(
                task=task,
                cron=schedule.cron,
                periodic_id=periodic_id,
                configure_kwargs={
                    "lock": job.lock,
                    "queueing_lock": job.digest,
                    "task_kwargs": job.row(),
                },
            )
