"""What an address means: the forms of the site, the traps, and that nothing ever raises."""

import tracemalloc
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjnews.pages.lists import read_list
from zjnews.pages.page import read_page
from zjnews.site.addresses import (
    ARTICLE_KINDS,
    SISTER_HOSTS,
    Kind,
    _read,
    address_of,
    is_on_site,
    join,
    may_hold_images,
    paper_host,
)

ZJ = "zjnews.zjol.com.cn"
TRS = f"https://{ZJ}/zjnews/202609/t20260924_31929789.shtml"


@pytest.mark.parametrize(
    ("url", "kind", "id_", "day"),
    [
        (TRS, Kind.TRS, "trs:20260924:31929789", date(2026, 9, 24)),
        (
            f"https://{ZJ}/202303/t20230328_25571788.shtml",
            Kind.TRS,
            "trs:20230328:25571788",
            date(2023, 3, 28),
        ),
        (
            "http://zzhz.zjol.com.cn/xww/lskb/hz13179/201710/t20171019_5395543.shtml",
            Kind.TRS,
            "trs:20171019:5395543",
            date(2017, 10, 19),
        ),
        (
            f"http://{ZJ}/system/2012/07/19/018670432.shtml",
            Kind.SYSTEM,
            "system:20120719:018670432",
            date(2012, 7, 19),
        ),
        (
            f"https://{ZJ}/05zjnews/system/2007/05/23/008451248.shtml",
            Kind.SYSTEM,
            "system:20070523:008451248",
            date(2007, 5, 23),
        ),
        (
            "https://dqnews.zjol.com.cn/dqnews/system/2021/04/16/032987957.shtml",
            Kind.SYSTEM,
            "system:20210416:032987957",
            date(2021, 4, 16),
        ),
        (
            "http://qjwb.zjol.com.cn/html/2013-04/11/content_2087686.htm?div=-1",
            Kind.PAPER,
            "paper:qjwb:2087686",
            date(2013, 4, 11),
        ),
        (
            "http://www.inzhejiang.com/ZhejiangFocus/zjinaction/201911/t20191121_11385584.shtml",
            Kind.TRS,
            "trs:20191121:11385584",
            date(2019, 11, 21),
        ),
        (
            "http://qjwb.thehour.cn/html/2021-12/21/content_3981638.htm?div=0",
            Kind.PAPER,
            "paper:qjwb:3981638",
            date(2021, 12, 21),
        ),
        ("https://zj.zjol.com.cn/news/993408.html", Kind.APP, "app:993408", None),
        ("https://zj.zjol.com.cn/news.html?id=993408", Kind.APP, "app:993408", None),
        ("https://zj.zjol.com.cn/album.html?id=993408", Kind.APP, "app:album:993408", None),
        ("https://zj.zjol.com.cn/topic.html?id=993408", Kind.APP, "app:topic:993408", None),
        (
            "https://zj.zjol.com.cn/short_video.html?from=x&id=64F0a2b8",
            Kind.APP,
            "app:short_video:64f0a2b8",
            None,
        ),
    ],
)
def test_articles(url: str, kind: Kind, id_: str, day: date | None) -> None:
    address = address_of(url)
    assert (address.kind, address.id, address.date, address.on_site) == (kind, id_, day, True)
    assert address.is_article


