"""The channels and newspapers: what the file holds, and what a text names of it."""

import pytest

from zjnews.site import addresses
from zjnews.site.addresses import Kind
from zjnews.site.channels import Channel, Paper, channels, find_channels, find_papers, papers

ZJXC = "https://zjnews.zjol.com.cn/zjxc/"
ELSEWHERE = "https://zjnews.zjol.com.cn/a/b/"
"""A list that the file does not have."""


def test_there_are_many_channels() -> None:
    assert len(channels()) >= 40


def test_names_are_unique() -> None:
    names = [channel.name for channel in channels()]
    assert len(set(names)) == len(names)


def test_lists_are_unique() -> None:
    lists = [addresses.address_of(channel.list).canonical for channel in channels()]
    assert len(set(lists)) == len(lists)


@pytest.mark.parametrize("channel", channels(), ids=lambda channel: channel.name)
def test_every_channel_can_be_named_and_read(channel: Channel) -> None:
    address = addresses.address_of(channel.list)
    assert (address.kind, address.on_site, address.page) == (Kind.LIST, True, 1)
    assert address.url.startswith(("https://", "http://www.inzhejiang.com/"))
    assert find_channels(channel.name) == [channel]
    assert channel.title.strip()
    assert channel.english.isascii()
    assert channel.english.strip()
    assert channel.name != "all"


def test_newspapers_are_unique() -> None:
    names = [paper.name for paper in papers()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", "zjrb qjwb msb zjlnb zjfzb jrzb kjb".split())
def test_every_known_newspaper_is_there(name: str) -> None:
    (paper,) = find_papers(name)
    assert paper.name == name
    assert addresses.is_on_site(paper.address)
    assert addresses.address_of(f"{paper.address}/paperindex.htm").paper == name


@pytest.mark.parametrize(
    "path", ["", "ZhejiangFocus/", "ZhejiangFocus/zjinaction/", "ZhejiangFocus/cd/", "News/"]
)
def test_the_english_site_has_channels(path: str) -> None:
    known = {addresses.address_of(channel.list).canonical for channel in channels()}
    with_www, without = (f"http://{www}inzhejiang.com/{path}" for www in ("www.", ""))
    assert addresses.address_of(with_www).canonical in known
    assert listed(f"{without},{with_www}") == [without]


def test_no_channel_is_a_newspaper() -> None:
    hosts = {paper.address for paper in papers()}
    assert not [channel.list for channel in channels() if channel.list.rstrip("/") in hosts]


# --- What a text names ------------------------------------------------------------------------


def listed(text: str) -> list[str]:
    return [channel.list for channel in find_channels(text)]


def named(text: str) -> list[str]:
    return [channel.name for channel in find_channels(text)]


def test_names_in_the_order_given() -> None:
    assert named("gnxw, zjxc ,gjxw") == ["gnxw", "zjxc", "gjxw"]


def test_all_is_every_channel() -> None:
    assert find_channels("all") == list(channels())


def test_all_adds_nothing_twice() -> None:
    assert sorted(named("zjxc,all,zjxc")) == sorted(channel.name for channel in channels())


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_nothing_names_nothing(text: str) -> None:
    assert (find_channels(text), find_papers(text)) == ([], [])


@pytest.mark.parametrize(
    "url",
    [
        ELSEWHERE,
        "http://zjnews.zjol.com.cn/a/b/",
        f"{ELSEWHERE}index.shtml",
        "https://www.zjol.com.cn/",
        "https://zjol.com.cn",
    ],
)
def test_a_list_is_known_by_its_address(url: str) -> None:
    assert listed(url) == [url]


def test_a_list_that_is_known_by_its_address_has_a_name() -> None:
    assert named(ELSEWHERE) == ["zjnews/a/b"]


@pytest.mark.parametrize(
    "url", [ZJXC, ZJXC.replace("https:", "http:"), f"{ZJXC}index.shtml", f"{ZJXC}?from=nav"]
)
def test_name_and_address_of_a_channel_are_one(url: str) -> None:
    assert named(f"zjxc,{url}") == ["zjxc"]


def test_the_same_address_twice_is_one_channel() -> None:
    assert listed(f"{ELSEWHERE},http{ELSEWHERE[5:]},{ELSEWHERE}index.shtml") == [ELSEWHERE]


@pytest.mark.parametrize(
    "text",
    [
        "nosuch",
        "ZJXC ",
        "zjxc gnxw",
        "茶",
        "zjnews.zjol.com.cn",
        "zjnews.zjol.com.cn/zjxc/",
        "/zjxc/",
        "https://evil.com/zjxc/",
        "https://zjol.com.cn.evil.com/zjxc/",
        "https://tidenews.com.cn/",
        "http://inzhejiang.com.evil.com/News/",
        "https://thehour.cn/",
        "ftp://zjnews.zjol.com.cn/zjxc/",
        "file:///zjxc/",
        "http://[::1/",
        f"{ZJXC}202609/t20260914_31908230.shtml",
        "http://zjnews.zjol.com.cn/system/2015/10/31/020895443.shtml",
        "https://zj.zjol.com.cn/news/993408.html",
        "http://zjrb.zjol.com.cn/html/2022-06/27/content_3566527.htm",
        "http://zjrb.zjol.com.cn/html/2013-11/29/node_18.htm",
        "http://zjrb.zjol.com.cn/html/2014-03/12/zjrbindex.htm",
        "http://zjrb.zjol.com.cn/paperindex.htm",
        "http://zjrb.zjol.com.cn/html/2014-03/paper_existed.xml",
        "http://img.zjol.com.cn/mlf/dzw/W020190409226508364671.jpg",
    ],
)
def test_what_is_no_channel_is_told_in_one_line(text: str) -> None:
    with pytest.raises(ValueError) as raised:
        find_channels(f"gnxw,{text}")
    message = str(raised.value)
    assert text.strip() in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "https://zjrb.zjol.com.cn/",
        "http://qjwb.zjol.com.cn",
        "https://qjwb.thehour.cn/",
        "https://qjwb.thehour.cn/html/2009-01/02/node_2.htm",
    ],
)
def test_the_site_of_a_newspaper_is_no_channel(text: str) -> None:
    with pytest.raises(ValueError, match="newspaper"):
        find_channels(text)


def test_newspapers_in_the_order_given_each_once() -> None:
    assert [paper.name for paper in find_papers("qjwb, zjrb,qjwb")] == ["qjwb", "zjrb"]


def test_all_is_every_newspaper() -> None:
    assert find_papers("all") == list(papers())


@pytest.mark.parametrize("text", ["nosuch", "zjxc", "https://zjrb.zjol.com.cn/", "浙江日报"])
def test_what_is_no_newspaper_is_told_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match="newspaper") as raised:
        find_papers(f"zjrb,{text}")
    message = str(raised.value)
    assert text in message
    assert "qjwb" in message
    assert len(message.splitlines()) == 1


def test_a_newspaper_has_an_address() -> None:
    assert Paper("zjrb", "浙江日报", "Zhejiang Daily").address == "https://zjrb.zjol.com.cn"
    assert find_papers("qjwb")[0].address == "https://qjwb.thehour.cn"
