"""What a cluster is doing, for a person or as JSON: workers, jobs, crawls, hosts, what waits, the
last runs."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from zjnews.cluster import database
from zjnews.cluster.queue import STALLED
from zjnews.feeds.storages import place
from zjnews.state import postgres, sql
from zjnews.state.database import Lock
from zjnews.state.opening import reading
from zjnews.text.cleaning import counted, printable
from zjnews.text.dates import BEIJING
from zjnews.watch.runs import RunFigures, runs

_RUNS = 10
_DONE_HOURS = 24
_WORKERS = (
    "SELECT worker.id, coalesce(machine, '?') AS machine, pid, began_at,"
    " last_heartbeat AS heard_at,"
    " last_heartbeat > now() - make_interval(secs => %s) AS is_alive"
    " FROM procrastinate_workers worker LEFT JOIN machines ON machines.worker = worker.id"
    " ORDER BY machine, worker.id"
)
# Of those that were given up, the ones whose channel was not crawled well since.
_JOBS = (
    "SELECT job.id, CASE job.status WHEN 'todo' THEN 'waiting' WHEN 'doing' THEN 'running'"
    " ELSE 'given up' END AS state, coalesce(args->>'spider', '?') AS spider,"
    " coalesce(args->>'name', '?') AS name, attempts AS tries,"
    " CASE jsonb_typeof(args->'arguments') WHEN 'object' THEN args->'arguments' END AS arguments,"
    " CASE jsonb_typeof(args->'settings') WHEN 'object' THEN args->'settings' END AS settings,"
    " CASE job.status WHEN 'todo' THEN scheduled_at END AS not_before,"
    " try.machine, try.pid, try.began_at, try.ended_at, try.outcome, try.words"
    " FROM procrastinate_jobs job LEFT JOIN LATERAL"
    " (SELECT * FROM tries WHERE tries.job = job.id ORDER BY number DESC LIMIT 1) try ON true"
    " WHERE job.status IN ('todo', 'doing') OR (job.status = 'failed' AND NOT EXISTS"
    " (SELECT 1 FROM procrastinate_jobs later WHERE later.lock = job.lock AND later.id > job.id"
    " AND later.status = 'succeeded'))"
    " ORDER BY array_position(ARRAY['doing', 'todo', 'failed'], job.status::text), job.id"
)
_DONE = (
    "SELECT count(DISTINCT job) FROM tries WHERE outcome = 'done'"
    " AND ended_at > now() - make_interval(hours => %s)"
)
_NOW = "SELECT extract(epoch FROM clock_timestamp())::float"
_ALIVE = (
    "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = ? AND objid = ?"
    " AND objsubid = 2 AND database = (SELECT oid FROM pg_database"
    " WHERE datname = current_database())"
)
_BATCHES = (
    "SELECT batches.uri, batches.crawl, count(*) FROM batches"
    " JOIN records ON records.batch = batches.key GROUP BY batches.key, batches.uri, batches.crawl"
    " ORDER BY batches.key"
)
_STATES = ("running", "waiting", "given up")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRow:
    id: int
    machine: str
    pid: int | None
    began_at: datetime | None
    heard_at: datetime
    is_alive: bool
    """Whether it was heard of lately, by the clock of the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    id: int
    state: str
    """`waiting`, `running`, `given up`."""
    spider: str
    name: str
    arguments: dict[str, str] | None
    """As settings, None in a row that no job of ours is."""
    settings: dict[str, str] | None
    tries: int
    """Those that have ended."""
    not_before: datetime | None
    """Of one that waits."""
    machine: str | None
    """Of the last try, as the next four."""
    pid: int | None
    began_at: datetime | None
    ended_at: datetime | None
    outcome: str | None
    """See `outcomes.Outcome`."""
    words: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlRow:
    key: int
    spider: str
    lists: str
    machine: str
    pid: int
    began_at: datetime
    is_alive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRow:
    host: str
    crawl: int | None
    """The key of the crawl that has it; None if none has."""
    seconds: float
    """For which it is that crawl's, unless it asks for longer."""
    left_alone: float
    """Seconds for which nobody asks it for anything."""
    why: str
    """Why it was given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    place: str
    """Of the feed, without a password."""
    crawl: int
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    ended_at: datetime
    spider: str
    lists: tuple[str, ...]
    status: int
    verdict: str
    articles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything at one time, or nearly so."""

    workers: list[WorkerRow]
    jobs: list[JobRow]
    done: int
    """Jobs that were done in the last _DONE_HOURS."""
    crawls: list[CrawlRow]
    hosts: list[HostRow]
    batches: list[BatchRow]
    runs: list[RunRow]


def status(address: str) -> Status:
    """Raises StateError."""
    with database.connected(address) as db:
        database.check(db, address)
        of_workers = db.cursor(row_factory=class_row(WorkerRow))
        workers = of_workers.execute(_WORKERS, (STALLED,)).fetchall()
        jobs = db.cursor(row_factory=class_row(JobRow)).execute(_JOBS).fetchall()
        [done] = db.execute(_DONE, (_DONE_HOURS,)).fetchone() or [0]
    with reading(address) as rows:
        [[now]] = rows(_NOW) or [[0.0]]
        crawls = [_crawl(*row, is_alive=_is_alive(rows, row[0])) for row in rows(sql.CRAWLS)]
        hosts = [_host(now, *row) for row in rows(sql.LEASES)]
        batches = [
            BatchRow(place=place(uri), crawl=crawl, records=records)
            for uri, crawl, records in rows(_BATCHES)
        ]
    return Status(
        workers=workers,
        jobs=jobs,
        done=done,
        crawls=crawls,
        hosts=[host for host in hosts if host.crawl or host.left_alone],
        batches=batches,
        runs=[_run(run) for run in runs(address, _RUNS)],
    )