@pytest.mark.parametrize(
    ("url", "kind", "page"),
    [
        ("https://china.zjol.com.cn/gjxw/", Kind.LIST, 1),
        ("https://china.zjol.com.cn/gnxw/index.shtml", Kind.LIST, 1),
        ("https://china.zjol.com.cn/gnxw/index_1.shtml", Kind.LIST, 2),
        ("http://biz.zjol.com.cn/zjjjbd/cjxw_11149/", Kind.LIST, 1),
        ("http://zjrb.zjol.com.cn/html/2013-11/29/node_18.htm", Kind.PAPER_PAGE, 1),
        ("http://zjrb.zjol.com.cn/html/2014-03/12/zjrbindex.htm", Kind.PAPER_FRONT, 1),
        ("http://zjrb.zjol.com.cn/paperindex.htm", Kind.PAPER_FRONT, 1),
        ("http://zjrb.zjol.com.cn/html/2014-03/paper_existed.xml", Kind.PAPER_ISSUES, 1),
        ("http://img.zjol.com.cn/mlf/dzw/W020190409226508364671.jpg", Kind.IMAGE, 1),
        ("https://v-cdn.zjol.com.cn/108733.mp4", Kind.VIDEO, 1),
        ("https://zjrb.zjol.com.cn/images/2025-03/13/zjrb2025031300010v01n.pdf", Kind.DOCUMENT, 1),
        ("https://zj.zjol.com.cn/subject.html?id=1146710", Kind.UNKNOWN, 1),
        ("https://zj.zjol.com.cn/album.html?id=", Kind.UNKNOWN, 1),
        ("https://zj.zjol.com.cn/album.html?id=64f0a2b8", Kind.UNKNOWN, 1),
        ("https://zj.zjol.com.cn/short_video.html?id=a/../b", Kind.UNKNOWN, 1),
        ("https://www.zjol.com.cn/album.html?id=26", Kind.UNKNOWN, 1),
        ("http://jx.zjol.com.cn/system/2015/06/30/020717765_01.shtml", Kind.SYSTEM, 2),
        ("https://x.zjol.com.cn/201906/t20190619_10371900_3.shtml", Kind.TRS, 4),
    ],
)
def test_kinds_and_pages(url: str, kind: Kind, page: int) -> None:
    assert (address_of(url).kind, address_of(url).page) == (kind, page)


@pytest.mark.parametrize(
    "url",
    [
        f"//{ZJ}/zjnews/202609/t20260924_31929789.shtml",
        f"//{ZJ}//zjnews//202609/t20260924_31929789.shtml",
        f"http://{ZJ}/zjnews/202609/t20260924_31929789.shtml",
        f"https://{ZJ}/zjnews/202609/t20260924_31929789_ext.shtml",
        f"https://{ZJ}/zjnews/202609/t20260924_31929789_1.shtml",
        f"https://{ZJ}/zjnews/202609/t20260924_31929789_ext_1.shtml",
        f"https://{ZJ}/zjnews/202609/t20260924_31929789.shtml?from=timeline&x=1",
        f"https://{ZJ}/zjnews/202609/t20260924_31929789.shtml#p=1",
        f"HTTPS://{ZJ.upper()}/zjnews/202609/t20260924_31929789.shtml",
        f"https://{ZJ}:443/zjnews/202609/t20260924_31929789.shtml",
        f"https://user:secret@{ZJ}/zjnews/202609/t20260924_31929789.shtml",
        f"https://{ZJ}/a/../zjnews/./202609/t20260924_31929789.shtml",
        f"  https://{ZJ}./zjnews/202609/t20260924_31929789.shtml\n",
    ],
)
def test_every_way_to_write_an_address_is_the_same_article(url: str) -> None:
    assert address_of(url).canonical == TRS
    assert address_of(url).id == "trs:20260924:31929789"


def test_relative_addresses_are_joined_with_their_page() -> None:
    base = f"https://{ZJ}/zjnews/index.shtml"
    assert address_of("./202609/t20260924_31929789.shtml", base).canonical == TRS
    assert address_of("./202609/t20260924_31929789.shtml").kind is Kind.UNKNOWN


def test_short_numbers_are_no_page_suffix() -> None:
    assert address_of(f"https://{ZJ}/201603/t20160301_749.shtml").canonical.endswith(
        "t20160301_749.shtml"
    )


def test_list_and_its_index_are_one_address() -> None:
    assert address_of(f"https://{ZJ}/zjxc/index.shtml").canonical == f"https://{ZJ}/zjxc/"


def test_an_impossible_day_is_no_day() -> None:
    address = address_of(f"https://{ZJ}/201613/t20161332_749.shtml")
    assert (address.kind, address.date) == (Kind.TRS, None)


