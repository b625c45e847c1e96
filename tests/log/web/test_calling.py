"""A call ends in time whatever the server does, reads no more than it may, and asks nobody else."""

import contextlib
import gzip
import socket
import threading
import time
import tracemalloc

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from quorate.core.errors import InputError, UnavailableError
from quorate.log.web.calling import HttpCaller, Reply, SpoiledError, TooLongError
from quorate.log.web.hosting import hosted
from quorate.log.web.url_reader import UrlReader


async def echo(request: Request) -> Response:
    body = await request.body()
    port = str(request.client.port) if request.client else ""
    kind = request.headers["content-type"]
    return PlainTextResponse(body or port, 201 if body else 200, {"content-type": kind or "a/b"})


async def port_of(request: Request) -> Response:
    return PlainTextResponse(str(request.client.port))


async def elsewhere(_: Request) -> Response:
    return RedirectResponse("/port", 302)


ROUTES = [
    Route("/a/echo", echo, methods=["POST"]),
    Route("/port", port_of),
    Route("/elsewhere", elsewhere),
]


@contextlib.contextmanager
def answering(*parts: bytes, pause: float = 0.05):
    """A server that sends ``parts`` with pauses to everyone who connects, whatever is asked."""
    ended = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while not ended.is_set():
            line, _ = listener.accept()
            with line, contextlib.suppress(OSError):
                line.recv(65_536)
                for part in parts:
                    line.sendall(part)
                    if ended.wait(pause):
                        break

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        with contextlib.suppress(OSError):
            socket.create_connection(listener.getsockname(), timeout=1).close()
        thread.join()
        listener.close()


def test_post__status_type_and_body_returned():
    with hosted(ROUTES) as address, HttpCaller(f"{address.url}/a/") as caller:
        reply = caller.post("/echo", b"hello", "Text/X.thing; charset=a", limit=5)
        assert reply == Reply(201, "text/x.thing", b"hello")


def test_get__again_and_again__one_connection():
    with hosted(ROUTES) as address, HttpCaller(address.url) as caller:
        assert len({caller.get("/port", limit=10).body for _ in range(5)}) == 1


def test_get__after_the_server_was_restarted__a_new_connection():
    with hosted(ROUTES) as address:
        caller = HttpCaller(address.url)
        caller.get("/port", limit=10)
    with pytest.raises(UnavailableError, match="Connection refused"):
        caller.get("/port", limit=10)
    with hosted(ROUTES, address=address), caller:
        assert caller.get("/port", limit=10).status == 200


def test_get__redirect__not_followed():
    with hosted(ROUTES) as address, HttpCaller(address.url) as caller:
        assert caller.get("/elsewhere", limit=100).status == 302


def test_get__longer_than_the_limit__refused_and_usable_again():
    with hosted(ROUTES) as address, HttpCaller(f"{address.url}/a") as caller:
        with pytest.raises(UnavailableError, match="longer than 4 bytes"):
            caller.post("/echo", b"hello", "a/b", limit=4)
        assert caller.post("/echo", b"hell", "a/b", limit=4).body == b"hell"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        [b""],
        [b"H", b"T", *[b"T"] * 100],
        [HEAD, *[b"x"] * 100],
        [HEAD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), *[b"x"] * 100],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 100],
        [b"HTTP/1.1 200 OK\r\n", *[b"a: b\r\n"] * 90],
    ],
)
def test_get__trickled_answer__ends_in_time(parts):
    pause = 0.05 if len(parts) > 1 else 5
    with answering(*parts, pause=pause) as url, HttpCaller(url, seconds=0.5) as caller:
        started = time.monotonic()
        with pytest.raises(UnavailableError, match="could not reach"):
            caller.get("/", limit=2000)
        assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "answer",
    [
        b"\x00\xff\x00",
        b"HTTP/1.1 two OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000 + b"\r\n\r\n",
    ],
)
def test_get__no_http__one_error_of_ours(answer):
    with (
        answering(answer) as url,
        HttpCaller(url, seconds=2) as caller,
        pytest.raises(UnavailableError, match="could not reach"),
    ):
        caller.get("/", limit=2000)


@pytest.mark.parametrize(
    "url",
    ["", "a", "ftp://a", "http://", "http://u:p@a", "http://a?b", "http://a#b", "http://ä", "//a"],
)
def test_url__other_form__refused(url):
    with pytest.raises(InputError, match="as a server's address"):
        HttpCaller(url)


# -- gzip


def packed(data: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (
        len(data),
        data,
    )


def test_get__gzip_asked_for__unpacked_up_to_the_limit():
    data = gzip.compress(b"x" * 1000)
    with answering(packed(data)) as url:
        with HttpCaller(url) as caller:
            assert caller.get("/", limit=1000, gzip=True).body == b"x" * 1000
        with HttpCaller(url) as caller, pytest.raises(TooLongError, match="longer than 999 bytes"):
            caller.get("/", limit=999, gzip=True)


def test_get__gigabytes_in_a_few_bytes__never_unpacked():
    bomb = gzip.compress(gzip.compress(bytes(2**28), 9), 9)
    bomb = gzip.decompress(bomb)  # 256 KiB that stand for 256 MiB
    with answering(packed(bomb)) as url, HttpCaller(url) as caller:
        tracemalloc.start()
        with pytest.raises(TooLongError):
            caller.get("/", limit=2**20, gzip=True)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 2**23


@pytest.mark.parametrize(
    "data",
    [b"", b"no gzip", gzip.compress(b"x" * 99)[:-3], gzip.compress(b"x") + b"more"],
    ids=["nothing", "other", "torn", "more"],
)
def test_get__broken_gzip__spoiled_and_damage_to_a_reader(data):
    with answering(packed(data)) as url:
        with HttpCaller(url) as caller, pytest.raises(SpoiledError, match="not the gzip it says"):
            caller.get("/", limit=1000, gzip=True)
        with UrlReader(url) as reader, pytest.raises(InputError, match="checkpoint: it is not the"):
            reader.read("checkpoint", 1000)


def test_get__gzip_cut_where_nothing_says_how_long_it_is__only_away():
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
    with (
        answering(head + gzip.compress(b"x" * 99)[:-3]) as url,
        HttpCaller(url) as caller,
        pytest.raises(UnavailableError, match="could not reach"),
    ):
        caller.get("/", limit=1000, gzip=True)
