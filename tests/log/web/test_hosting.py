"""A server bounds what strangers send and take, tells them nothing of itself, and stops cleanly."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import time

import pytest
import urllib3
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from quorate.core.errors import (
    DamagedError,
    InputError,
    UnavailableError,
    UsageError,
    VerificationError,
)
from quorate.log.web.connection import Limits
from quorate.log.web.hosting import Address, Server, hosted

SMALL = Limits(body=1000, head=2000, connections=3, spare=1, read_seconds=1.0, answer_seconds=1.5)
SECRET = "/home-of-the-key"  # what no stranger may read


async def echo(request: Request) -> Response:
    return PlainTextResponse(await request.body())


def fail(request: Request) -> Response:
    raise {
        "input": InputError(f"could not read {SECRET}"),
        "proof": VerificationError("no", place=SECRET),
        "gone": UnavailableError(f"could not open {SECRET}"),
        "state": DamagedError(f"could not read {SECRET}"),
        "bug": RuntimeError(SECRET),
    }[request.path_params["kind"]]


async def flood(_: Request) -> Response:
    async def parts():
        for _ in range(2000):
            yield bytes(65_536)

    return StreamingResponse(parts())


async def half(_: Request) -> Response:
    async def parts():
        yield b"half"
        raise RuntimeError(SECRET)

    return StreamingResponse(parts())


async def hold(_: Request) -> Response:
    await asyncio.sleep(1.5)
    return PlainTextResponse("held")


ROUTES = [
    Route("/hold", hold),
    Route("/echo", echo, methods=["POST"]),
    Route("/fail/{kind}", fail),
    Route("/flood", flood),
    Route("/half", half),
]


@pytest.fixture
def reports():
    return []


@pytest.fixture
def server(reports):
    with hosted(ROUTES, limits=SMALL, report=reports.append) as address:
        yield address


@pytest.fixture
def client():
    with urllib3.PoolManager(retries=False, timeout=5) as pool:
        yield pool


def connect(server: Address) -> socket.socket:
    return socket.create_connection((server.host, server.port), timeout=10)


def read_all(line: socket.socket) -> bytes:
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := line.recv(65_536):
            data += chunk
    return data


def test_request__within_limits__answered_without_a_name_of_the_server(server, client):
    for _ in range(3):
        answer = client.request("POST", f"{server.url}/echo", body=b"x" * 1000)
        assert (answer.status, answer.data) == (200, b"x" * 1000)
    assert "server" not in answer.headers


def test_body__too_large_by_its_own_word__413(server, client):
    answer = client.request("POST", f"{server.url}/echo", body=b"x" * 1001)
    assert answer.status == 413
    assert b"1000 bytes" in answer.data


def test_body__too_large_in_chunks__413(server, client):
    parts = (b"x" * 400 for _ in range(20))
    answer = client.request("POST", f"{server.url}/echo", body=parts, chunked=True)
    assert answer.status == 413


def test_body__never_ends__408(server):
    with connect(server) as line:
        line.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        assert read_all(line).startswith(b"HTTP/1.1 408 ")


def test_head__too_large__refused(server, client):
    answer = client.request("GET", f"{server.url}/fail/bug", headers={"a": "x" * 2100})
    assert answer.status in (400, 431)
    with connect(server) as line:
        line.sendall(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 1000)  # and no end of it
        assert read_all(line).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\n"])
def test_head__never_ends__line_cut(server, sent):
    with connect(server) as line:
        line.sendall(sent)
        assert read_all(line) == b""


def test_head__trickled_after_an_answer__line_cut(server):
    with connect(server) as line:
        line.sendall(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
        assert line.recv(65_536).startswith(b"HTTP/1.1 404 ")
        started = time.monotonic()
        with pytest.raises(OSError):  # the reset
            while time.monotonic() - started < 5:
                line.sendall(b"G")
                time.sleep(0.1)


def test_answer__never_taken__line_cut(server):
    with connect(server) as line:
        line.sendall(b"GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(2.4)
        assert len(read_all(line)) < 2000 * 65_536


GET = b"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def test_connections__too_many_idle__the_longest_idle_go_for_who_asks(server):
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(connect(server)) for _ in range(5)]
        assert read_all(lines[0]) == b""  # the fifth needed a place
        lines[4].sendall(GET)
        assert read_all(lines[4]).startswith(b"HTTP/1.1 404 ")
        assert read_all(lines[1]) == b""  # who asks needs no spare one
        lines[2].sendall(GET)
        assert read_all(lines[2]).startswith(b"HTTP/1.1 404 ")


def test_connections__hundreds_idle__who_asks_is_answered_at_once(server):
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(connect(server))
        line = stack.enter_context(connect(server))
        started = time.monotonic()
        line.sendall(GET)
        assert read_all(line).startswith(b"HTTP/1.1 404 ")
        assert time.monotonic() - started < 0.5


def test_connections__all_at_work__spare_place_for_the_favoured_alone():
    limits = Limits(connections=3, spare=2)
    with (
        hosted(ROUTES, limits=limits, favour=lambda scope: scope["path"] == "/echo") as server,
        contextlib.ExitStack() as stack,
    ):
        for _ in range(3):
            busy = stack.enter_context(connect(server))
            busy.sendall(b"GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.2)
        stranger = stack.enter_context(connect(server))
        stranger.sendall(GET)
        answer = read_all(stranger)
        assert answer.startswith(b"HTTP/1.1 503 ") and b"retry-after: 1" in answer
        holder = stack.enter_context(connect(server))
        holder.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
        answer = holder.recv(1000)
        while not answer.endswith(b"hi"):
            answer += holder.recv(1000)
        idle = [stack.enter_context(connect(server)) for _ in range(3)]
        idle[-1].sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nho")
        assert idle[-1].recv(1000).startswith(b"HTTP/1.1 200 ")
        assert read_all(idle[0]) == b""
        holder.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
        assert holder.recv(1000).startswith(b"HTTP/1.1 200 ")  # kept though it was idle longer


STALLING = Limits(read_seconds=20, answer_seconds=20, stall_seconds=0.6)


def test_answer__not_taken_at_all__line_cut_long_before_the_time_for_answers():
    with hosted(ROUTES, limits=STALLING) as server, connect(server) as line:
        line.sendall(b"GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(1.5)
        assert len(read_all(line)) < 2000 * 65_536


def test_answer__taken_slowly__goes_on():
    with hosted(ROUTES, limits=STALLING) as server, connect(server) as line:
        line.sendall(b"GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
        for _ in range(20):
            time.sleep(0.1)
            taken = 0
            while taken < 3_000_000:
                got = len(line.recv(65_536))
                assert got, "cut"
                taken += got


@pytest.mark.parametrize("path", [b"/nowhere", b"/echo", b"/flood"])
@pytest.mark.parametrize("sent", [b"zz\r\n", b"1\r\naXX", b"2\r\nab\r\n-1\r\n"])
@pytest.mark.parametrize("pause", [0.0, 0.05])
def test_body__of_broken_chunks__no_report(server, reports, path, sent, pause):
    with connect(server) as line:
        line.sendall(b"POST %b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" % path)
        time.sleep(pause)
        line.sendall(sent)
        with contextlib.suppress(ConnectionResetError):
            assert line.recv(65_536).startswith(b"HTTP/1.1 4")
    time.sleep(0.05)
    assert reports == []


def test_bytes__no_http__400(server):
    with connect(server) as line:
        line.sendall(b"\x16\x03\x01\x02\x00 hello\r\n\r\n")
        assert read_all(line).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("kind", "status"),
    [("input", 400), ("proof", 422), ("gone", 503), ("state", 500), ("bug", 500)],
)
def test_failure__each_kind__status_and_nothing_internal(server, client, reports, kind, status):
    answer = client.request("GET", f"{server.url}/fail/{kind}")
    assert answer.status == status
    assert SECRET.encode() not in answer.data
    assert answer.data.count(b"\n") == 1
    assert len(reports) == (status >= 500)
    assert all(f"GET /fail/{kind}: " in each and SECRET in each for each in reports)


def test_failure__half_way_through_an_answer__line_cut_and_reported(server, client, reports):
    with pytest.raises(urllib3.exceptions.ProtocolError):
        client.request("GET", f"{server.url}/half")
    assert "RuntimeError" in reports[0]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/", 404), ("GET", "/echo", 405)])
def test_request__of_nothing_here__refused(server, client, method, path, status):
    assert client.request(method, f"{server.url}{path}").status == status


def test_client__leaves_in_the_middle__no_report(server, client, reports):
    with connect(server) as line:
        line.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
    assert client.request("POST", f"{server.url}/echo", body=b"next").data == b"next"
    assert reports == []


def test_server__address_in_use__said(server):
    with pytest.raises(UnavailableError) as caught:
        Server(ROUTES, server)
    assert caught.value.message == f"could not listen on {server}: Address already in use"


def test_server__no_such_host__said():
    with pytest.raises(UnavailableError, match=r"could not listen on nowhere\.invalid:0: [A-Z]"):
        Server(ROUTES, Address("nowhere.invalid", 0))


@pytest.mark.parametrize(
    ("text", "host", "port"), [("127.0.0.1:80", "127.0.0.1", 80), ("[::1]:0", "::1", 0)]
)
def test_address__good__both_ways(text, host, port):
    address = Address.parse(text)
    assert (address, str(address), address.url) == (Address(host, port), text, f"http://{text}")


@pytest.mark.parametrize("text", ["", "80", ":80", "a:", "a:b", "a:65536", "a:-1", "::1:80", "a:٣"])
def test_address__bad__refused(text):
    with pytest.raises(UsageError, match="could not read an address"):
        Address.parse(text)


SLOW = """
import asyncio
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from quorate.log.web.hosting import Address, Server

async def slow(request):
    await asyncio.sleep(0.5)
    return PlainTextResponse("done")

server = Server([Route("/", slow)], Address("127.0.0.1", 0))
server.run(lambda address: print(address.url, flush=True))
print("stopped")
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_run__signal_during_a_request__answered_then_ended(how):
    command = [sys.executable, "-c", SLOW]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        url = process.stdout.readline().decode().strip().removeprefix("http://")
        host, port = url.split(":")
        with connect(Address(host, int(port))) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            time.sleep(0.2)
            process.send_signal(how)
            assert read_all(line).endswith(b"done")
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, b"stopped\n", b"")
