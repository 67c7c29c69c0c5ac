"""Settings of the crawler. Every line that deviates from Scrapy's default says so and why.

Scrapy's own list: https://docs.scrapy.org/en/latest/topics/settings.html
"""

from os import environ

from zjnews.items import RECORD_KEYS
from zjnews.pages.page import MAX_BYTES

BOT_NAME = "zjnews"
SPIDER_MODULES = ["zjnews.spiders"]
COMMANDS_MODULE = "zjnews.commands"  # default none; `crawl` that answers bad arguments in one line

# --- Who we are ----------------------------------------------------------------------------------
# An address or mail where the site can reach you: `-s CONTACT=you@example.org`.
# It goes into the user agent, which `spiders/base.py` composes.
CONTACT = ""

# --- Politeness ----------------------------------------------------------------------------------
ROBOTSTXT_OBEY = True  # default True in new projects only
ROBOTSTXT_USER_AGENT = "zjnews"  # default: the whole user agent; robots.txt names the product
AUTOTHROTTLE_ENABLED = True  # default False; slows down with the host
AUTOTHROTTLE_START_DELAY = 1.0  # default 5.0; AutoThrottle never goes below DOWNLOAD_DELAY
DOWNLOAD_DELAY = 1.0  # default 0; at most one request a second and host
DOWNLOAD_DELAY_JITTER = 0  # default 0.5, which halves some of the pauses
CONCURRENT_REQUESTS_PER_DOMAIN = 1  # default 8; Scrapy keeps one queue a host name
CONCURRENT_REQUESTS = 32  # default 16; so at most 32 of the 140 hosts at once
RETRY_TIMES = 3  # default 2; with the pauses that grow, about fifteen seconds of trouble
RETRY_PAUSE = 2.0  # our own: seconds before the first retry; twice as long before each further one
HOST_FAILURES = 5  # our own: a host is paused when so many addresses in a row have failed
HOST_PAUSE = 60.0  # our own: for so many seconds, twice as long each further time
HOST_PAUSES = 3  # our own: and left alone for the rest of the run when so many were of no use
HOST_LEASE = 30.0  # our own: seconds for which crawls that share a state have a host to themselves
HOST_PAUSE_MAX = 900.0  # our own: or when it asks for a pause longer than this, by Retry-After
METAREFRESH_ENABLED = False  # default True, even in the middle of an article; spiders follow them
COOKIES_ENABLED = False  # default True; articles need none, and the first one costs a look-up

# --- Closed doors --------------------------------------------------------------------------------
TELNETCONSOLE_ENABLED = False  # default True; opens a port
REMOTE_CONTROL_ENABLED = False  # default True; opens a port
DOWNLOADER_MIDDLEWARES = {
    # Replaced: the same, but what leaves the site is counted and named.
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "zjnews.middlewares.onsite.OnSiteMiddleware": 50,
    # Replaced: the same, but no request slips by while robots.txt is on its way.
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "zjnews.middlewares.robots.RobotsMiddleware": 100,
    # Replaced: the same, but retries wait, and a host in trouble is backed off.
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "zjnews.middlewares.hosts.HostsMiddleware": 550,
    # Replaced: the same, but an answer gives the page that the reading of its recording gives.
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "zjnews.middlewares.decoding.DecodingMiddleware": 590,
    "zjnews.middlewares.replay.ReplayMiddleware": 900,  # where Scrapy's own cache is
}
SPIDER_MIDDLEWARES = {
    "zjnews.middlewares.failures.StartFailures": 10,  # our own: counts what Scrapy only logs
}
DOWNLOAD_HANDLERS = {
    # Replaced: the same, but headers have an end, and what was sent and served can be kept.
    "http": "zjnews.middlewares.downloads.SiteDownloadHandler",
    "https": "zjnews.middlewares.downloads.SiteDownloadHandler",
}

DOWNLOAD_VERIFY_CERTIFICATES = True  # default False; False for old hosts whose own is bad
TWISTED_DNS_RESOLVER = (
    "zjnews.middlewares.downloads.SiteResolver"  # default takes any address for a name
)
ALLOW_PRIVATE_ADDRESSES = False  # our own: True for a mirror of the site at home

# --- Limits --------------------------------------------------------------------------------------
DOWNLOAD_MAXSIZE = MAX_BYTES  # default 1 GiB; no article is near it
DOWNLOAD_WARNSIZE = MAX_BYTES // 2  # default 32 MiB
DOWNLOAD_TIMEOUT = 60  # default 180 s
PAGE_SECONDS = 10  # our own: a page that takes more processor time to be read is left; 0 for none
CONCURRENT_ITEMS = 1  # default 100; Scrapy starts that many tasks for every response
WARN_ON_GENERATOR_RETURN_VALUE = False  # default True; parses the spider's source for every answer

# --- Records -------------------------------------------------------------------------------------
FEED_EXPORT_ENCODING = "utf-8"  # default ASCII with \u escapes in JSON
FEED_EXPORT_FIELDS = list(RECORD_KEYS)  # default: the item's own; these are the keys, in order
ITEM_PIPELINES = {
    "zjnews.pipelines.payload.PayloadPipeline": 100,
    "zjnews.pipelines.dates.DatesPipeline": 200,
    "zjnews.pipelines.derived.DerivedPipeline": 300,
    "zjnews.pipelines.checks.ChecksPipeline": 400,
    # From here on an article is compared with the window, this run and earlier ones.
    "zjnews.pipelines.window.WindowPipeline": 500,
    "zjnews.pipelines.duplicates.DuplicatesPipeline": 600,
    "zjnews.pipelines.revisions.RevisionsPipeline": 700,
    "zjnews.pipelines.copies.CopiesPipeline": 800,
    "zjnews.pipelines.images.ArticleImagesPipeline": 900,
}
# IMAGES_STORE, a folder or s3://BUCKET/FOLDER, has pictures fetched; by default none are.
MEDIA_ALLOW_REDIRECTS = True  # default False; http leads to https

