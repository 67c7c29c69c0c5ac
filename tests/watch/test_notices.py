"""Sending: by a process of its own, which may hang or die without harm."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.receivers import PASSWORD, TOKEN, webhook
from zjnews.state import State
from zjnews.watch import notices
from zjnews.watch.notices import Notice, Notices, Sender, targets_of
from zjnews.watch.sending import service_of


@pytest.fixture
def sender() -> Iterator[Sender]:
    sender = Sender()
    yield sender
    sender.close()


def notice(address: str, text: str = "正文") -> Notice:
    [target] = targets_of(address, "NOTIFY")
    return Notice(1, target, "标题", text)


def test_addresses_are_parted_by_white_space_or_commas() -> None:
    given = "json://a.example/x,y ,\n mailto://u:p@b.example?to=c@d.example,e@f.example  xml://g.example"
    names = [target.name for target in targets_of(given, "NOTIFY")]
    assert names == [
        f"address {n} of NOTIFY ({s})" for n, s in enumerate(("json", "mailto", "xml"), 1)
    ]
    assert [target.name for target in targets_of(given.split("\n"), "NOTIFY")] == names
    assert targets_of("", "NOTIFY") == []


@pytest.mark.parametrize(
    ("address", "how"),
    [
        ("json://a.example", "split"),
        ("json://a.example/?x=1", "split"),
        ("json://a.example/?overflow=truncate", "truncate"),
    ],
)
def test_a_long_text_becomes_several_messages(address: str, how: str) -> None:
    [service] = service_of(address)
    assert service.overflow_mode == how


def test_what_is_refused_does_not_hold_up_the_next(sender: Sender) -> None:
    with webhook() as hook:
        hook.status = 413
        assert sender.send(notice(hook.address)) == "it answers 413"
        hook.status = 200
        assert sender.send(notice(hook.address)) == ""


def test_a_target_does_not_show_its_address() -> None:
    [target] = targets_of(f"json://u:{PASSWORD}@a.example/{TOKEN}", "NOTIFY")
    assert PASSWORD not in repr(target)
    assert TOKEN not in repr(target)


def test_one_that_never_answers_is_given_up_and_the_next_is_told(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent, webhook() as hook:
        address = f"json://127.0.0.1:{silent.getsockname()[1]}/?rto=600"
        monkeypatch.setattr(notices, "_MOST_SECONDS", 5)
        assert sender.send(notice(address)) == "no answer, or none in 5 seconds"
        monkeypatch.setattr(notices, "_MOST_SECONDS", 600)
        assert sender.send(notice(hook.address)) == ""
        assert hook.texts == ["正文"]
        assert sender.send(notice(address)) == "no answer, or none in 5 seconds"
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):  # it was not asked again
            silent.accept()


def test_an_address_gets_only_so_many_in_one_run(sender: Sender) -> None:
    with webhook() as hook:
        said = [sender.send(notice(hook.address, str(number))) for number in range(12)]
        assert said == [""] * 10 + ["10 are enough for one run"] * 2
        assert hook.texts == [str(number) for number in range(10)]


def test_what_waits_for_a_week_is_dropped(state_address: str) -> None:
    [target] = targets_of("json://a.example", "NOTIFY")
    with closing(State(state_address)) as state:
        waiting = Notices(state.db, [target])
        waiting.put(target, "old", "text", 1_000)
        waiting.put(target, "new", "text", 700_000)
        assert [found.title for found in waiting.waiting(605_800)] == ["old", "new"]
        assert Notices(state.db, []).waiting(605_800) == []
        assert [found.title for found in waiting.waiting(605_801)] == ["new"]
