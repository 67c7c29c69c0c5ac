"""A made-up zjol.com.cn in memory: channels, two newspapers, trouble, and what a perfect crawl gives.

    site = MadeUpSite(now)
    with serve(site.answer) as server: ...

Everything follows from `now`: the same moment gives the same site, to the byte. Nothing here was
written by anybody; the sentences are put together from word lists.
"""

import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import partial
from html import escape
from urllib.parse import urlsplit

from tests.site_server import DOMAIN, Answer, Asked

BEIJING = timezone(timedelta(hours=8))
ENTRIES = 10
"""Entries of a list page."""
NEWEST = 31_908_230
"""Number of an article published `now`; older ones count down, one a minute."""
ROBOTS = b"User-agent: *\nDisallow: /secret/\n"
HOST_WITHOUT_ROBOTS = "town"
FAILING_HOST = "ent"
VALIDATORS = {"zjnews": ("etag", "last-modified"), "china": ("etag", "last-modified")} | {
    "cs": ("last-modified",)
}
"""Hosts whose articles can be asked for conditionally, and by what."""


# --- Words ------------------------------------------------------------------------------------------

_FIRST = "青白龙石金云南北东西长新安平永清和玉松竹梅桃沙湖江凤鹤枫柳莲"
_SECOND = "溪塘山林泉源川洲田岩岭浦屿潭坪墩埠堰泽峰"
_PLACE = "村 镇 乡 桥 港 湾 坞 渡 街 坊 里 畈".split()
_SURNAME = "赵钱孙周吴郑冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华魏陶姜戚谢"
_GIVEN = "晓海文建国春秋雨雪明亮志远思静怡芳兰立群一鸣子涵若水长青小满"
_WHO = (
    "茶农 渔民 木匠 村医 船工 护林员 退休教师 返乡青年 面馆老板 绣娘 篾匠 养蜂人 快递员 志愿者 小学生 "
    "电工 花农 果农 司机 图书管理员 摄影爱好者 厨师 裁缝 放映员 水文站站长 牧羊人 学徒 邻居 游客 社工"
).split()
_WHEN = (
    "清晨 傍晚 入秋以后 雨停之后 去年冬天 三年前 赶集那天 台风过后 春分前后 周末 夜里 正午时分 开学头一天 "
    "腊月里 谷雨刚过 前些日子 一个多月来 天刚亮 退潮的时候 元宵前夕 收工以后 小雪那天 整个夏天 午饭过后"
).split()
_DO = (
    "修好 清点 刷新 搬走 量过 挑选 种下 晾晒 记录 拆开 编成 打磨 点亮 装上 运回 守住 腾空 换掉 画出 拍下 "
    "整理 送出 认领 疏通 翻晒 捐出 借来 扛起 缝补 称重 登记 试用 讨论 围好 加固 清洗"
).split()
_WHICH = (
    "老 旧 新 窄 长 木头 青石 祖传 闲置 半新 临河 山脚的 三层 褪色的 漏雨的 刚刷漆的 借来的 百年 手工 废弃 "
    "共用的 最后一条 编了号的 向阳的"
).split()
_WHAT = (
    "码头 石板路 戏台 水车 晒谷场 渡船 茶灶 油纸伞 路灯 书架 祠堂 粮仓 水渠 鱼塘 竹匾 织机 相册 地图 凉亭 "
    "堤坝 梯田 果园 药柜 黑板 自行车 绿皮火车 账本 灯笼 豆腐坊 缸窑 染缸 界碑 邮筒 校车 球场 菜摊"
).split()
_HOW = (
    "慢慢 一件件 连夜 小心地 花了半天 轮流 照着图纸 挨家挨户 不声不响 按季节 分两批 头一回 重新 凭着记忆 "
    "顺着河道 当着大家的面 赶在雨前 一步步 抽空 齐心"
).split()
_SO = (
    "门口排起了队 河水清了许多 账目贴上了墙 孩子们围着看 路比从前好走 来的人多了一倍 夜里也亮堂 "
    "工钱当天结清 剩下的留给明年 谁也没有喊累 省下一半力气 口碑传到邻县 雨天不再绕行 订单排到年底 "
    "老人也学会了 茶香飘出巷子 声音听得很远 算下来并不贵 大伙心里有了底 这才放心回家 连猫都跟着来 "
    "第二天又是晴天 桌上添了一道菜 照片挂进了大厅 没有落下一户 比原定早了六天 外乡人也来打听"
).split(" ")
_UNIT = "户 位 亩 公里 件 盏 本 张 艘 桶 趟 间 棵 担 封 尺".split()
_SAY = "说 笑着说 回忆 算了算 指着远处说 想了想说 在本子上写道 打趣说 告诉来客 摇头说".split()


