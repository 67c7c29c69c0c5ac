"""The layouts that are a form and no more: how to tell each, and where its fields are."""

from zjnews.loaders.base import ArticleLoader


class TrsLoader(ArticleLoader):
    """TRS pages since about 2022."""

    layout = "trs"
    signs = ("div.artCon", ".artTitle")
    title_css = (".artTitle",)
    line_css = ("div.info",)
    body_css = ("div.artCon",)
    furniture = "cprtip"


class Trs2016Loader(ArticleLoader):
    """TRS pages from 2016 until about 2022."""

    layout = "trs2016"
    signs = ("div.contTxt", "div.time")
    title_css = ("div.contTit", "div.artTitle")
    line_css = ("div.time",)
    body_css = ("div.contTxt",)


class OldLoader(ArticleLoader):
    """The older content system (`/system/`), 2001 to 2021, mostly GBK."""

    layout = "old"
    signs = ("div.contTxt",)
    title_css = ("div.contTit", "div.artTitle")
    body_css = ("div.contTxt",)


class AppLoader(ArticleLoader):
    """The app's pages, `zj.zjol.com.cn`."""

    layout = "app"
    signs = ("p.post-time", "#headline")
    title_css = ("#headline",)
    line_css = ("p.post-time",)
    body_css = ("div.cons", ".content")


class CountyLoader(ArticleLoader):
    """The county sites (`panews`, `dqnews`, `txnews` …)."""

    layout = "county"
    signs = ("div.detail-title", "div.list-style")
    title_css = ("div.detail-title",)
    line_css = ("div.detail-date",)
    body_css = ("div.list-style",)


class HousingLoader(ArticleLoader):
    """The housing channel `zzhz`, whose class names are spelt `atricle`."""

    layout = "housing"
    signs = (".atricle_title", ".atricle_inner")
    title_css = (".atricle_title",)
    body_css = (".atricle_inner",)