def _is_alive(rows: Any, key: int) -> bool:
    return bool(rows(_ALIVE, *postgres.lock_numbers(Lock.CRAWL, key)))


def _crawl(key: int, *of_crawl: Any, is_alive: bool) -> CrawlRow:
    spider, lists, machine, pid, began = of_crawl
    began_at = datetime.fromtimestamp(began, BEIJING)
    return CrawlRow(
        key=key,
        spider=spider,
        lists=lists,
        machine=machine,
        pid=pid,
        began_at=began_at,
        is_alive=is_alive,
    )


def _host(now: float, host: str, crawl: int, *until: Any) -> HostRow:
    leased_until, left_until, why = until
    has_it = leased_until > now
    return HostRow(
        host=host,
        crawl=crawl if has_it else None,
        seconds=round(max(leased_until - now, 0.0), 1),
        left_alone=round(max(left_until - now, 0.0), 1),
        why=why if left_until > now else "",
    )


def _run(run: RunFigures) -> RunRow:
    return RunRow(
        ended_at=run.ended,
        spider=run.spider,
        lists=run.lists,
        status=run.status,
        verdict=run.verdict,
        articles=run.articles,
    )


# --- for machines ---------------------------------------------------------------------------------


def as_json(found: Status) -> dict[str, Any]:
    """Fit for `json.dumps`; times as in ISO 8601."""
    return {name: _plain(value) for name, value in asdict(found).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(BEIJING).isoformat(timespec="seconds")
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value


# --- for a person ---------------------------------------------------------------------------------


def lines_of(found: Status) -> Iterator[str]:
    """The lines that are printed. Times are Beijing time."""
    alive = sum(worker.is_alive for worker in found.workers)
    yield f"workers: {alive} at work, Beijing time {short(datetime.now(BEIJING))}"
    yield from _table([_of_worker(worker) for worker in found.workers])
    counts = [f"{sum(job.state == state for job in found.jobs)} {state}" for state in _STATES]
    yield f"jobs: {', '.join(counts)}, {found.done} done in {_DONE_HOURS} hours"
    yield from _table([_of_job(job) for job in found.jobs])
    by_key = {crawl.key: crawl for crawl in found.crawls}
    running = sum(crawl.is_alive for crawl in found.crawls)
    yield f"crawls: {running} under way, {len(found.crawls) - running} dead"
    yield from _table([_of_crawl(crawl) for crawl in found.crawls])
    yield f"hosts: {counted(len(found.hosts), 'host')} in use or left alone"
    yield from _table([_of_host(host, by_key) for host in found.hosts])
    records = sum(batch.records for batch in found.batches)
    yield f"waiting for their feeds: {counted(records, 'record')}"
    yield from _table([_of_batch(batch, by_key) for batch in found.batches])
    yield "last runs:"
    yield from _table([_of_run(run) for run in found.runs])


def _of_worker(worker: WorkerRow) -> Sequence[str]:
    heard = "" if worker.is_alive else f"not heard of since {short(worker.heard_at)}"
    began = f"since {short(worker.began_at)}" if worker.began_at else ""
    return f"{worker.machine or '?'} {worker.pid or ''}", began, heard


def _of_job(job: JobRow) -> Sequence[str]:
    what = " ".join(f"{name}={value}" for name, value in (job.arguments or {}).items())
    return f"{job.id}", f"{job.spider} {job.name}", what, job.state, _how(job)


def _how(job: JobRow) -> str:
    again = f"; try {job.tries + 1}" if job.tries else ""
    if job.state == "running":
        return f"on {job.machine} since {short(job.began_at)}{again}"
    if job.state == "given up":
        return f"{short(job.ended_at)} {job.words or ''}"
    is_later = job.not_before is not None and job.not_before > datetime.now(BEIJING)
    at = f"for {short(job.not_before)}" if is_later else "for a worker"
    return f"{at}{again}" + (f"; last: {job.words}" if job.words else "")


def _of_crawl(crawl: CrawlRow) -> Sequence[str]:
    how = "" if crawl.is_alive else "dead; the next crawl takes over what it left"
    where = f"on {crawl.machine} {crawl.pid} since {short(crawl.began_at)}"
    return f"{crawl.key}", f"{crawl.spider} {crawl.lists}".strip(), where, how


def _of_host(host: HostRow, crawls: dict[int, CrawlRow]) -> Sequence[str]:
    left = f"left alone for {host.left_alone:.0f} s {host.why}" if host.left_alone else ""
    return host.host, _by(host.crawl, crawls), left.strip()


def _of_batch(batch: BatchRow, crawls: dict[int, CrawlRow]) -> Sequence[str]:
    return counted(batch.records, "record"), batch.place, _by(batch.crawl, crawls)


def _by(key: int | None, crawls: dict[int, CrawlRow]) -> str:
    crawl = crawls.get(key or 0)
    return f"crawl {key} ({crawl.spider} {crawl.lists}) on {crawl.machine}" if crawl else ""


def _of_run(run: RunRow) -> Sequence[str]:
    what = f"{run.spider} {', '.join(run.lists)}".strip()
    articles = counted(run.articles, "article")
    return short(run.ended_at), what, articles, f"exit status {run.status}, {run.verdict}"


def _table(rows: list[Sequence[str]]) -> Iterator[str]:
    """Columns below one another, indented."""
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def short(time: datetime | None) -> str:
    """`09-14 08:30`, Beijing time."""
    return f"{time.astimezone(BEIJING):%m-%d %H:%M}" if time else "?"
