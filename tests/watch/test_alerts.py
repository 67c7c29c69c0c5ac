"""alerts.toml: which articles match, and what is wrong with a file in one line."""

from pathlib import Path

import pytest
from scrapy.exceptions import UsageError

from zjnews.watch.alerts import Alert, Folded, read_alerts
from zjnews.watch.notices import Target

DESK = [Target("json://127.0.0.1/x", "address 1 of NOTIFY (json)")]


def alert(folder: Path, text: str) -> Alert:
    file = folder / "alerts.toml"
    file.write_text(f"[[alert]]\n{text}\n", "utf-8")
    [found] = read_alerts(str(file), DESK)
    return found


RECORD = {
    "title": "台风“梅花”登陆，AI 预报",
    "text": "渡口的早班船停了。\n\nThe ferry said nothing.",
    "authors": ["张三"],
    "images": [{"url": "https://x/a.jpg", "caption": "渡船"}],
}


@pytest.mark.parametrize(
    ("text", "is_wanted"),
    [
        ('name = "a"\nany = ["暴雨", "台风"]', True),
        ('name = "a"\nany = ["暴雨"]', False),
        ('name = "a"\nall = ["台风", "早班船"]', True),
        ('name = "a"\nall = ["台风", "暴雨"]', False),
        ('name = "a"\nany = ["台风"]\nnone = ["早班船"]', False),
        ('name = "a"\nany = ["台风"]\nall = ["暴雨"]', False),
        ('name = "a"\nany = ["早班船"]\nfields = ["title"]', False),
        ('name = "a"\nany = ["张三"]\nfields = ["authors"]', True),
        ('name = "a"\nany = ["渡船"]\nfields = ["images"]', True),
        ('name = "a"\nany = "ai"', True),  # whole, in whatever letters
        ('name = "a"\nany = ["AID", "ai d", "FERR"]', False),
        ('name = "a"\nany = ["ＦＥＲＲＹ"]', True),
    ],
)
def test_words(tmp_path: Path, text: str, is_wanted: bool) -> None:
    assert alert(tmp_path, text).matches(Folded(RECORD)) is is_wanted


def test_channels_have_all_their_names(tmp_path: Path) -> None:
    found = alert(tmp_path, 'name = "a"\nany = ["x"]\nchannels = ["zjxc", "zjrb"]')
    assert found.lists == {"zjxc", "zjrb"}
    by_address = 'name = "a"\nany = ["x"]\nchannels = ["https://zjnews.zjol.com.cn/zjxc/"]'
    assert "zjxc" in alert(tmp_path, by_address).lists


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "name is missing"),
        ('name = "a"', "give words"),
        ('name = "a"\nwords = ["x"]', "no 'words'; accepted: name, any"),
        ('name = "a"\nany = [1]', "any is no list of texts"),
        ('name = "a"\nany = [""]', "any is no list of texts"),
        ('name = "a"\nany = ["x"]\nfields = ["headline"]', "the record has no 'headline'"),
        ('name = "a"\nany = ["x"]\nchannels = ["nosuch"]', "no channel 'nosuch'"),
        ('name = "a"\nany = ["x"]\nnotify = ["nosuch://geheim"]', "address 1 of alert a (nosuch)"),
        ('name = "a"\nany = ["x"]\n[[alert]]\nname = "a"\nany = ["x"]', "two alerts are named 'a'"),
        ("name = ", "cannot be read: Invalid value"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        alert(tmp_path, text)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "geheim" not in str(raised.value)


def test_somebody_must_be_told(tmp_path: Path) -> None:
    file = tmp_path / "alerts.toml"
    file.write_text('[[alert]]\nname = "a"\nany = ["x"]\n', "utf-8")
    with pytest.raises(UsageError, match="alert 1: nobody to tell"):
        read_alerts(str(file), [])