# --- Reading again -------------------------------------------------------------------------------
WORKERS_SECONDS = 300  # our own: `reread --on dask:…` ends when there is no worker for so long

# --- Only what is new ----------------------------------------------------------------------------
# Our own: what `channel` and `paper` know and have not delivered yet, a file or postgresql://…;
# from the environment, since others on the machine can see what is typed.
STATE_DB = environ.get("ZJNEWS_STATE_DB") or "state/zjnews.db"
REFRESH_HOURS = 48  # our own: younger articles are requested again, in case they were corrected
DROP_DUPLICATES = False  # our own: leave out near copies, instead of naming what they copy

# --- The pages themselves ------------------------------------------------------------------------
WARC_DIR = ""  # our own: a folder in which everything that is fetched is kept as WARC files
WARC_BYTES = 512 * 1024 * 1024  # our own: a WARC file is closed when it is so large
WARC_REPLAY = ""  # our own: a WARC file or folder that answers instead of the network
WARC_REPLAY_MISSES = "reject"  # our own: what is not in there; `fetch` has it fetched

# --- Feeds ---------------------------------------------------------------------------------------
# In addresses of feeds, %(time)s and %(batch_time)s are Beijing time, by default UTC, and %(date)s
# is its day, which Scrapy does not have.
DEFAULT_FEEDS = {  # our own: where no other feed is named, by -o, -O or FEEDS
    "feeds/%(name)s/%(date)s/%(batch_time)s-%(batch_id)d.jsonl": {
        "format": "jsonlines",
        "batch_item_count": 1000,
        "store_empty": False,
        "overwrite": True,
    }
}
FEED_BATCH_SECONDS = 300  # our own: a batch is closed when its first record is so old
FEED_EXPORTERS = {
    "csv": "zjnews.feeds.csv_files.CsvExporter",  # default prints blocks as Python
    "parquet": "zjnews.feeds.parquet.ParquetExporter",  # default none
    "rss": "zjnews.feeds.syndication.RssExporter",  # default none
    "atom": "zjnews.feeds.syndication.AtomExporter",  # default none
}
RSS_ITEMS = 50  # our own: articles of a feed for readers, the newest; 0 for all
RSS_TITLE = ""  # our own: its title; by default that of the channel or newspaper
RSS_URL = ""  # our own: http or https address of the folder in which readers find it
CSV_FOR_SPREADSHEETS = False  # our own: True keeps a cell from being taken for a formula
FEED_PROBE = True  # our own: try the feeds before the crawl begins
FEED_STORAGES = {
    "": "zjnews.feeds.storages.WholeFileStorage",  # default writes into the file itself
    "file": "zjnews.feeds.storages.WholeFileStorage",
    "s3": "zjnews.feeds.storages.S3Storage",  # default takes credentials from the address, too
}

# --- Watching the site ---------------------------------------------------------------------------
WATCH = True  # our own: note the figures of each crawl that keeps state, and compare them
WATCH_RUNS = 20  # our own: with so many runs of the same spider and channels before
WATCH_AFTER = 5  # our own: but say nothing before there are so many
WATCH_SHARE = 0.2  # our own: a share must move by so much; what is written about moves it by less
WATCH_CHANCE = 1e-4  # our own: and be so improbable, or a small run would move it by chance
WATCH_LIST = 0.5  # our own: a list must name less than this part of what is usual

NOTIFY = ""  # our own: addresses of apprise of those who are told; by default ZJNEWS_NOTIFY
ALERTS = ""  # our own: a file of words, and of those who are told of articles that have them

# --- What the user sees --------------------------------------------------------------------------
EXTENSIONS = {
    "scrapy.extensions.feedexport.FeedExporter": None,  # replaced by the same after an outbox
    "zjnews.extensions.closing.Closing": -1,  # before any that may end a crawl as it begins
    "zjnews.extensions.feeds.Feeds": 0,
    "zjnews.extensions.leases.Leases": 400,
    "zjnews.middlewares.robots.CrawlDelay": 500,
    "zjnews.extensions.watch.Watch": 550,  # before the state is closed
    "zjnews.extensions.delivery.Delivery": 600,
    "zjnews.extensions.recording.Recording": 650,
    "zjnews.extensions.progress.Progress": 700,
    "zjnews.extensions.summary.Summary": 800,
    "scrapy.extensions.logstats.LogStats": None,  # default on; `Progress` says more
}
REPORT = ""  # our own: the last runs as a web page, written when a crawl that keeps state ends
PROGRESS_ENABLED = True  # our own: the line at the bottom of a terminal; log lines elsewhere
SUMMARY_ENABLED = True  # our own: the summary on standard error when a crawl ends
SPIDER_CONTRACTS = {"zjnews.spiders.contracts.ReadsContract": 10}  # our own: `scrapy check`
LOG_LEVEL = "INFO"  # default DEBUG, which prints every item
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"  # default ERROR; our own line names what could not be fetched
LOG_FORMATTER = "zjnews.state.logs.LogFormatter"  # default prints the whole item for every drop
