# `make crawl` and `make test` need nothing but python3 and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Names what it installs, one line a package.
INSTALL = $(BIN)/python -m pip install --progress-bar off --disable-pip-version-check
SITE := samples/zjol.warc.gz
OUT := articles.jsonl

.PHONY: crawl test check fuzz kills interop bench bench-peers bench-plain bench-corpus bench-crawl bench-feeds bench-growth bench-store bench-shared samples pins clean

crawl: $(VENV)/run  ## crawl the bundled site into articles.jsonl, without the network
	@$(BIN)/scrapy crawl channel -a channels=zjnews -s WARC_REPLAY=$(SITE) -s STATE_DB= -O $(OUT) -s LOG_LEVEL=WARNING

test: check  ## every test
	$(BIN)/python -m pytest -n auto --dist worksteal

check: $(VENV)/dev  ## ruff, mypy and import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# `make fuzz MINUTES=30`, or so many of each kind: `make fuzz PAGES=100000 ADDRESSES=60000`.
FUZZ = $(if $(PAGES),--pages $(PAGES)) $(if $(LISTS),--lists $(LISTS)) $(if $(ARCHIVES),--archives $(ARCHIVES)) \
	$(if $(INDEXES),--indexes $(INDEXES)) $(if $(ADDRESSES),--addresses $(ADDRESSES)) \
	$(if $(MINUTES),--minutes $(MINUTES),$(if $(PAGES)$(LISTS)$(ARCHIVES)$(INDEXES)$(ADDRESSES),,--minutes 5))

fuzz: $(VENV)/dev  ## read what was changed at random: pages, lists, archives, indexes, addresses
	$(BIN)/python -m tests.fuzz $(FUZZ) $(if $(SEED),--seed $(SEED))

kills: $(VENV)/dev  ## a hundred kills in one life of a crawl, eight of workers that read, fifty of workers that crawl
	ZJNEWS_KILLS=100 $(BIN)/python -m pytest tests/feeds/test_delivery.py -k hundred_kills
	ZJNEWS_KILLS=8 $(BIN)/python -m pytest tests/review/test_reread_on_dask.py -k killed_cost
	ZJNEWS_KILLS=50 $(BIN)/python -m pytest tests/cluster -k many_kills

interop: $(VENV)/tools  ## pywb and cdxj-indexer on our archives
	ZJNEWS_TOOLS=$(VENV)/tools/bin $(BIN)/python -m pytest tests/archives/test_other_tools.py

bench: $(VENV)/dev  ## pages a second, and reread on one process and two, against parsing alone
	$(BIN)/python -m bench.pages
	$(BIN)/python -m bench.reread

bench-peers: $(VENV)/peers  ## other readers on the same pages: their speed, and what they get right
	$(VENV)/peers/bin/python -m bench.peers

bench-plain: $(VENV)/dev  ## a crawl against a plain Scrapy spider with seven queries a page
	$(BIN)/python -m bench.plain

bench-crawl: $(VENV)/dev  ## memory of a crawl of 20,000 articles
	$(BIN)/python -m bench.crawl

bench-feeds: $(VENV)/dev  ## what outbox and state cost, against Scrapy's own feeds
	$(BIN)/python -m bench.feeds

bench-growth: $(VENV)/dev  ## whether the time for reading grows with what is read, and not faster
	$(BIN)/python -m bench.growth

bench-corpus: $(VENV)/dev  ## time, memory and disk of a corpus of a million records, and milliseconds a search
	$(BIN)/python -m bench.corpus

bench-shared: $(VENV)/dev  ## a crawl on a state in PostgreSQL against one in a file
	$(BIN)/python -m bench.shared

bench-store: $(VENV)/dev  ## size and speed of the store at 1 and 10 million articles
	$(BIN)/python -m bench.store --rows 1000000 10000000
	$(BIN)/python -m bench.store --rows 1000000 --postgresql

samples: $(VENV)/dev  ## write samples/zjol.warc.gz anew
	$(BIN)/python -m samples.build

pins: $(VENV)/dev  ## resolve requirements*.txt anew, for every Python from 3.11
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --extra dev pyproject.toml -o requirements-dev.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header -c requirements-dev.txt pyproject.toml -o requirements.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis $(OUT)  # not state/: it is what your crawls have delivered

# pip first: 23.2 crashes on one of the dependencies.
$(VENV)/run: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "zjnews needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) -V 2>&1);" \
			"name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --upgrade pip
	$(INSTALL) --requirement requirements.txt
	@touch $@

$(VENV)/dev: requirements-dev.txt $(VENV)/run
	$(INSTALL) --requirement requirements-dev.txt
	@touch $@

# Apart, since they ask for other versions of what we use.
$(VENV)/tools: $(VENV)/dev
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --progress-bar off --disable-pip-version-check --upgrade pip
	$@/bin/python -m pip install --progress-bar off --disable-pip-version-check pywb==2.10.0 cdxj-indexer==1.5.0
	@touch $@

$(VENV)/peers: $(VENV)/dev
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --upgrade pip
	$@/bin/python -m pip install --quiet --requirement requirements-dev.txt gne==0.4.3 'newspaper4k[zh]==0.9.6' \
		readability-lxml==0.8.4.1 resiliparse==2.0.1 news-please==1.6.16
	@touch $@
