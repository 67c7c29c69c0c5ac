"""Layout `trs`: TRS pages since about 2022."""

from zjnews.loaders.base import ArticleLoader


class TrsLoader(ArticleLoader):
    layout = "trs"
    signs = (".artTitle", "div.artCon")
    title_css = (".artTitle",)
    line_css = ("div.info",)
    body_css = ("div.artCon",)
    furniture = "cprtip"
