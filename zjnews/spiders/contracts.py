"""What `scrapy check` knows beyond Scrapy's own contracts."""

from typing import Any

from itemadapter import ItemAdapter
from scrapy.contracts import Contract
from scrapy.exceptions import ContractFail
from scrapy.utils.spider import iterate_spider_output


class ReadsContract(Contract):
    """`@reads layout old`: the value of a key of every item; Scrapy's `@scrapes` is content with
    any, and an article has every key."""

    name = "reads"

    def post_process(self, output: list[Any]) -> None:
        key, *words = self.args
        for item in filter(ItemAdapter.is_item, iterate_spider_output(output)):
            value = ItemAdapter(item)[key]
            if value != " ".join(words):
                raise ContractFail(f"{key} is {value!r}")