class Words:
    """Chinese sentences, always the same for the same seed."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)  # noqa: S311  made-up words protect nothing

    def of(self, words: Sequence[str]) -> str:
        return self.random.choice(words)

    def number(self) -> str:
        return str(self.random.randint(2, 980))

    def place(self) -> str:
        return self.of(_FIRST) + self.of(_SECOND) + self.of(_PLACE)

    def name(self) -> str:
        return self.of(_SURNAME) + self.of(_GIVEN) + self.of(_GIVEN)

    def thing(self) -> str:
        return self.of(_WHICH) + self.of(_WHAT)

    def amount(self) -> str:
        return self.number() + self.of(_UNIT)

    def deed(self) -> str:
        return self.of(_HOW) + self.of(_DO) + self.thing()

    def title(self) -> str:
        return f"{self.place()}{self.of(_DO)}{self.thing()}，{self.of(_SO)}"

    def sentence(self) -> str:
        """One of eight shapes."""
        so = self.of(_SO)
        return (
            lambda: f"{self.of(_WHEN)}，{self.place()}的{self.of(_WHO)}{self.deed()}，{so}。",
            lambda: f"{self.of(_WHO)}{self.name()}{self.of(_SAY)}，{self.thing()}{so}。",
            lambda: f"从{self.place()}到{self.place()}，{self.amount()}{self.thing()}，{so}。",
            lambda: f"{self.name()}{self.deed()}，{self.of(_WHEN)}{so}。",
            lambda: f"{self.amount()}{self.thing()}里，有{self.amount()}来自{self.place()}，{so}。",
            lambda: f"{self.of(_WHO)}{self.deed()}，{self.of(_WHO)}{self.deed()}，{so}。",
            lambda: f"“{self.of(_WHEN)}{self.deed()}，{so}。”{self.name()}{self.of(_SAY)}。",
            lambda: f"{self.place()}只有{self.amount()}，{self.name()}却{self.deed()}，{so}。",
        )[self.random.randrange(8)]()

    def paragraph(self) -> str:
        return "".join(self.sentence() for _ in range(self.random.randint(3, 4)))

    def paragraphs(self) -> list[str]:
        return [self.paragraph() for _ in range(self.random.randint(5, 8))]


def notice(words: Words) -> list[str]:
    """A notice of the kind that an office fills in again and again."""
    n, place, name = words.number, words.place, words.name
    return [
        f"因{place()}至{place()}输电线路检修，定于{n()}日{n()}时起对下列区域计划停电，请广大用户提前做好准备。",
        f"停电范围：{place()}{n()}户、{place()}{n()}户、{place()}{n()}户，共涉及{n()}个台区，{n()}千瓦负荷。",
        "停电期间请关闭电源开关，妥善保管贵重电器，冷藏食品及时取出；电梯、水泵、医疗设备等重要负荷请启用自备电源，"
        "并防止向电网倒送电。施工车辆进出频繁，过往行人请注意避让，服从现场人员指挥。",
        f"停电期间请勿触碰线路和设备，如遇雨雪天气顺延，另行通知，提前送电恕不再告。现场负责人{name()}、{name()}。",
        f"对停电造成的不便敬请谅解。抢修热线{n()}{n()}{n()}，值班员{name()}，投诉信箱设在{place()}{n()}号营业厅。",
    ]


# --- Articles ---------------------------------------------------------------------------------------


@dataclass(eq=False)
class MadeUpArticle:
    """An article, and what a test wants to know of it."""

    id: str
    """As `zjnews.site.addresses` gives it."""
    url: str
    """By https, plain, as the first channel that lists it has it."""
    published_at: datetime
    """Aware, to the second; a newspaper article has midnight in Beijing."""
    title: str
    layout: str
    parts: list[list[str]]
    """Paragraphs, by page."""
    editor: str
    channels: list[str] = field(default_factory=list)
    """Channels that list it, or its newspaper; empty where it only stands in a side box."""
    copy_of: str | None = None
    """Id of the article that this is a near copy of."""
    trouble: str | None = None
    """Why it can give no record."""
    oddity: str | None = None
    """What is special about it, see `MadeUpSite.odd`."""
    listed_url: str | None = None
    """Address that leads to it by a redirect, where lists show that one."""
    modified_at: datetime | None = None
    revision: int = 0
    printed_page: tuple[str, str, str] | None = None
    """Newspaper, number and name of the printed page."""
    prints_strip: bool = False
    """Whether the article's page names the printed page, not only the node page."""

    @property
    def pages(self) -> int:
        return len(self.parts)

    @property
    def text(self) -> str:
        """The text of all pages, as a record has it."""
        return "\n\n".join(paragraph for part in self.parts for paragraph in part)

    @property
    def number(self) -> str:
        return self.id.rsplit(":", 1)[1]

    @property
    def day(self) -> date:
        return self.published_at.astimezone(BEIJING).date()

    def etag(self) -> str:
        return f'"{self.number}-{self.revision}"'

    def last_modified(self) -> str:
        """The last change; each correction counts a second, even where they share a moment."""
        changed = (self.modified_at or self.published_at) + timedelta(seconds=self.revision)
        return changed.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")


@dataclass(frozen=True)
class Entry:
    """One line of a list page."""

    href: str
    title: str
    time: datetime
    is_pinned: bool = False


@dataclass
class Channel:
    name: str
    """Last part of the path."""
    host: str
    path: str
    title: str
    pages: int
    hours: float
    """Between two entries."""
    entries: list[Entry] = field(default_factory=list)

    @property
    def size(self) -> int:
        return self.pages * ENTRIES

    @property
    def place(self) -> str:
        """Host and path."""
        return f"{self.host}.{DOMAIN}{self.path}"


def _channels() -> list[Channel]:
    return [
        Channel("zjxc", "zjnews", "/zjxc/", "浙江宣传", 10, 7),
        Channel("gnxw", "china", "/gnxw/", "国内新闻", 10, 7),
        Channel("bwgd", "opinion", "/bwgd/", "本网观点", 4, 17),
        Channel("cjxw", "biz", "/zjjjbd/cjxw/", "产经新闻", 3, 23),
        Channel("jms", "cs", "/jms/", "今日民生", 3, 23.5),
        Channel("czjsb", "town", "/czjsb/", "村镇进行时", 2, 34),
        Channel("jkxw", "health", "/jkxw/", "健康新闻", 2, 34),
        Channel("bg", FAILING_HOST, "/bg/", "八卦", 2, 34),
    ]


# Channel and slot, counted from the newest, of what is no ordinary article.
_SOUND = {
    ("zjxc", 5): "pages-trs",
    ("cjxw", 3): "pages-script",
    ("jms", 4): "pages-system",
    ("cjxw", 6): "notice-1",
    ("gnxw", 12): "notice-2",
    ("jms", 0): "pinned",
}
_TROUBLE = {
    ("gnxw", 3): "http-404",
    ("gnxw", 5): "http-500",
    ("gnxw", 7): "flaky-500",
    ("gnxw", 9): "flaky-429",
    ("gnxw", 13): "slow",
    ("gnxw", 14): "secret",
    ("bwgd", 1): "mobile-script",
    ("bwgd", 2): "script-redirect",
    ("bwgd", 3): "meta-refresh",
    ("bwgd", 5): "http-301",
    ("cjxw", 1): "redirect-off-site",
    ("cjxw", 2): "redirect-pair",
    ("cjxw", 4): "script-loop",
    ("jms", 6): "pages-missing",
}
_HANGING = {("czjsb", 1): "hangs"}
_LINKS = {
    ("gnxw", 2): "https://tidenews.com.cn/news.html?id=2565525",
    ("gnxw", 16): f"//zjnews.{DOMAIN}/ztjj/zt/x/",
    ("gnxw", 24): f"//v-cdn.{DOMAIN}/1024.mp4",
}
"""Entries that are no articles of the site."""
_SHARED = (
    ("zjxc", 2, "gnxw"),
    ("zjxc", 7, "bwgd"),
    ("zjxc", 12, "gnxw"),
    ("zjxc", 30, "czjsb"),
    ("gnxw", 10, "cjxw"),
    ("gnxw", 21, "jkxw"),
    ("jms", 5, "czjsb"),
)
"""Articles that hang in a second channel."""
_COPIED = (("zjxc", 9, "czjsb"), ("gnxw", 15, "bwgd"), ("zjxc", 20, "jkxw"))
"""Articles with a near copy in another channel."""
_WHY = {
    "http-404": "http-404",
    "http-500": "http-500",
    "secret": "robots-forbidden",
    "redirect-off-site": "off-site",
    "redirect-pair": "redirect-loop",
    "script-loop": "script-loop",
    "hangs": "download-failed",
}
"""Why an oddity gives no record."""
_REDIRECTED = frozenset({"redirect-off-site", "redirect-pair", "script-loop"})
"""Oddities that have no page of their own at all."""
_LEADING = ("script-redirect", "meta-refresh", "http-301")
"""Oddities whose listed page only leads to the article."""
ODDITIES = frozenset({*_SOUND.values(), *_TROUBLE.values(), *_HANGING.values(), "very-old"})


