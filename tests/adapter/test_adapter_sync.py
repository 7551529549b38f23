"""Sessions without await, where they meet threads."""

from __future__ import annotations

import threading

import pytest

from realtime_adapter import LocalProtocolError, RealtimeSession
from realtime_server import Answer, CloseWith, RealtimeServer, Script

KEY = "sk-only-for-tests"


def test_before_connect_and_after_close_every_call_says_so() -> None:
    session = RealtimeSession(api_key=KEY)
    session.close()
    for call in (lambda: session.send_text("x"), session.interrupt, session.receive_turn):
        with pytest.raises(LocalProtocolError, match=r"The session is closed\. Call connect"):
            call()


def test_it_can_connect_again_after_it_was_closed() -> None:
    with RealtimeServer() as server:
        session = RealtimeSession(api_key=KEY, url=server.url)
        for _ in range(2):
            with session:
                assert session.connected
                assert session.ask("hello").transcript
            assert not session.connected
        assert len(server.connections) == 2


def test_a_call_on_its_own_thread_is_refused_and_does_not_hang() -> None:
    told: list[BaseException] = []

    def listen(*_: object) -> None:
        if not told:
            try:
                session.send_text("from inside")
            except LocalProtocolError as refused:
                told.append(refused)

    with RealtimeServer() as server:
        session = RealtimeSession(api_key=KEY, url=server.url, on_frame=listen)
        with session:
            pass
    assert "on its own thread" in str(told[0])


def test_it_listens_while_the_caller_does_something_else() -> None:
    ended = threading.Event()

    def listen(_direction: str, kind: str, _payload: str, _code: int | None) -> None:
        if kind == "close":
            ended.set()

    script = Script(answers=[Answer(ending=CloseWith(1011, "trouble"), ending_after=1)])
    with (
        RealtimeServer(script=script) as server,
        RealtimeSession(api_key=KEY, url=server.url, on_frame=listen) as session,
    ):
        session.send_text("hello")
        assert ended.wait(10), "nobody took in the close while the caller waited"
        assert not session.connected


def test_what_is_said_of_it_shows_no_key() -> None:
    assert KEY not in repr(RealtimeSession(api_key=KEY))