@pytest.mark.parametrize("day", ["20211340", "99991231", "19991231", "00000000"])
def test_digits_that_are_no_day_tell_articles_apart_all_the_same(day: str) -> None:
    url = f"https://{ZJ}/a/202111/t{day}_7.shtml"
    ids = {
        address_of(url).id,
        address_of(url.replace(".shtml", "_ext_2.shtml")).id,
        address_of(url.replace(f"{ZJ}/a", "www.zjol.com.cn/b/c")).id,
    }
    assert (ids, address_of(url).date) == ({f"trs:{day}:7"}, None)
    old = address_of(f"https://{ZJ}/system/{day[:4]}/{day[4:6]}/{day[6:]}/000000007.shtml")
    assert (old.id, old.date) == (f"system:{day}:000000007", None)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "https://dhnews.zjol.com.cn/redianxinwen1/202010/t20201015_2952164.shtml",
            f"https://{ZJ}/zjnews/hznews/201703/t20170301_2952164.shtml",
        ),
        (
            "https://scnews.zjol.com.cn/scnews/system/2014/12/25/018853781.shtml",
            f"https://{ZJ}/05zjnews/system/2012/10/11/018853781.shtml",
        ),
        (
            "https://qjwb.thehour.cn/html/2009-01/02/content_4299704.htm",
            "https://zjrb.zjol.com.cn/html/2009-01/02/content_4299704.htm",
        ),
        ("https://zj.zjol.com.cn/news/26.html", "https://zj.zjol.com.cn/album.html?id=26"),
        ("https://zj.zjol.com.cn/topic.html?id=26", "https://zj.zjol.com.cn/album.html?id=26"),
        (
            "https://zj.zjol.com.cn/topic.html?id=26",
            "https://zj.zjol.com.cn/short_video.html?id=26",
        ),
    ],
)
def test_one_number_may_name_two_articles(one: str, other: str) -> None:
    assert address_of(one).number is not None
    assert address_of(one).id != address_of(other).id


@pytest.mark.parametrize(
    ("url", "copy"),
    [
        (
            f"https://{ZJ}/zjnews/202210/t20221018_24938507.shtml",
            "https://www.zjol.com.cn/yw/202210/t20221018_24938507_ext.shtml",
        ),
        (
            f"https://{ZJ}/zjnews/202210/t20221018_24938507.shtml",
            f"https://{ZJ}/ztjj/yaowen/202210/t20221018_24938507_5.shtml?mode=m2pc",
        ),
        (
            "http://inzhejiang.com/ZhejiangFocus/cd/202106/t20210610_22656034.shtml",
            f"https://{ZJ}/english/202106/t20210610_22656034.shtml",
        ),
        (
            "https://qjwb.thehour.cn/html/2009-01/02/content_4299704.htm?div=0",
            "http://qjwb.zjol.com.cn/html/2009-01/02/content_4299704.htm?div=-1",
        ),
        (
            "https://zj.zjol.com.cn/album.html?id=26",
            "http://zj.zjol.com.cn/album.html?from=share&id=26#top",
        ),
    ],
)
def test_copies_share_an_id(url: str, copy: str) -> None:
    assert address_of(url).id == address_of(copy).id
    assert not address_of(url).id.startswith("url:")


# --- Hosts of the site --------------------------------------------------------------------------


@pytest.mark.parametrize("host", sorted(SISTER_HOSTS))
def test_sister_hosts_are_on_the_site_in_all_ways_to_write_them(host: str) -> None:
    for url in (f"https://{host}/a/", f"//{host}/a/", f"HTTP://{host.upper()}.:80/a/"):
        assert is_on_site(url)
        assert may_hold_images(url)


@pytest.mark.parametrize(
    "host",
    [
        f"{spoilt}"
        for host in sorted(SISTER_HOSTS)
        for spoilt in (f"{host}.evil.com", f"evil{host}", f"x.{host}", f"{host}@evil.com")
        if spoilt != "www.inzhejiang.com"
    ]
    + ["thehour.cn", "www.thehour.cn", "zjrb.thehour.cn", "inzhejiang.com.cn", "inzhejiang.cn"],
)
def test_look_alikes_of_sister_hosts_are_off_the_site(host: str) -> None:
    url = f"https://{host}/202609/t20260924_31929789.shtml"
    assert address_of(url).kind is Kind.UNKNOWN
    assert not is_on_site(url)
    assert not may_hold_images(url)


