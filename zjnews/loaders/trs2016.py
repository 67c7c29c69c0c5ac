"""Layout `trs2016`: TRS pages from 2016 until about 2022."""

from zjnews.loaders.base import ArticleLoader


class Trs2016Loader(ArticleLoader):
    layout = "trs2016"
    signs = ("div.contTxt", "div.time")
    title_css = ("div.contTit", "div.artTitle")
    line_css = ("div.time",)
    body_css = ("div.contTxt",)
