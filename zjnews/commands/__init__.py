"""Commands of the project, beside or in place of Scrapy's."""