def test_the_english_site_has_one_canonical_form() -> None:
    with_www, without = (f"http://{www}inzhejiang.com/News/" for www in ("www.", ""))
    assert (
        address_of(with_www).canonical
        == address_of(without).canonical
        == "https://www.inzhejiang.com/News/"
    )
    relative = address_of("./202004/t20200415_11880528.shtml", without)
    assert relative.url == f"{without}202004/t20200415_11880528.shtml"
    assert relative.canonical.startswith("https://www.inzhejiang.com/News/202004/")


@pytest.mark.parametrize(
    "host",
    ["app-stc.zjol.com.cn", "v-img.zjol.com.cn", "img.zjolcdn.com", "img2.zjolcdn.com"],
)
def test_hosts_of_pictures(host: str) -> None:
    assert may_hold_images(f"https://{host}/a.jpg")


def test_a_newspaper_is_the_same_wherever_it_is_published() -> None:
    assert (paper_host("qjwb"), paper_host("zjrb")) == ("qjwb.thehour.cn", "zjrb.zjol.com.cn")
    for host in ("qjwb.thehour.cn", "qjwb.zjol.com.cn"):
        assert address_of(f"http://{host}/html/2009-01/02/node_2.htm").paper == "qjwb"


@pytest.mark.parametrize(
    "url",
    [
        "https://zjol.com.cn.evil.com/zjnews/202609/t20260924_31929789.shtml",
        "https://evilzjol.com.cn/zjnews/202609/t20260924_31929789.shtml",
        "https://evil.com/zjol.com.cn/202609/t20260924_31929789.shtml",
        "https://zjol.com.cn@evil.com/202609/t20260924_31929789.shtml",
        "https://evil.com\\@zjol.com.cn/202609/t20260924_31929789.shtml",
        "https://evil.com#zjol.com.cn/202609/t20260924_31929789.shtml",
        "http://127.0.0.1/202609/t20260924_31929789.shtml",
        "http://[::1]/202609/t20260924_31929789.shtml",
        "http://[::1",
        "http://a:[::1]b@]zjol.com.cn",
        "http://[::1]@evil.org[zjol.com.cn",
        "http://zjol.com.cn:http/202609/t20260924_31929789.shtml",
        "http://zjol.com.cn:99999999/202609/t20260924_31929789.shtml",
        "ftp://zjol.com.cn/202609/t20260924_31929789.shtml",
        "file:///202609/t20260924_31929789.shtml",
        "https://tidenews.com.cn/news.html?id=2565525",
        "https://thehour.cn/html/2009-01/02/content_4299704.htm",
        "javascript:void(0)",
        "mailto:a@zjol.com.cn",
        "https://ｚｊｏｌ.com.cn/",
        "",
        " ",
        "//",
        "\x00",
    ],
)
def test_what_is_not_on_the_site(url: str) -> None:
    assert address_of(url).kind is Kind.UNKNOWN
    assert not is_on_site(url)


@given(st.text())
def test_no_text_raises(text: str) -> None:
    address = address_of(text)
    assert address.id.startswith(("trs:", "system:", "paper:", "app:", "url:"))


@given(st.from_regex(r"(https?:)?//[a-z.@:0-9\[\]\\]{0,20}(zjol\.com\.cn)[:/?#a-z0-9._-]{0,40}"))
def test_no_near_address_raises_and_on_site_means_on_site(url: str) -> None:
    address = address_of(url)
    if address.on_site:
        host = address.canonical.removeprefix("https://").split("/")[0]
        assert host == "zjol.com.cn" or host.endswith(".zjol.com.cn")


_hosts = st.from_regex(r"[a-z]{1,8}\.zjol\.com\.cn", fullmatch=True)
_paths = st.lists(st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True), max_size=4)
_days = st.dates(date(2001, 1, 1), date(2026, 12, 31))


@given(
    host=_hosts,
    path=_paths,
    day=_days,
    number=st.integers(1, 99_999_999),
    scheme=st.sampled_from(["http:", "https:", ""]),
    slashes=st.sampled_from(["/", "//"]),
    ext=st.sampled_from(["", "_ext"]),
    page=st.sampled_from(["", "_01", "_2"]),
    tail=st.sampled_from(["", "?a=b", "#p=1", "?div=-1#x"]),
)
def test_any_trs_address(
    host: str,
    path: list[str],
    day: date,
    number: int,
    scheme: str,
    slashes: str,
    ext: str,
    page: str,
    tail: str,
) -> None:
    folder = "/".join([*path, f"{day:%Y%m}"])
    plain = f"t{day:%Y%m%d}_{number}"
    address = address_of(f"{scheme}//{host}{slashes}{folder}/{plain}{ext}{page}.shtml{tail}")
    assert address.kind is Kind.TRS
    assert address.canonical == f"https://{host}/{folder}/{plain}.shtml"
    assert (address.id, address.date) == (f"trs:{day:%Y%m%d}:{number}", day)
    assert address_of(address.canonical).canonical == address.canonical