class MadeUpSite:
    """The site at one moment, and what tests do to it.

    now: aware; the site is dated relative to it.
    trouble: whether the site has trouble at all, or names of the oddities it shall have.
    hanging: list an article that never answers.
    failing_host: `ent` answers nothing but 503; may be changed later.
    """

    def __init__(
        self,
        now: datetime,
        trouble: bool | Iterable[str] = True,
        hanging: bool = False,
        failing_host: bool = False,
    ) -> None:
        self.now = now.astimezone(BEIJING).replace(microsecond=0)
        self.failing_host = failing_host
        self.articles: list[MadeUpArticle] = []
        self.channels = {channel.name: channel for channel in _channels()}
        self.papers = {paper.name: paper for paper in _papers(self.now.date())}
        self._pages: dict[str, Callable[[], Answer]] = {}
        self._slots: dict[tuple[str, int], MadeUpArticle] = {}
        self._numbers: set[int] = set()
        self._titles: set[str] = set()
        self._requests: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._odd = {**_SOUND, **_chosen(trouble), **(_HANGING if hanging else {})}
        self._fill_channels()
        self._fill_papers()

    # --- what tests ask ---

    def odd(self, oddity: str) -> MadeUpArticle:
        """The article with an oddity, one of `ODDITIES`."""
        return next(article for article in self.articles if article.oddity == oddity)

    def article(self, id_: str) -> MadeUpArticle:
        return next(article for article in self.articles if article.id == id_)

    def ids_in(
        self,
        channels: Iterable[str],
        since: date | None = None,
        until: date | None = None,
        copies: bool = True,
    ) -> set[str]:
        """Ids that a perfect crawl of channels gives, published from `since` to `until`: moments,
        or whole days in Beijing, both included. Without `copies`, near copies are left out."""
        wanted = set(channels) - ({"bg"} if self.failing_host else set())
        return {
            article.id
            for article in self.articles
            if article.trouble is None
            and wanted.intersection(article.channels)
            and (copies or article.copy_of is None)
            and _first_moment(since) <= article.published_at <= _last_moment(until)
        }

    def paper_ids_in(
        self, papers: Iterable[str], since: date | None = None, until: date | None = None
    ) -> set[str]:
        """Ids that a perfect crawl of newspapers gives, for days from `since` to `until`."""
        return self.ids_in(papers, since, until)

    def list_pages(self, channel: str) -> int:
        return -(-len(self.channels[channel].entries) // ENTRIES)

    def list_url(self, channel: str) -> str:
        return f"https://{self.channels[channel].place}"

    # --- what tests do ---

    def correct(self, article: MadeUpArticle, at: datetime | None = None) -> None:
        """Change one sentence, and say when: `at`, or `now`."""
        article.revision += 1
        article.modified_at = (at or self.now).astimezone(BEIJING)
        paragraphs = article.parts[0]
        middle = len(paragraphs) // 2
        words = Words(f"correction {article.id} {article.revision}")
        paragraphs[middle] = _with_other_sentence(paragraphs[middle], words)

    def publish(self, channel: str) -> MadeUpArticle:
        """A new article, dated `now`, on top of a channel."""
        article = self._add_article(self.channels[channel], self.now)
        self._list(self.channels[channel], article, self._address(article))
        return article

    def delete(self, article: MadeUpArticle) -> None:
        """Take an article's pages away; lists keep showing it."""
        article.trouble = "http-404"

    # --- making ---

    def _fill_channels(self) -> None:
        very_old = self._add_article(self.channels["zjxc"], self.now - timedelta(days=900))
        very_old.oddity, very_old.channels = "very-old", []
        replaced = self._replaced()
        for channel in self.channels.values():
            for slot in reversed(range(channel.size)):
                if (channel.name, slot) not in replaced:
                    self._fill_slot(channel, slot)
        for (name, _), (source, is_copy) in replaced.items():
            channel, article = self.channels[name], self._slots[source]
            if is_copy:
                article = self._copy(article, channel)
                self._list(channel, article, self._address(article))
            else:
                self._share(article, channel)

    def _replaced(self) -> dict[tuple[str, int], tuple[tuple[str, int], bool]]:
        """Slots that hold an article of another channel, or a copy of one: the nearest in time
        that hold nothing special."""
        special = {*_SOUND, *_TROUBLE, *_HANGING, *_LINKS}
        special |= {(name, slot) for name, slot, _ in (*_SHARED, *_COPIED)}
        found: dict[tuple[str, int], tuple[tuple[str, int], bool]] = {}
        for name, slot, other in (*_SHARED, *_COPIED):
            moment = self._moment(self.channels[name], slot)
            channel = self.channels[other]
            free = [s for s in range(channel.size) if (other, s) not in special | found.keys()]
            nearest = min(free, key=lambda s: abs(self._moment(channel, s) - moment))
            found[other, nearest] = (name, slot), (name, slot, other) in _COPIED
        return found

    def _moment(self, channel: Channel, slot: int) -> datetime:
        """When what stands in a slot was published."""
        if (channel.name, slot) == ("jms", 0):
            return self.now - timedelta(days=400)
        late = timedelta(minutes=25 * list(self.channels).index(channel.name))
        return self.now - timedelta(hours=1 + slot * channel.hours, seconds=slot * 37 % 60) - late

    def _fill_slot(self, channel: Channel, slot: int) -> None:
        moment = self._moment(channel, slot)
        if link := _LINKS.get((channel.name, slot)):
            self._insert(channel, Entry(link, Words(link).title(), moment))
            return
        oddity = self._odd.get((channel.name, slot))
        article = self._add_article(channel, moment, oddity, _layout_of(channel, slot, oddity))
        self._slots[channel.name, slot] = article
        self._list(channel, article, article.listed_url or article.url, slot)

    def _add_article(
        self,
        channel: Channel,
        moment: datetime,
        oddity: str | None = None,
        layout: str = "trs",
    ) -> MadeUpArticle:
        number = self._number(moment)
        words = Words(f"article {number}")
        place = _place_for(channel, oddity)
        id_, path = _id_and_path(moment, number, layout, oddity)
        article = MadeUpArticle(
            id=id_,
            url=f"https://{place}{path}",
            published_at=moment,
            title=self._title(words),
            layout=layout,
            parts=_parts(words, oddity),
            editor=words.name(),
            channels=[channel.name],
            trouble=_WHY.get(oddity or ""),
            oddity=oddity,
        )
        self.articles.append(article)
        if oddity not in _REDIRECTED:
            self._add_pages(article, article.url, channel)
        self._add_detour(article, channel)
        return article

    def _number(self, moment: datetime) -> int:
        number = NEWEST - int((self.now - moment).total_seconds() // 60)
        while number in self._numbers:
            number += 1
        self._numbers.add(number)
        return number

    def _title(self, words: Words) -> str:
        while (title := words.title()) in self._titles:
            pass
        self._titles.add(title)
        return title

    def _copy(self, original: MadeUpArticle, channel: Channel) -> MadeUpArticle:
        copy = self._add_article(channel, original.published_at + timedelta(hours=2))
        copy.copy_of = original.id
        copy.parts = [list(part) for part in original.parts]
        copy.parts[0][1] = _with_other_sentence(copy.parts[0][1], Words(f"copy {copy.id}"))
        return copy

    def _share(self, article: MadeUpArticle, channel: Channel) -> None:
        """Hang an article in a second channel, under that one's path."""
        article.channels.append(channel.name)
        url = f"https://{channel.place}{_trs_path(article.published_at, int(article.number))}"
        self._add_pages(article, url, channel)
        self._list(channel, article, url)

    def _address(self, article: MadeUpArticle) -> str:
        return article.listed_url or article.url

    def _list(
        self, channel: Channel, article: MadeUpArticle, url: str, slot: int | None = None
    ) -> None:
        """Put an article into a channel's list, its link in one of the forms that lists have."""
        form = len(channel.entries) if slot is None else slot
        href = _written(url, channel, form, is_plain=article.oddity is not None)
        is_pinned = article.oddity == "pinned"
        self._insert(channel, Entry(href, article.title, article.published_at, is_pinned))

    def _insert(self, channel: Channel, entry: Entry) -> None:
        """Newest first, below what is pinned; of the same moment, the last that came."""
        newer = (e.is_pinned or e.time > entry.time for e in channel.entries)
        channel.entries.insert(0 if entry.is_pinned else sum(newer), entry)

    def _add_pages(self, article: MadeUpArticle, url: str, channel: Channel) -> None:
        """The article's pages at one address, `_ext` copies included."""
        key = _key(url)
        for n in range(article.pages):
            page = partial(self._article_page, article, n, channel)
            suffix = "" if n == 0 else f"_0{n}" if article.layout == "old" else f"_{n}"
            for copy in ("", "_ext"):
                self._pages[key.replace(".shtml", f"{copy}{suffix}.shtml")] = page

    def _add_detour(self, article: MadeUpArticle, channel: Channel) -> None:
        """The pages that stand between a list and the article, or in its place."""
        oddity = article.oddity or ""
        if oddity in _LEADING:
            number = self._number(article.published_at)
            path = _trs_path(article.published_at, number)
            article.listed_url = f"https://{channel.place}{path}"
            self._pages[_key(article.listed_url)] = partial(_leading_page, oddity, article.url)
        elif oddity == "redirect-off-site":
            target = "http://evil.example/x"
            self._pages[_key(article.url)] = partial(_leading_page, "http-302", target)
        elif oddity in ("redirect-pair", "script-loop"):
            how = "http-302" if oddity == "redirect-pair" else "script-redirect"
            other = article.url.replace(article.number, str(self._number(article.published_at)))
            self._pages[_key(article.url)] = partial(_leading_page, how, other)
            self._pages[_key(other)] = partial(_leading_page, how, article.url)

    def _fill_papers(self) -> None:
        for paper in self.papers.values():
            self._pages[_key(f"https://{paper.place}/paperindex.htm")] = partial(
                _leading_page,
                "meta-refresh",
                f"html/{_day_path(self.now.date())}/node_{paper.nodes[0]}.htm",
            )
            for issue, day in enumerate(paper.days):
                if day is not None:
                    self._add_issue(paper, issue, day)
            if paper.has_month_list:
                self._add_month_lists(paper)

    def _add_issue(self, paper: "Paper", issue: int, day: date) -> None:
        base = f"https://{paper.place}/html/{_day_path(day)}"
        front = partial(_leading_page, "meta-refresh", f"node_{paper.nodes[0]}.htm")
        self._pages[_key(f"{base}/{paper.name}index.htm")] = front
        for sheet, node in enumerate(paper.nodes):
            numbers = [paper.first_number + issue * 9 + sheet * 3 + k for k in range(3)]
            articles = [self._add_paper_article(paper, n, day, sheet, base) for n in numbers]
            page = partial(_node_page, paper, day, sheet, articles)
            self._pages[_key(f"{base}/node_{node}.htm")] = page

    def _add_paper_article(
        self, paper: "Paper", number: int, day: date, sheet: int, base: str
    ) -> MadeUpArticle:
        words = Words(f"paper {paper.name} {number}")
        article = MadeUpArticle(
            id=f"paper:{paper.name}:{number}",
            url=f"{base}/content_{number}.htm",
            published_at=datetime.combine(day, time(), BEIJING),
            title=self._title(words),
            layout="paper",
            parts=[words.paragraphs()],
            editor=words.name(),
            channels=[paper.name],
            printed_page=(paper.title, f"{sheet + 1:05}", paper.sheets[sheet]),
            prints_strip=number % 2 == 0,
        )
        self.articles.append(article)
        self._pages[_key(article.url)] = partial(self._paper_article_page, article)
        return article

    def _add_month_lists(self, paper: "Paper") -> None:
        months: dict[str, list[date]] = {}
        for day in filter(None, paper.days):
            months.setdefault(f"{day:%Y-%m}", []).append(day)
        for month, days in months.items():
            answer = Answer(_month_list(days, paper.nodes[0]), content_type="text/xml")
            self._pages[f"{paper.place}/html/{month}/paper_existed.xml"] = partial(_same, answer)

    # --- answering ---

    def answer(self, asked: Asked) -> Answer:
        """What the site answers, under http and https alike."""
        key = _key(asked.url)
        host = key.split(".", 1)[0]
        if self.failing_host and host == FAILING_HOST:
            return Answer(b"busy", 503)
        if key.endswith("/robots.txt"):
            return _NOT_FOUND if host == HOST_WITHOUT_ROBOTS else Answer(ROBOTS, 200, "text/plain")
        page = self._pages.get(key) or self._list_page(key)
        if page is None:
            return _NOT_FOUND
        answer = page()
        kinds = VALIDATORS.get(host, ())
        return replace(
            answer,
            etag=answer.etag if "etag" in kinds else None,
            last_modified=answer.last_modified if "last-modified" in kinds else None,
        )

    def _list_page(self, key: str) -> Callable[[], Answer] | None:
        if key == f"zjnews.{DOMAIN}/ztjj/zt/x/":
            return partial(_topic_page, self.articles[1:9])
        if key.endswith(".mp4"):
            return partial(_same, Answer(bytes(1000), content_type="video/mp4"))
        for channel in self.channels.values():
            rest = key.removeprefix(channel.place)
            if rest != key and (found := re.fullmatch(r"(?:index(?:_([1-9]\d*))?\.shtml)?", rest)):
                index = int(found[1] or 0)
                is_there = index < self.list_pages(channel.name)
                return partial(self._channel_page, channel, index) if is_there else None
        return None

    def _channel_page(self, channel: Channel, index: int) -> Answer:
        entries = channel.entries[index * ENTRIES : (index + 1) * ENTRIES]
        main = _LISTS[channel.name](entries, index, self.list_pages(channel.name))
        boxes = self._boxes() if channel.name == "jkxw" else ""
        return _answer(_frame(f"{channel.title}_浙江在线", main + boxes))

    def _boxes(self) -> str:
        """Side boxes full of articles that are none of the channel's."""
        others = [self._slots[name, slot] for slot in (33, 34, 35) for name in ("zjxc", "gnxw")]
        old = self.odd("very-old")
        return _box("hot", "热门", others[:4]) + _box("rank", "排行", [*others[4:], old])

    def _article_page(self, article: MadeUpArticle, n: int, channel: Channel) -> Answer:
        if article.trouble == "http-404" or (article.oddity == "pages-missing" and n):
            return _NOT_FOUND
        if failure := self._failure(article):
            return failure
        markup = _LAYOUTS[article.layout](article, n, channel)
        answer = _answer(markup, "gbk" if article.layout == "old" else "utf-8")
        return replace(
            answer,
            delay=1.5 if article.oddity == "slow" else 0,
            hangs=article.oddity == "hangs",
            etag=article.etag(),
            last_modified=article.last_modified(),
        )

    def _failure(self, article: MadeUpArticle) -> Answer | None:
        """What stands in the way of an article this time."""
        if article.oddity not in ("http-500", "flaky-500", "flaky-429"):
            return None
        with self._lock:
            self._requests[article.id] += 1
            times = self._requests[article.id]
        if article.oddity == "flaky-429" and times == 1:
            return Answer(b"too many", 429, headers={"Retry-After": "1"})
        if article.oddity == "http-500" or (article.oddity == "flaky-500" and times <= 2):
            return Answer(b"broken", 500)
        return None

    def _paper_article_page(self, article: MadeUpArticle) -> Answer:
        return _NOT_FOUND if article.trouble else _answer(_paper(article))


def _chosen(trouble: bool | Iterable[str]) -> dict[tuple[str, int], str]:
    if isinstance(trouble, bool):
        return _TROUBLE if trouble else {}
    names = set(trouble)
    return {slot: oddity for slot, oddity in _TROUBLE.items() if oddity in names}


def _layout_of(channel: Channel, slot: int, oddity: str | None) -> str:
    if oddity == "pages-system" or (oddity is None and (channel.name, slot) in _OLD):
        return "old"
    is_older = channel.name in ("gnxw", "cjxw", "jms") and slot % 4 == 1
    return "trs2016" if is_older and oddity is None else "trs"


_OLD = frozenset({("jms", 8), ("jms", 17), ("czjsb", 4), ("czjsb", 9)})
"""Slots of articles from the older content system."""


def _parts(words: Words, oddity: str | None) -> list[list[str]]:
    if oddity in ("notice-1", "notice-2"):
        return [notice(words)]
    pages = {"pages-trs": 3, "pages-script": 3, "pages-system": 2, "pages-missing": 2}
    return [words.paragraphs() for _ in range(pages.get(oddity or "", 1))]


def _place_for(channel: Channel, oddity: str | None) -> str:
    """Host and path of the folder that an article lies in."""
    if oddity == "secret":
        return f"{channel.host}.{DOMAIN}/secret/"
    return f"www.{DOMAIN}/yw/" if oddity in _LEADING else channel.place


def _id_and_path(moment: datetime, number: int, layout: str, oddity: str | None) -> tuple[str, str]:
    if layout != "old":
        return _trs_id(moment, number), _trs_path(moment, number)
    nine = "020717765" if oddity == "pages-system" else f"0208{number % 100_000:05}"
    day = moment.astimezone(BEIJING)
    return f"system:{day:%Y%m%d}:{nine}", f"system/{day:%Y/%m/%d}/{nine}.shtml"


def _trs_id(moment: datetime, number: int) -> str:
    return f"trs:{moment.astimezone(BEIJING):%Y%m%d}:{number}"


def _trs_path(moment: datetime, number: int) -> str:
    return f"{moment.astimezone(BEIJING):%Y%m/t%Y%m%d}_{number}.shtml"


def _written(url: str, channel: Channel, form: int, is_plain: bool) -> str:
    """An address as a list writes it."""
    host, path = url.removeprefix("https://").split("/", 1)
    relative = "./" + f"{host}/{path}".removeprefix(channel.place)
    is_copied = "/t20" in path and not is_plain
    forms = [
        f"/{path}" if relative.startswith("./" + host) else relative,
        f"//{host}/{path}",
        f"http://{host}/{path}",
        f"//{host}//{path}",
        url.replace(".shtml", "_ext.shtml") if is_copied else url,
        f"{url}#comments",
        f"{url}?from=list",
    ]
    return forms[form % len(forms)]


def _with_other_sentence(paragraph: str, words: Words) -> str:
    """A paragraph with its first sentence replaced."""
    return words.sentence() + paragraph.split("。", 1)[1].removeprefix("”")


def _key(url: str) -> str:
    """Host and path, single slashes."""
    parts = urlsplit(url)
    return f"{parts.hostname}{re.sub('/{2,}', '/', parts.path)}"


def _first_moment(since: date | None) -> datetime:
    if isinstance(since, datetime):
        return since
    return datetime.combine(since or date(1970, 1, 1), time(), BEIJING)


def _last_moment(until: date | None) -> datetime:
    if isinstance(until, datetime):
        return until
    return datetime.combine(until or date(9000, 1, 1), time(23, 59, 59), BEIJING)


# --- Newspapers -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paper:
    name: str
    title: str
    nodes: tuple[int, int, int]
    sheets: tuple[str, str, str]
    days: tuple[date | None, ...]
    """Days with an issue, oldest first, None where there was none."""
    has_month_list: bool
    domain: str = DOMAIN
    first_number: int = 3_600_000
    """Both papers count alike, so that only the paper tells their articles apart."""

    @property
    def place(self) -> str:
        return f"{self.name}.{self.domain}"


def _papers(today: date) -> list[Paper]:
    days = [today - timedelta(days=n) for n in reversed(range(30))]
    without = {today - timedelta(days=4), today - timedelta(days=13)}
    gaps = tuple(None if day in without else day for day in days)
    return [
        Paper("zjrb", "浙江日报", (2, 3, 4), ("要闻", "经济", "文化"), tuple(days), True),
        Paper(
            "qjwb", "钱江晚报", (12, 13, 14), ("头条", "城事", "副刊"), gaps, False, "thehour.cn"
        ),
    ]


def _day_path(day: date) -> str:
    return f"{day:%Y-%m/%d}"


def _strip(paper: str, day: date, sheet: str, name: str) -> str:
    return f'<div class="main-ed-pageifm">{paper} {day:%Y年%m月%d日} 第{sheet}版：{name}</div>'


def _node_page(paper: "Paper", day: date, sheet: int, articles: list[MadeUpArticle]) -> Answer:
    """A printed page; on the first one, an article stands in the map only."""
    pages = "".join(
        f'<dt><a id="pageLink" href="node_{node}.htm">第{n:05}版：{name}</a></dt>\n'
        for n, (node, name) in enumerate(zip(paper.nodes, paper.sheets, strict=True), 1)
    )
    areas = "".join(
        f'<area coords="{n},40,{n + 90},560" shape="rect" href="content_{article.number}.htm">\n'
        for n, article in enumerate(articles)
    )
    listed = articles[:2] if sheet == 0 else articles
    lines = "".join(
        f'<li><a href="content_{article.number}.htm?div=-1">{article.title}</a></li>\n'
        for article in listed
    )
    main = (
        f"{_strip(paper.title, day, f'{sheet + 1:05}', paper.sheets[sheet])}\n<dl>\n{pages}</dl>\n"
        f'<img src="../../../images/b.jpg" usemap="#PagePicMap">\n<map name="PagePicMap">\n{areas}'
        f'</map>\n<ul class="main-ed-articlenav-list">\n{lines}</ul>\n'
    )
    return _answer(_frame(paper.title, main, has_navigation=False))


def _paper(article: MadeUpArticle) -> str:
    assert article.printed_page
    paper, sheet, name = article.printed_page
    strip = _strip(paper, article.day, sheet, name) if article.prints_strip else ""
    main = (
        f'{strip}\n<div class="main-article-content">\n'
        f'<h2 class="main-article-title">{article.title}</h2>\n'
        f'<div id="ozoom"><founder-content>\n{_paragraphs(article.parts[0])}</founder-content></div>\n'
        "</div>\n"
    )
    return _frame(article.title, main, has_navigation=False)


def _month_list(days: list[date], node: int) -> bytes:
    periods = "".join(
        f"<period><period_date>{day}</period_date><front_page>node_{node}.htm</front_page></period>\n"
        for day in days
    )
    markup = f'<?xml version="1.0" encoding="utf-8"?>\n<period_list>\n{periods}</period_list>\n'
    return markup.encode()


# --- Article pages ----------------------------------------------------------------------------------


def _trs(article: MadeUpArticle, n: int, channel: Channel) -> str:
    updated = (
        f"<span>更新时间：{_printed(article.modified_at)}</span>\n" if article.modified_at else ""
    )
    main = (
        f'<h1 class="artTitle">{article.title}</h1>\n<div class="info">\n'
        f"<span>{_printed(article.published_at)}</span>\n<span>来源：浙江在线</span>\n"
        f"<span>责任编辑：{article.editor}</span>\n{updated}</div>\n"
        f'<div class="content cf"><div class="artCon" id="contentBox">\n'
        f"{_paragraphs(article.parts[n])}{_foot(article, n)}"
        '<div class="cprtip">版权所有 浙江在线，未经授权，禁止复制或建立镜像</div>\n</div></div>\n'
    )
    return _article_frame(article, channel, main)


def _trs2016(article: MadeUpArticle, n: int, channel: Channel) -> str:
    main = (
        f'<div class="contTit"><font>{article.title}</font></div>\n<div class="time">\n'
        f"{_spans(article)}</div>\n"
        f'<div class="contTxt">\n{_paragraphs(article.parts[n])}{_foot(article, n)}</div>\n'
    )
    return _article_frame(article, channel, main)


def _old(article: MadeUpArticle, n: int, channel: Channel) -> str:
    main = (
        f'<div class="contTit">{article.title}</div>\n<div class="contInfo">\n{_spans(article)}</div>\n'
        f'<div class="contTxt">\n{_paragraphs(article.parts[n])}{_foot(article, n)}</div>\n'
    )
    return _article_frame(article, channel, main, charset="gb2312")


_LAYOUTS: dict[str, Callable[[MadeUpArticle, int, Channel], str]] = {
    "trs": _trs,
    "trs2016": _trs2016,
    "old": _old,
}


def _spans(article: MadeUpArticle) -> str:
    updated = f" 更新时间：{_printed(article.modified_at)}" if article.modified_at else ""
    return (
        f'<span id="pubtime_baidu">{_printed(article.published_at)}{updated}</span>\n'
        '<span id="source_baidu">来源：浙江在线</span>\n'
        f'<span id="editor_baidu">责任编辑：{article.editor}</span>\n'
    )


def _printed(moment: datetime | None) -> str:
    assert moment
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


def _paragraphs(paragraphs: list[str]) -> str:
    return "".join(f"<p>　　{escape(text, quote=False)}</p>\n" for text in paragraphs)


def _foot(article: MadeUpArticle, n: int) -> str:
    """What stands below the text of an article of several pages: credits and the way on."""
    if article.pages == 1:
        return ""
    credit = f"<p>责任编辑：{article.editor}</p>\n"
    stem = article.url.rsplit("/", 1)[1].removesuffix(".shtml")
    if article.oddity == "pages-script":
        return (
            f'{credit}<script>createPageHTML({article.pages}, {n}, "{stem}", "shtml");</script>\n'
        )
    mark = "_0" if article.layout == "old" else "_"
    files = [f"{stem}.shtml", *(f"{stem}{mark}{k}.shtml" for k in range(1, article.pages))]
    links = [
        f"<b>{k}</b>" if k == n + 1 else f'<a href="./{file}">{k}</a>'
        for k, file in enumerate(files, 1)
    ]
    if n + 1 < article.pages:
        links.append(f'<a href="./{files[n + 1]}">下一页</a>')
    return f'{credit}<div class="fenye">{" ".join(links)}</div>\n'


def _article_frame(
    article: MadeUpArticle, channel: Channel, main: str, charset: str = "utf-8"
) -> str:
    crumb = f'<div class="crumb"><a class="CurrChnlCls" href="//{channel.place}">{channel.title}</a></div>\n'
    script = _MOBILE if article.oddity == "mobile-script" else ""
    title = f"{article.title}_{channel.title}_浙江在线"
    return _frame(title, crumb + main, script, charset)


_MOBILE = (
    "<script>if(/Android|iPhone/.test(navigator.userAgent))"
    f'{{location.href="http://m.{DOMAIN}/"}}</script>\n'
)


# --- List pages -------------------------------------------------------------------------------------


def _list_ul(entries: list[Entry], index: int, pages: int) -> str:
    return _ul(entries, _ways(index, pages))


def _ul(entries: list[Entry], ways: str) -> str:
    lines = _lines(
        '<li class="listLi"><a href="{href}" target="_blank">{title}</a>'
        '<span class="listSpan">{time:%Y年%m月%d日%H时}</span></li>',
        entries,
    )
    return f'<ul class="listUl">\n{lines}</ul>\n<span class="fenye">{ways}</span>\n'


def _list_h4(entries: list[Entry], index: int, pages: int) -> str:
    lines = _lines(
        '<li><h4><a href="{href}">{title}</a></h4><div class="time">{time:%Y-%m-%d %H:%M}</div></li>',
        entries,
    )
    ways = f'<span class="fenye"><div>{_ways(index, pages)}</div></span>'
    return f'<ul class="listUl">\n{lines}</ul>\n{ways}\n'


def _list_h3(entries: list[Entry], index: int, pages: int) -> str:
    lines = _lines('<h3><a href="{href}">{title}</a></h3>', entries)
    return f'<div id="pageContent"><div class="textList">\n{lines}</div></div>\n'


def _list_main(entries: list[Entry], index: int, pages: int) -> str:
    lines = _lines('<li><a href="{href}">{title}</a><span>{time:%Y-%m-%d}</span></li>', entries)
    script = f'<script>createPageHTML({pages}, {index}, "index", "shtml");</script>'
    return f'<div id="main"><div><ul>\n{lines}</ul></div>\n{script}</div>\n'


def _list_newslist(entries: list[Entry], index: int, pages: int) -> str:
    lines = _lines('<li><a href="{href}">{title}</a> [{time:%Y-%m-%d}]</li>', entries)
    return f'<ul class="newslist02">\n{lines}</ul>\n<div class="page">{_ways(index, pages)}</div>\n'


def _list_ullist(entries: list[Entry], index: int, pages: int) -> str:
    lines = _lines('<li><a href="{href}">{title}</a> {time:%m-%d %H:%M}</li>', entries)
    return f'<ul id="Ullist1">\n{lines}</ul>\n<div class="page">{_ways(index, pages)}</div>\n'


def _list_cards(entries: list[Entry], index: int, pages: int) -> str:
    lines = _lines('<div class="card"><p><a href="{href}">{title}</a></p></div>', entries)
    return f'<div class="cards">\n{lines}</div>\n<div class="more">{_ways(index, pages)}</div>\n'


_LISTS: dict[str, Callable[[list[Entry], int, int], str]] = {
    "zjxc": _list_ul,
    "gnxw": _list_h4,
    "bwgd": _list_h3,
    "cjxw": _list_main,
    "jms": _list_newslist,
    "czjsb": _list_ullist,
    "jkxw": _list_cards,
    "bg": _list_ul,
}


def _lines(form: str, entries: list[Entry]) -> str:
    return "".join(
        form.format(href=e.href, title=e.title, time=e.time.astimezone(BEIJING)) + "\n"
        for e in entries
    )


def _ways(index: int, pages: int) -> str:
    """Links to the other pages of a list."""
    files = ["index.shtml", *(f"index_{n}.shtml" for n in range(1, pages))]
    links = [
        f"<b>{n + 1}</b>" if n == index else f'<a href="{file}">{n + 1}</a>'
        for n, file in enumerate(files)
    ]
    if index > 0:
        links.insert(0, f'<a href="{files[index - 1]}">上一页</a>')
    if index + 1 < pages:
        links.append(f'<a href="{files[index + 1]}">下一页</a>')
    return " ".join(links)


def _box(name: str, heading: str, articles: Iterable[MadeUpArticle]) -> str:
    lines = "".join(f'<li><a href="{a.url}">{a.title}</a></li>\n' for a in articles)
    return f'<div class="{name}"><h3>{heading}</h3>\n<ul>\n{lines}</ul></div>\n'


def _topic_page(articles: list[MadeUpArticle]) -> Answer:
    lines = "".join(f'<h3><a href="{a.url}">{a.title}</a></h3>\n' for a in articles)
    main = f'<div id="pageContent"><div class="textList"><h2>专题</h2>\n{lines}</div></div>\n'
    return _answer(_frame("专题_浙江在线", main))


# --- Any page ---------------------------------------------------------------------------------------

_NOT_FOUND = Answer(b"<html><head><title>404</title></head><body>404 Not Found</body></html>", 404)


def _same(answer: Answer) -> Answer:
    return answer


def _answer(markup: str, charset: str = "utf-8") -> Answer:
    """GBK pages leave it to the page to say so, as the old servers do."""
    return Answer(
        markup.encode(charset),
        content_type="text/html" if charset == "gbk" else "text/html; charset=utf-8",
    )


def _leading_page(how: str, target: str) -> Answer:
    """A page that holds nothing but the way to another one."""
    if how in ("http-301", "http-302"):
        return Answer(status=int(how[-3:]), location=target)
    if how == "meta-refresh":
        head = f'<META HTTP-EQUIV="refresh" CONTENT="0; URL={target}">'
    else:
        head = f'<script>location.replace("{target}")</script>'
    return _answer(f"<html><head>{head}</head><body></body></html>")


def _frame(
    title: str, main: str, script: str = "", charset: str = "utf-8", has_navigation: bool = True
) -> str:
    return (
        f'<!DOCTYPE html>\n<html>\n<head>\n<meta charset="{charset}">\n<title>{title}</title>\n'
        f"{script}</head>\n<body>\n{_NAVIGATION if has_navigation else ''}{main}"
        '<div class="footer"><p>浙江在线新闻网站</p></div>\n</body>\n</html>\n'
    )


_NAVIGATION = (
    f'<div class="nav"><a href="//www.{DOMAIN}/">首页</a>\n'
    + "".join(f'<a href="//{channel.place}">{channel.title}</a>\n' for channel in _channels())
    + "</div>\n"
)


# --- A site of any size -----------------------------------------------------------------------------

_FILLING = "<style>" + "".join(f".n{n} {{ margin: {n}px; }}\n" for n in range(290)) + "</style>\n"
"""Brings a page to the weight of a real one."""


@dataclass(frozen=True)
class BigSite:
    """One channel of any number of articles, each made when it is asked for, none kept."""

    count: int
    now: datetime
    every: timedelta = timedelta(minutes=1)
    entries: int = 100
    """Of a list page."""
    list_url: str = f"https://zjnews.{DOMAIN}/zjxc/"

    @property
    def list_pages(self) -> int:
        return -(-self.count // self.entries)

    def __call__(self, asked: Asked) -> Answer:
        path = urlsplit(asked.url).path
        if path == "/robots.txt":
            return Answer(ROBOTS, 200, "text/plain")
        if found := re.fullmatch(r"/zjxc/\d{6}/t\d{8}_(\d+)\.shtml", path):
            nth = NEWEST - int(found[1])
            is_there = 0 <= nth < self.count and path == f"/zjxc/{self.path(nth)}"
            return _answer(self.article(nth)) if is_there else _NOT_FOUND
        if found := re.fullmatch(r"/zjxc/(?:index(?:_([1-9]\d*))?\.shtml)?", path):
            index = int(found[1] or 0)
            return _answer(self.list_page(index)) if index < self.list_pages else _NOT_FOUND
        return _NOT_FOUND

    def path(self, nth: int) -> str:
        return _trs_path(self.moment(nth), NEWEST - nth)

    def moment(self, nth: int) -> datetime:
        """When an article was published, counted from the newest."""
        return self.now - nth * self.every

    def article(self, nth: int) -> str:
        words = Words(f"big {nth}")
        article = MadeUpArticle(
            id=_trs_id(self.moment(nth), NEWEST - nth),
            url=f"{self.list_url}{self.path(nth)}",
            published_at=self.moment(nth),
            title=words.title(),
            layout="trs",
            parts=[words.paragraphs()],
            editor=words.name(),
        )
        return _trs(article, 0, _channels()[0]).replace("</head>", f"{_FILLING}</head>", 1)

    def list_page(self, index: int) -> str:
        numbers = range(index * self.entries, min((index + 1) * self.entries, self.count))
        entries = [
            Entry(f"./{self.path(nth)}", Words(f"big {nth}").title(), self.moment(nth))
            for nth in numbers
        ]
        # Links to all pages, as a short list has them, would outweigh the entries.
        is_last = index + 1 >= self.list_pages
        way = "" if is_last else f'<a href="index_{index + 1}.shtml">下一页</a>'
        return _frame("浙江宣传_浙江在线", _ul(entries, f"<b>{index + 1}</b> {way}"))


def big_site(count: int, now: datetime | None = None) -> BigSite:
    """What answers for `count` articles of about 10 KB each, one a minute back from `now`."""
    return BigSite(count, now or datetime(2026, 9, 15, 10, 0, tzinfo=BEIJING))


# --- For tests of copies ----------------------------------------------------------------------------


def shingles(text: str, size: int = 5) -> set[str]:
    """The runs of so many characters in a text, white space left out."""
    bare = "".join(text.split())
    return {bare[n : n + size] for n in range(len(bare) - size + 1)}


def similarity(one: str, other: str) -> float:
    """Jaccard similarity of two texts' shingles."""
    first, second = shingles(one), shingles(other)
    return len(first & second) / len(first | second)
