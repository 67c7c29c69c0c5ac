"""Layout `housing`: the housing channel `zzhz`, whose class names are spelt `atricle`."""

from zjnews.loaders.base import ArticleLoader


class HousingLoader(ArticleLoader):
    layout = "housing"
    signs = (".atricle_title", ".atricle_inner")
    title_css = (".atricle_title",)
    body_css = (".atricle_inner",)
