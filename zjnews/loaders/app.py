"""Layout `app`: article pages of the app, `zj.zjol.com.cn`."""

from zjnews.loaders.base import ArticleLoader


class AppLoader(ArticleLoader):
    layout = "app"
    signs = ("#headline", "p.post-time")
    title_css = ("#headline",)
    line_css = ("p.post-time",)
    body_css = ("div.cons", ".content")
