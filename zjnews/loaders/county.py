"""Layout `county`: the county sites (`panews`, `dqnews`, `txnews` …)."""

from zjnews.loaders.base import ArticleLoader


class CountyLoader(ArticleLoader):
    layout = "county"
    signs = ("div.detail-title", "div.list-style")
    title_css = ("div.detail-title",)
    line_css = ("div.detail-date",)
    body_css = ("div.list-style",)
