#!/bin/sh
# One round of the crawl: what is new in the channels, then in the newspapers.
#
#     deploy/crawl.sh [options of `scrapy crawl`, for both]
#
# CHANNELS, PAPERS, SINCE and CONTACT in the environment say what is read, and for whom; an empty
# CHANNELS or PAPERS leaves that half out. The exit status is the first one that is not 0.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
scrapy=$project/.venv/bin/scrapy
export PYTHONPATH="$project" SCRAPY_SETTINGS_MODULE=zjnews.settings
cd "${STATE_DIRECTORY:-$project}"  # state/ and feeds/ grow here; systemd gives a folder of its own

# Held by the crawls too, so that a round whose shell is killed still keeps the next one out.
mkdir -p state
exec 9>state/round.lock
if ! flock -n 9; then
    echo "crawl.sh: the last round has not ended yet" >&2
    exit 7
fi

status=0
is_stopped=
# Scrapy gets the signal as well and closes its feeds; the shell has to wait for it.
trap 'is_stopped=yes' INT TERM

crawl() {
    [ -z "$is_stopped" ] || return 0
    code=0
    echo "crawl.sh: $(date +%FT%T%z) scrapy crawl $*" >&2
    "$scrapy" crawl ${CONTACT:+-s "CONTACT=$CONTACT"} "$@" || code=$?
    echo "crawl.sh: $(date +%FT%T%z) exit status $code" >&2
    [ "$status" -ne 0 ] || status=$code
}

since=${SINCE:-3d}
[ -z "${CHANNELS-all}" ] || crawl channel -a "channels=${CHANNELS-all}" -a "since=$since" "$@"
[ -z "${PAPERS-all}" ] || crawl paper -a "papers=${PAPERS-all}" -a "since=$since" "$@"

[ -z "$is_stopped" ] || [ "$status" -ne 0 ] || status=4
exit "$status"
