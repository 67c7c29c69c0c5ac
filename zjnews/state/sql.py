"""Tables and statements of the state, in the SQL that SQLite and PostgreSQL share.

Parameters are `?`, as in Python's DB-API; a driver fills in what the two spell differently:
`{serial}` a key that counts up, `{bytes}` binary data, `{compact}` a table that is its own index.
"""

from zjnews.text.sketches import BANDS

TABLES = (
    # What is known: delivered, or waiting in the outbox.
    "CREATE TABLE articles (key {serial}, id TEXT NOT NULL UNIQUE, revision INTEGER,"
    " content_hash {bytes}, published_at BIGINT, precision TEXT, scraped_at BIGINT, etag TEXT,"
    " last_modified TEXT, sketch {bytes})",
    "CREATE TABLE bands (band BIGINT, article BIGINT, PRIMARY KEY (band, article)){compact}",
    "CREATE TABLE passed (address TEXT PRIMARY KEY, reason TEXT NOT NULL, article TEXT,"
    " published_at BIGINT, precision TEXT, asked_at BIGINT NOT NULL, last_at BIGINT NOT NULL,"
    " days INTEGER NOT NULL){compact}",
    "CREATE INDEX led_to ON passed (article) WHERE article IS NOT NULL",
    "CREATE TABLE walks (name TEXT PRIMARY KEY, since BIGINT, until BIGINT){compact}",
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT){compact}",
    # What waits: the batches of feeds, and their records as JSON.
    "CREATE TABLE batches (key {serial}, crawl BIGINT NOT NULL, uri TEXT NOT NULL,"
    " options TEXT NOT NULL, number INTEGER NOT NULL, begins BIGINT, length BIGINT, digest TEXT)",
    "CREATE TABLE records (key {serial}, batch BIGINT NOT NULL, article TEXT NOT NULL,"
    " record TEXT NOT NULL)",
    "CREATE UNIQUE INDEX once_a_batch ON records (batch, article)",
    "CREATE INDEX waiting ON records (article)",
    # Crawls that are under way, were killed, or have left batches.
    "CREATE TABLE crawls (key {serial}, spider TEXT NOT NULL, lists TEXT NOT NULL,"
    " machine TEXT NOT NULL, pid INTEGER NOT NULL, began_at BIGINT NOT NULL)",
    # Articles that a crawl has to itself: asked for as long as there is no address, read from then
    # on; and sketches of those that are the first of their kind, as long as they have no bands.
    "CREATE TABLE claims (id TEXT PRIMARY KEY, crawl BIGINT NOT NULL, url TEXT NOT NULL){compact}",
    "CREATE TABLE held (key {serial}, band BIGINT NOT NULL, id TEXT NOT NULL,"
    " crawl BIGINT NOT NULL, sketch {bytes} NOT NULL)",
    "CREATE INDEX held_band ON held (band, key)",
    # Whose requests a host gets, where several crawls are under way; times by the database's clock.
    "CREATE TABLE leases (host TEXT PRIMARY KEY, crawl BIGINT NOT NULL,"
    " until DOUBLE PRECISION NOT NULL, pause DOUBLE PRECISION NOT NULL,"
    " free_at DOUBLE PRECISION NOT NULL, wanted_at DOUBLE PRECISION NOT NULL,"
    " left_until DOUBLE PRECISION NOT NULL, why TEXT NOT NULL){compact}",
    # What its format refused.
    "CREATE TABLE set_aside (key {serial}, uri TEXT NOT NULL, reason TEXT NOT NULL,"
    " record TEXT NOT NULL)",
    # What is watched: what each run has given, its figures as JSON.
    "CREATE TABLE runs (key {serial}, id TEXT NOT NULL, spider TEXT NOT NULL, lists TEXT NOT NULL,"
    " started BIGINT NOT NULL, ended BIGINT NOT NULL, status INTEGER NOT NULL,"
    " figures TEXT NOT NULL)",
    "CREATE INDEX runs_of ON runs (spider, lists, key)",
    # The last reading of one article of each layout, the names of its keys as JSON.
    "CREATE TABLE canaries (name TEXT PRIMARY KEY, address TEXT NOT NULL, layout TEXT NOT NULL,"
    " keys TEXT NOT NULL, published_at TEXT NOT NULL){compact}",
    # Articles that an alert asks for; `told_at` is NULL for those that wait.
    "CREATE TABLE matches (alert TEXT, article TEXT, revision INTEGER, found TEXT NOT NULL,"
    " found_at BIGINT NOT NULL, told_at BIGINT, PRIMARY KEY (alert, article, revision)){compact}",
    "CREATE INDEX untold ON matches (found_at) WHERE told_at IS NULL",
    # Messages that wait. The address is not kept, only a digest by which it is known again.
    "CREATE TABLE notices (key {serial}, target TEXT NOT NULL, title TEXT NOT NULL,"
    " body TEXT NOT NULL, made_at BIGINT NOT NULL)",
)
RUN_TABLES = (
    # Articles whose records an earlier crawl has left over.
    "CREATE TEMPORARY TABLE left_over (id TEXT PRIMARY KEY){compact}",
)

