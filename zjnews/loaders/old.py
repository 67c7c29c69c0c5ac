"""Layout `old`: pages of the older content system (`/system/`), 2001 to 2021, mostly GBK."""

from zjnews.loaders.base import ArticleLoader


class OldLoader(ArticleLoader):
    layout = "old"
    signs = ("div.contTxt",)
    title_css = ("div.contTit", "div.artTitle")
    body_css = ("div.contTxt",)
