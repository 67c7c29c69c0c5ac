"""Days for the whole site, by the pause between two requests to a host and by the number of
workers.

Run as `python -m bench.machines`: a calculation, nothing is fetched. The articles are spread over
the hosts as over their ranks, the first having twice as many as the second. A worker does so many
articles a second as their processor time allows, and asks so many hosts at a time as its settings
say; a host is asked by one worker at a time, with a pause.
"""

import argparse

from zjnews.settings import CONCURRENT_REQUESTS

_WORKERS = (1, 2, 4, 8)
_HOSTS = 140
_NUMBERS = 31_000_000
"""That have been given out; not all of them are articles still on the site."""
_REQUESTS = 1.2
"""For each article, with lists and further pages, as the summaries of crawls say."""
_DAY = 86_400


def counts(articles: int, hosts: int) -> list[float]:
    """Articles of each host, the largest first."""
    ranks = [1 / rank for rank in range(1, hosts + 1)]
    return [articles * share / sum(ranks) for share in ranks]


def days(
    articles: list[float], pause: float, workers: int, processor: float, at_once: int
) -> float:
    """How long it takes. `articles`: of each host, the largest first; `pause`: seconds between two
    requests to a host; `processor`: seconds of a processor for one article; `at_once`: hosts that a
    worker asks at a time.

    Hosts that have articles left share alike what the workers can do, until the next one is done.
    """
    left = [count * _REQUESTS for count in articles]
    able = min(workers / processor * _REQUESTS, workers * at_once / pause)
    seconds = done = 0.0
    while left:
        each = min(1 / pause, able / len(left))
        rest = left.pop() - done
        seconds += rest / each
        done += rest
    return seconds / _DAY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--milliseconds", type=float, default=10, help="of processor an article")
    parser.add_argument("--at-once", type=int, default=CONCURRENT_REQUESTS, help="hosts a worker")
    options = parser.parse_args()
    of_hosts = counts(_NUMBERS, _HOSTS)
    print("pause s" + "".join(f"{workers:>5} workers" for workers in _WORKERS), "  largest host")
    for pause in (1.0, 0.5, 0.2, 0.1):
        each = [
            days(of_hosts, pause, workers, options.milliseconds / 1000, options.at_once)
            for workers in _WORKERS
        ]
        largest = of_hosts[0] * _REQUESTS * pause / _DAY
        print(f"{pause:7.1f}" + "".join(f"{took:13.1f}" for took in each), f"{largest:14.1f}")


if __name__ == "__main__":
    main()