# --- facts about the database itself --------------------------------------------------------------
PUT_FACT = (
    "INSERT INTO facts (name, value) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
FACT = "SELECT value FROM facts WHERE name = ?"
FORGET_SKETCHES = (
    "DELETE FROM bands",
    "DELETE FROM held",
    "UPDATE articles SET sketch = NULL WHERE sketch IS NOT NULL",
)

# --- what is known --------------------------------------------------------------------------------
_ARTICLE = (
    "id, revision, content_hash, published_at, precision, scraped_at, etag, last_modified"
    " FROM articles WHERE id = "
)
ARTICLE = f"SELECT {_ARTICLE} ?"
FIND = (
    f"SELECT 0, {_ARTICLE} ? UNION ALL SELECT 1, {_ARTICLE}"
    " (SELECT article FROM passed WHERE address = ? AND article IS NOT NULL) ORDER BY 1"
)
ARTICLE_KEY = "SELECT key, sketch FROM articles WHERE id = ?"
PUT_ARTICLE = (
    "INSERT INTO articles (id, revision, content_hash, published_at, precision, scraped_at, etag,"
    " last_modified, sketch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET revision = excluded.revision,"
    " content_hash = excluded.content_hash, published_at = excluded.published_at,"
    " precision = excluded.precision, scraped_at = excluded.scraped_at, etag = excluded.etag,"
    " last_modified = excluded.last_modified, sketch = excluded.sketch"
)
RENEW = "UPDATE articles SET etag = ?, last_modified = ? WHERE id = ?"
PUT_BAND = "INSERT INTO bands (band, article) VALUES (?, ?) ON CONFLICT (band, article) DO NOTHING"
DROP_BAND = "DELETE FROM bands WHERE band = ? AND article = ?"
COUNT_LED_TO = "SELECT count(*) FROM passed WHERE article = ?"
PUT_LED_TO = (
    "INSERT INTO passed (address, reason, article, asked_at, last_at, days)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (address) DO UPDATE SET reason = excluded.reason,"
    " article = excluded.article, published_at = NULL, precision = NULL,"
    " asked_at = excluded.asked_at, last_at = excluded.last_at, days = excluded.days"
)
PASSED = (
    "SELECT reason, published_at, precision, asked_at, days FROM passed"
    " WHERE address = ? AND article IS NULL"
)
PUT_PASSED = (
    "INSERT INTO passed (address, reason, published_at, precision, asked_at, last_at, days)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address) DO UPDATE SET"
    " reason = excluded.reason, published_at = excluded.published_at,"
    " precision = excluded.precision,"
    " last_at = CASE WHEN excluded.last_at - passed.last_at > ? THEN excluded.last_at"
    "  ELSE passed.last_at END,"
    " days = CASE WHEN excluded.days > passed.days THEN excluded.days"
    "  WHEN excluded.last_at - passed.last_at > ? THEN passed.days + 1 ELSE passed.days END"
    " WHERE passed.article IS NULL"
)
DOUBT_HOST = (
    "UPDATE passed SET days = 1 WHERE last_at >= ? AND article IS NULL AND published_at IS NULL"
    " AND address LIKE ?"
)
WALK = "SELECT since, until FROM walks WHERE name = ?"
PUT_WALK = (
    "INSERT INTO walks (name, since, until) VALUES (?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET since = excluded.since, until = excluded.until"
)
FORGET_WALK = "DELETE FROM walks WHERE name = ?"

# --- who is at work -------------------------------------------------------------------------------
BEGIN_CRAWL = (
    "INSERT INTO crawls (spider, lists, machine, pid, began_at) VALUES (?, ?, ?, ?, ?)"
    " RETURNING key"
)
NAME_CRAWL = "UPDATE crawls SET lists = ? WHERE key = ?"
CRAWLS = "SELECT key, spider, lists, machine, pid, began_at FROM crawls ORDER BY key"
OTHER_CRAWLS = "SELECT key FROM crawls WHERE key <> ? ORDER BY key"
END_CRAWL = (
    "DELETE FROM crawls WHERE key = ? AND NOT EXISTS"
    " (SELECT 1 FROM batches WHERE batches.crawl = crawls.key)"
)
NOTE_LEFT_OVER = (
    "INSERT INTO left_over (id) SELECT DISTINCT article FROM records WHERE batch IN"
    " (SELECT key FROM batches WHERE crawl = ?) ON CONFLICT (id) DO NOTHING"
)
TAKE_BATCHES = "UPDATE batches SET crawl = ? WHERE crawl = ?"
LEFT_OVER = (
    "SELECT 1 FROM left_over WHERE id = ? UNION ALL SELECT 1 FROM records JOIN batches"
    " ON batches.key = records.batch WHERE article = ? AND crawl <> ?"
)

# --- what a crawl has to itself -------------------------------------------------------------------
CLAIM_TO_ASK = "INSERT INTO claims (id, crawl, url) VALUES (?, ?, '') ON CONFLICT (id) DO NOTHING"
CLAIM = (
    "INSERT INTO claims (id, crawl, url) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE"
    " SET url = excluded.url WHERE claims.url = '' AND claims.crawl = excluded.crawl"
)
CLAIMED = "SELECT crawl, url FROM claims WHERE id = ?"
DROP_CLAIMS = "DELETE FROM claims WHERE crawl = ?"
HOLD = "INSERT INTO held (band, id, crawl, sketch) VALUES " + ", ".join(["(?, ?, ?, ?)"] * BANDS)
DROP_HELD = "DELETE FROM held WHERE crawl = ?"
_KNOWN_ONES = (
    "FROM held JOIN articles ON articles.id = held.id"
    " WHERE held.crawl = ? AND held.sketch = articles.sketch"
)
WRITE_BANDS = (
    f"INSERT INTO bands (band, article) SELECT held.band, articles.key {_KNOWN_ONES}"
    " ORDER BY held.band ON CONFLICT (band, article) DO NOTHING"
)
DROP_WRITTEN = f"DELETE FROM held WHERE key IN (SELECT held.key {_KNOWN_ONES})"
_OF_BAND = "SELECT * FROM (SELECT {key} FROM {table} WHERE band = ? ORDER BY {key} LIMIT 16) AS b"
"""Of the articles of one band the oldest are looked at; a band that more share is a form text."""


def _of_bands(table: str, key: str) -> str:
    return " UNION ".join([_OF_BAND.format(table=table, key=key)] * BANDS)


LIKE = (
    "SELECT 0, key, id, sketch FROM articles WHERE sketch IS NOT NULL AND key IN"
    f" ({_of_bands('bands', 'article')}) UNION ALL"
    f" SELECT 1, key, id, sketch FROM held WHERE key IN ({_of_bands('held', 'key')}) ORDER BY 1, 2"
)

# --- whose requests a host gets -------------------------------------------------------------------
TAKE_LEASE = (
    "INSERT INTO leases (host, crawl, until, pause, free_at, wanted_at, left_until, why)"
    " VALUES (?, ?, ?, 0, ?, 0, 0, '') ON CONFLICT (host) DO UPDATE SET crawl = excluded.crawl,"
    " until = excluded.until, free_at = leases.until + leases.pause, wanted_at = 0"
    " WHERE leases.until < ?"
)
WANT_LEASE = "UPDATE leases SET wanted_at = ? WHERE host = ?"
LEASE = "SELECT free_at, left_until, why FROM leases WHERE host = ?"
RENEW_LEASE = (
    "UPDATE leases SET until = ?, pause = ? WHERE host = ? AND crawl = ? AND until >= ?"
    " RETURNING wanted_at"
)
RELEASE_LEASE = "UPDATE leases SET until = ?, pause = ? WHERE host = ? AND crawl = ?"
LEAVE_ALONE = "UPDATE leases SET left_until = ?, why = ? WHERE host = ? AND crawl = ?"
LEASES = "SELECT host, crawl, until, left_until, why FROM leases ORDER BY host"

# --- what waits -----------------------------------------------------------------------------------
BATCHES = (
    "SELECT key, uri, options, number, begins, length, digest FROM batches WHERE crawl = ?"
    " ORDER BY key"
)
WITHOUT_BATCH = (
    "SELECT DISTINCT batch FROM records WHERE batch NOT IN (SELECT key FROM batches) ORDER BY batch"
)
PUT_BATCH = "INSERT INTO batches (crawl, uri, options, number) VALUES (?, ?, ?, ?) RETURNING key"
MARK_BATCH = "UPDATE batches SET begins = ?, length = ?, digest = ? WHERE key = ?"
ADOPT_BATCH = (
    "UPDATE batches SET options = ?, begins = NULL, length = NULL, digest = NULL WHERE key = ?"
)
DROP_BATCH = "DELETE FROM batches WHERE key = ?"
PUT_RECORD = (
    "INSERT INTO records (batch, article, record) VALUES (?, ?, ?)"
    " ON CONFLICT (batch, article) DO UPDATE SET record = excluded.record"
)
DROP_OLDER = (
    "DELETE FROM records WHERE batch = ? AND article IN"
    " (SELECT article FROM records WHERE batch = ?)"
)
MOVE_RECORDS = "UPDATE records SET batch = ? WHERE batch = ?"
RECORDS = "SELECT key, record FROM records WHERE batch = ? ORDER BY key"
RECORD_OF = "SELECT article FROM records WHERE key = ?"
COUNT_RECORDS = "SELECT count(*) FROM records WHERE batch = ?"
COUNT_WAITING = (
    "SELECT count(*) FROM records WHERE batch IN (SELECT key FROM batches WHERE crawl = ?)"
)
DROP_RECORDS = "DELETE FROM records WHERE batch = ?"
DROP_RECORD = "DELETE FROM records WHERE key = ?"
SET_ASIDE = (
    "INSERT INTO set_aside (uri, reason, record) SELECT ?, ?, record FROM records WHERE key = ?"
)

# --- what is watched ------------------------------------------------------------------------------
PUT_RUN = (
    "INSERT INTO runs (id, spider, lists, started, ended, status, figures)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_RUN = "SELECT id, spider, lists, started, ended, status, figures FROM runs"
RUNS = f"{_RUN} ORDER BY key DESC LIMIT ?"
RUNS_OF = f"{_RUN} WHERE spider = ? AND lists = ? ORDER BY key DESC LIMIT ?"
FORGET_RUNS = (
    "DELETE FROM runs WHERE spider = ? AND lists = ? AND key NOT IN"
    " (SELECT key FROM runs WHERE spider = ? AND lists = ? ORDER BY key DESC LIMIT ?)"
)
PUT_NOTICE = "INSERT INTO notices (target, title, body, made_at) VALUES (?, ?, ?, ?)"
NOTICES = "SELECT key, target, title, body FROM notices ORDER BY key"
NOTICE = "SELECT 1 FROM notices WHERE key = ?"
DROP_NOTICE = "DELETE FROM notices WHERE key = ?"
DROP_OLD_NOTICES = "DELETE FROM notices WHERE made_at < ?"
PUT_MATCH = (
    "INSERT INTO matches (alert, article, revision, found, found_at) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (alert, article, revision) DO NOTHING"
)
MATCHES = (
    "SELECT alert, article, revision, found FROM matches"
    " WHERE told_at IS NULL AND article NOT IN (SELECT article FROM records)"
)
TELL_MATCH = "UPDATE matches SET told_at = ? WHERE alert = ? AND article = ? AND revision = ?"
DROP_OLD_MATCHES = (
    "DELETE FROM matches WHERE found_at < ?"
    " AND told_at IS NULL AND article NOT IN (SELECT article FROM records)"
)
CANARIES = "SELECT name, address, layout, keys, published_at FROM canaries ORDER BY name"
PUT_CANARY = (
    "INSERT INTO canaries (name, address, layout, keys, published_at) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET address = excluded.address, layout = excluded.layout,"
    " keys = excluded.keys, published_at = excluded.published_at"
)
RENEW_CANARY = f"{PUT_CANARY} WHERE excluded.published_at >= canaries.published_at"