@given(
    host=_hosts,
    day=_days,
    number=st.integers(0, 999_999_999),
    channel=st.sampled_from(["", "05zjnews/"]),
)
def test_any_old_address(host: str, day: date, number: int, channel: str) -> None:
    address = address_of(f"http://{host}/{channel}system/{day:%Y/%m/%d}/{number:09d}.shtml")
    assert (address.kind, address.id, address.date) == (
        Kind.SYSTEM,
        f"system:{day:%Y%m%d}:{number:09d}",
        day,
    )
    assert address.kind in ARTICLE_KINDS


# --- The first page of an article -------------------------------------------------------------

OLD = "http://jx.zjol.com.cn/system/2015/06/30/020717765"


@pytest.mark.parametrize(
    ("url", "first"),
    [
        (f"{OLD}_01.shtml", f"{OLD}.shtml"),
        (f"{OLD}_12.shtml", f"{OLD}.shtml"),
        (TRS.replace(".shtml", "_1.shtml"), TRS),
        (TRS.replace(".shtml", "_ext_1.shtml"), TRS.replace(".shtml", "_ext.shtml")),
        (TRS.replace(".shtml", "_2.html"), TRS.replace(".shtml", ".html")),
        (f"{OLD}_01.shtml#p=1", f"{OLD}.shtml"),
        (f"{OLD}_01.shtml?a=b", f"{OLD}.shtml?a=b"),
        (f"{OLD}_01.shtml?a=b#c", f"{OLD}.shtml?a=b"),
        (
            f"//{ZJ}//zjnews/202609/t20260924_31929789_1.shtml",
            f"https://{ZJ}//zjnews/202609/t20260924_31929789.shtml",
        ),
    ],
)
def test_the_first_page_of_a_later_one(url: str, first: str) -> None:
    assert address_of(url).first_page == first


@pytest.mark.parametrize(
    "url",
    [
        TRS,
        TRS.replace("https:", "http:"),
        TRS.replace(".shtml", "_ext.shtml"),
        f"{TRS}?from=t20260924_31929789_1.shtml",
        f"https://{ZJ}/201603/t20160301_749.shtml",
        f"{OLD}.shtml",
        "http://qjwb.zjol.com.cn/html/2013-04/11/content_2087686.htm?div=-1",
        "https://zj.zjol.com.cn/news.html?id=993408",
    ],
)
def test_a_first_page_is_its_own(url: str) -> None:
    assert address_of(url).first_page == url


def test_the_first_page_has_no_fragment() -> None:
    assert address_of(f"{OLD}.shtml#p=1").first_page == f"{OLD}.shtml"


def test_a_query_that_names_a_page_stays_as_it_is() -> None:
    query = "?from=t20260924_31929789_1.shtml"
    assert address_of(TRS.replace(".shtml", "_1.shtml") + query).first_page == TRS + query


@given(
    stem=st.sampled_from([TRS.removesuffix(".shtml"), OLD]),
    ext=st.sampled_from(["", "_ext"]),
    page=st.integers(1, 99),
    width=st.integers(1, 3),
    tail=st.sampled_from(["", "?a=b", "#p=1", "?div=-1#x"]),
)
def test_all_pages_of_an_article_are_one_article(
    stem: str, ext: str, page: int, width: int, tail: str
) -> None:
    later = address_of(f"{stem}{ext}_{page:0{width}d}.shtml{tail}")
    first = address_of(later.first_page)
    assert later.page == page + 1
    assert first.page == 1
    assert (first.id, first.canonical) == (later.id, later.canonical)


# --- As browsers join -------------------------------------------------------------------------

BASE = f"https://{ZJ}/zjnews/202609/index.shtml"


