"""For `scrapyd-deploy`, which would make one of its own; everything stands in pyproject.toml."""

from setuptools import setup

setup()
