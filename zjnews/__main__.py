"""The command `zjnews`: Scrapy's command line with the settings of this project, in any folder."""

import os
import sys

from scrapy.cmdline import execute


def main() -> None:
    """Run a command, as in `zjnews crawl channel -a channels=zjxc`, and exit with its status."""
    os.environ["SCRAPY_SETTINGS_MODULE"] = "zjnews.settings"
    sys.argv[0] = "zjnews"  # not `__main__.py`, for messages
    execute()


if __name__ == "__main__":
    main()