@pytest.mark.parametrize(
    ("url", "joined"),
    [
        ("t.shtml", f"https://{ZJ}/zjnews/202609/t.shtml"),
        ("..\\202608\\t.shtml", f"https://{ZJ}/zjnews/202608/t.shtml"),
        ("\\t.shtml", f"https://{ZJ}/t.shtml"),
        ("\\\\img.zjol.com.cn\\a.jpg", "https://img.zjol.com.cn/a.jpg"),
        ("///img.zjol.com.cn/a.jpg", "https://img.zjol.com.cn/a.jpg"),
        ("http:\\\\img.zjol.com.cn\\a.jpg", "http://img.zjol.com.cn/a.jpg"),
        ("http:img.zjol.com.cn/a.jpg", "http://img.zjol.com.cn/a.jpg"),
        ("https:t.shtml", f"https://{ZJ}/zjnews/202609/t.shtml"),
        ("https:/t.shtml", f"https://{ZJ}/t.shtml"),
        ("\x01\x1f t.\nsh\r\ttml \x00", f"https://{ZJ}/zjnews/202609/t.shtml"),
        ("t.shtml?a=b\\c#d\\e", f"https://{ZJ}/zjnews/202609/t.shtml?a=b\\c#d\\e"),
        ("a\x1bb.shtml", f"https://{ZJ}/zjnews/202609/a%1Bb.shtml"),
        ("a\ud800.shtml", f"https://{ZJ}/zjnews/202609/a\ufffd.shtml"),
        (f"HTTPS://me:secret@{ZJ.upper()}:443/t.shtml", f"https://{ZJ}/t.shtml"),
        (f"http://{ZJ}:443/t.shtml", f"http://{ZJ}:443/t.shtml"),
        ("http://[::1]:80/a", "http://[::1]/a"),
        ("javascript:void(0)", "javascript:void(0)"),
        ("http://[::1", None),
        ("//[::1/a", None),
        (f"//{ZJ}:a/", None),
        (f"//{ZJ}:99999999/", None),
        ("http://", None),
        ("/\\", None),
        ("https:///?a=b", None),
        ("http://a b/", None),
        ("//x:[::1]y@]zjol.com.cn/", None),
        (f"//a@[::1]@evil.org[{ZJ}/", None),
    ],
)
def test_addresses_are_joined_as_browsers_join(url: str, joined: str | None) -> None:
    assert join(BASE, url) == joined


@given(st.text(), st.one_of(st.none(), st.text(), st.just(BASE)))
def test_no_join_raises_and_a_second_one_changes_nothing(url: str, base: str | None) -> None:
    joined = join(base, url)
    if joined is not None and joined.startswith(("http://", "https://")):
        assert join(None, joined) == joined
        joined.encode()


@pytest.mark.parametrize("port", ["22", "8080", "81", "0", "80"])
def test_another_port_than_that_of_the_scheme_is_not_the_site(port: str) -> None:
    url = f"https://{ZJ}:{port}/zjnews/202609/t20260924_31929789.shtml"
    assert not is_on_site(url)
    assert not may_hold_images(f"http://img.zjolcdn.com:2{port}/a.jpg")


def test_an_address_of_more_than_two_thousand_characters_is_unknown_and_not_kept() -> None:
    before = _read.cache_info().currsize
    for n in range(50):
        url = f"https://{ZJ}/zjnews/202609/t20260924_31929789.shtml?{n}" + "a" * 4_000_000
        assert address_of(url).kind is address_of(url[-4_000_000:], BASE).kind is Kind.UNKNOWN
    assert _read.cache_info().currsize == before


@pytest.mark.parametrize("form", ["<a href='{}'>", "<base href='{}'><a href=x>", "<img src='{}'>"])
def test_very_long_addresses_do_not_stay_in_memory(form: str) -> None:
    root, fetched = "https://zjnews.zjol.com.cn/", datetime.now(UTC)
    join(root, "a")
    tracemalloc.start()
    try:
        for number in range(20):
            url = f"{root}{number}{'a' * 150_000}"
            page = read_page(f"{root}{number}/", form.format(url).encode(), "text/html", fetched)
            read_list(page)
            assert page.base == page.url
            assert join(page.base, url) is None
            assert not address_of(url).on_site
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 4_000_000
