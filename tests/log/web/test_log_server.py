"""A served log: what caches are told, what is not there, who may write, and what he is answered."""

import contextlib
import gzip
import json
import os
import random
import socket
import struct
import time

import pytest
import urllib3

from quorate.core.errors import InputError, KeyFileError, UnavailableError, VerificationError
from quorate.core.filesystem import SystemFiles
from quorate.core.sources import SeededRandomness, SteppedClock
from quorate.log.appender import Appender
from quorate.log.folder import FolderReader
from quorate.log.fsck import check_log
from quorate.log.storage import MAX_TILE_SIZE
from quorate.log.tiles import tiles_of
from quorate.log.verify import verify_receipt
from quorate.log.web.hosting import hosted
from quorate.log.web.log_server import BATCH_TYPE, LOG_LIMITS, AppendKey, log_routes
from quorate.log.web.url_reader import UrlReader
from tests.log.parties import IDENTITY, create_log, leaf


class CountingFiles(SystemFiles):
    """The system's files, and how much of them is read and open."""

    def __init__(self):
        self.read_bytes = 0
        self.opened = set()

    def open(self, path, flags, mode=0o644):
        descriptor = super().open(path, flags, mode)
        self.opened.add(descriptor)
        return descriptor

    def read(self, descriptor, size):
        data = super().read(descriptor, size)
        self.read_bytes += len(data)
        return data

    def close(self, descriptor):
        self.opened.discard(descriptor)
        super().close(descriptor)


TOKEN = "k" * 43
KEY = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def log(folder):
    with create_log(folder, 299) as log:
        yield log


@pytest.fixture
def appender(log):
    with Appender(log, interval=0.001, waiting=200_000) as appender:
        yield appender


@pytest.fixture
def reports():
    return []


@pytest.fixture
def site(folder, appender, reports):
    routes = log_routes(
        FolderReader(folder), appender=appender, key=AppendKey.of(TOKEN), report=reports.append
    )
    with hosted(routes, limits=LOG_LIMITS, report=reports.append) as address:
        yield address.url


@pytest.fixture
def client():
    with urllib3.PoolManager(retries=False, timeout=10) as pool:
        yield pool


def framed(*records):
    return b"".join(struct.pack(">H", len(each)) + each for each in records)


# -- reading


def test_read__every_object__its_bytes_and_cache_rules(site, client, folder):
    for path in ("checkpoint", *(tile.path for tile in tiles_of(300))):
        answer = client.request("GET", f"{site}/{path}")
        assert (answer.status, answer.data) == (200, (folder / path).read_bytes())
        assert answer.headers["x-content-type-options"] == "nosniff"
        rule, kind = answer.headers["cache-control"], answer.headers["content-type"]
        if path == "checkpoint":
            assert (rule, kind) == ("no-cache", "text/plain; charset=utf-8")
        else:
            assert rule.endswith("immutable") and kind == "application/octet-stream"
            assert ("31536000" in rule) == (".p/" not in path)


def test_read__head__no_body(site, client, folder):
    answer = client.request("HEAD", f"{site}/tile/entries/000")
    length = (folder / "tile/entries/000").stat().st_size
    assert (answer.status, answer.data) == (200, b"")
    assert answer.headers["content-length"] == str(length)


ACCEPTED = ["gzip", "br, gzip;q=0.5"]


@pytest.mark.parametrize(
    ("accepts", "packed"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("br", False),
        ("xgzip", False),
    ],
)
def test_read__entries_where_gzip_is_accepted__packed(site, client, folder, accepts, packed):
    answer = client.request(
        "GET",
        f"{site}/tile/entries/000",
        headers={"accept-encoding": accepts},
        decode_content=False,
    )
    assert (answer.headers.get("content-encoding") == "gzip") == packed
    assert answer.headers["vary"] == "accept-encoding"
    data = gzip.decompress(answer.data) if packed else answer.data
    assert data == (folder / "tile/entries/000").read_bytes()


def test_read__beyond_the_checkpoint__not_there_until_it_is(site, client, folder, appender):
    early = folder / "tile" / "entries" / "001.p" / "45"
    early.write_bytes(b"not committed")
    answer = client.request("GET", f"{site}/tile/entries/001.p/45")
    assert (answer.status, answer.headers["cache-control"]) == (404, "no-store")
    appender.append_now(b"committed")
    answer = client.request("GET", f"{site}/tile/entries/001.p/45")
    assert (answer.status, answer.data) == (200, early.read_bytes())


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/.lock",
        "/tile/",
        "/tile/0/0",
        "/tile/00/000",
        "/tile/entries/000.p/256",
        "/tile/../checkpoint",
        "/tile/..%2f..%2fcheckpoint",
        "/tile/%2e%2e/.lock",
        "//etc/passwd",
        "/tile//etc/passwd",
        "/tile/0/000%00",
        "/tile/0/" + "x000/" * 2000 + "000",
        "/tile/0/" + "9" * 3000,
    ],
)
def test_read__no_path_of_a_log__not_there(site, path):
    with urllib3.HTTPConnectionPool(site.removeprefix("http://")) as pool:
        answer = pool.request("GET", path, retries=False)
    assert answer.status in (404, 400)
    assert b"passwd" not in answer.data


def test_read__damaged_folder__operator_told_and_stranger_not(site, client, folder, reports):
    (folder / "tile/0/000").unlink()
    answer = client.request("GET", f"{site}/tile/0/000")
    assert answer.status == 404 and str(folder).encode() not in answer.data
    assert len(reports) == 1 and "tile/0/000" in reports[0]


@pytest.fixture
def bundle(appender, folder):
    """The path of a bundle of 16 MB that gzip cannot shorten."""
    dice = random.Random("bundle")
    for _ in range(6):
        appender.append_many([dice.randbytes(65_535) for _ in range(60)])
    assert (folder / "tile/entries/001").stat().st_size > 13_000_000
    return "tile/entries/001"


def test_read__large_object__whole_in_every_form(site, client, folder, bundle):
    data = (folder / bundle).read_bytes()
    plain = client.request("GET", f"{site}/{bundle}")
    assert plain.data == data and plain.headers["content-length"] == str(len(data))
    packed = client.request("GET", f"{site}/{bundle}", headers={"accept-encoding": "gzip"})
    assert packed.data == data and packed.headers["content-encoding"] == "gzip"
    head = client.request("HEAD", f"{site}/{bundle}")
    assert (head.data, head.headers["content-length"]) == (b"", str(len(data)))


def test_read__large_object_not_taken__is_not_read_and_not_held(folder, bundle, reports):
    disk = CountingFiles()
    with hosted(log_routes(FolderReader(folder, disk=disk)), report=reports.append) as address:
        lines = []
        for _ in range(8):
            lines.append(socket.socket())
            lines[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            lines[-1].connect((address.host, address.port))
            lines[-1].sendall(b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % bundle.encode())
        time.sleep(0.5)
        assert 0 < disk.read_bytes < 8 * 1_000_000
        for line in lines:
            line.close()
        for _ in range(100):
            time.sleep(0.02)
            if not disk.opened:
                break
        assert (disk.opened, reports) == (set(), [])


def test_read__large_object_gets_shorter_meanwhile__line_cut_and_operator_told(
    site, folder, bundle, reports
):
    host, _, port = site.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        line.sendall(b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % bundle.encode())
        line.recv(100)
        os.truncate(folder / bundle, 5_000_000)
        taken = 0
        with contextlib.suppress(ConnectionResetError):
            while got := len(line.recv(65_536)):
                taken += got
    assert taken < 13_000_000 and "became shorter" in reports[0]


# -- writing


def test_append__one_record__durable_and_in_the_tree_with_receipt(site, client, folder):
    answer = client.request("POST", f"{site}/append?receipt=1", body=b"a record", headers=KEY)
    value = json.loads(answer.data)
    assert (answer.status, value["index"]) == (200, 300)
    verify_receipt(value["receipt"], b"a record", IDENTITY)
    assert check_log(folder, IDENTITY).size == 301
    answer = client.request("POST", f"{site}/append", body=b"", headers=KEY)
    assert json.loads(answer.data) == {"index": 301}


def test_append__a_batch__in_a_row(site, client, log):
    records = [b"", b"x" * 65_535, b"y"]
    answer = client.request(
        "POST", f"{site}/append", body=framed(*records), headers=KEY | {"content-type": BATCH_TYPE}
    )
    assert json.loads(answer.data) == {"count": 3, "index": 300}
    assert list(log.entries(300)) == records


@pytest.mark.parametrize("body", [b"", b"\0", b"\0\1", framed(b"a") + b"\0"], ids=repr)
def test_append__broken_batch__nothing_taken(site, client, log, body):
    answer = client.request(
        "POST", f"{site}/append", body=body, headers=KEY | {"content-type": BATCH_TYPE}
    )
    assert (answer.status, log.size) == (400, 300)


@pytest.mark.parametrize("path", ["append", "proof?index=1"])
@pytest.mark.parametrize(
    "shown",
    [None, "", "Bearer", "Bearer " + "k" * 42, f"Basic {TOKEN}", f"Bearer {TOKEN}k", "Bearer ä"],
)
def test_key__not_shown__401(site, client, log, path, shown):
    headers = {} if shown is None else {"authorization": shown.encode("latin-1")}
    method = "POST" if path == "append" else "GET"
    answer = client.request(method, f"{site}/{path}", headers=headers)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert log.size == 300


def test_append__too_long__413(site, client, log):
    for body in (b"x" * 65_536, b"x" * (LOG_LIMITS.body + 1)):
        answer = client.request("POST", f"{site}/append", body=body, headers=KEY)
        assert (answer.status, log.size) == (413, 300)


def test_append__too_many_waiting__503_and_when_to_try_again(site, client, log, appender):
    with appender.between_commits():
        tickets = [appender.submit(b"x" * 60_000) for _ in range(3)]
        batch = KEY | {"content-type": BATCH_TYPE}
        for headers, body in ((KEY, b"y" * 60_000), (batch, framed(b"y" * 60_000))):
            answer = client.request("POST", f"{site}/append", body=body, headers=headers)
            assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert [ticket.result().index for ticket in tickets] == [300, 301, 302]
    assert log.size == 303


def test_append__log_cannot_write_any_more__503_and_operator_told(site, client, log, reports):
    log.close()
    answer = client.request("POST", f"{site}/append", body=b"a", headers=KEY)
    assert answer.status == 503 and reports


def test_proof__of_any_record__verifies(site, client):
    for index in (1, 255, 299):
        answer = client.request("GET", f"{site}/proof?index={index}", headers=KEY)
        verify_receipt(answer.data.decode(), leaf(index), IDENTITY)


@pytest.mark.parametrize(
    ("query", "status"), [("index=300", 404), ("", 400), ("index=-1", 400), ("index=01", 400)]
)
def test_proof__of_no_record__refused(site, client, query, status):
    assert client.request("GET", f"{site}/proof?{query}", headers=KEY).status == status


def test_routes__without_a_key__nobody_writes(folder, log, client):
    with hosted(log_routes(FolderReader(folder))) as address:
        assert client.request("POST", f"{address.url}/append", headers=KEY).status == 404
        assert client.request("GET", f"{address.url}/proof?index=1", headers=KEY).status == 404
        assert client.request("POST", f"{address.url}/checkpoint").status == 405


# -- the key's file


def test_append_key__created__loads_and_opens_nothing_else(tmp_path):
    path = tmp_path / "append.key"
    key = AppendKey.create(path, SeededRandomness("key"))
    assert AppendKey.load(path) == key and path.stat().st_mode & 0o777 == 0o600
    assert key != AppendKey.of(TOKEN)


@pytest.mark.parametrize(
    "content", [b"", b"short\n", b"\xff" * 50, b"a" * 43 + b"\nb", b"a b" * 20]
)
def test_append_key__weak_or_malformed__refused(tmp_path, content):
    path = tmp_path / "append.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match=r"append\.key"):
        AppendKey.load(path)


def test_append_key__others_can_read_it__refused(tmp_path):
    path = tmp_path / "append.key"
    AppendKey.create(path, SeededRandomness("key"))
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        AppendKey.load(path)


# -- a reader at the other end


@pytest.fixture
def reader(site):
    with UrlReader(site, clock=SteppedClock()) as reader:
        yield reader


def test_url_reader__every_object__as_the_folder_has_it(reader, folder):
    for path in ("checkpoint", *(tile.path for tile in tiles_of(300))):
        assert reader.read(path, MAX_TILE_SIZE) == (folder / path).read_bytes()


@pytest.mark.parametrize("jobs", [1, 2])
def test_check_log__by_address__whole_and_unlisted(reader, folder, jobs):
    report = check_log(reader, IDENTITY, jobs=jobs)
    assert (report.size, report.listed) == (300, False)


def test_url_reader__partial_tile_outgrown__cut_from_the_whole(reader, folder, appender):
    paths = [tile.path for tile in tiles_of(300)]
    before = {path: reader.read(path, MAX_TILE_SIZE) for path in paths}
    appender.append_many([b"more"] * 300)
    assert not (folder / "tile/entries/001.p/44").exists()
    assert {path: reader.read(path, MAX_TILE_SIZE) for path in paths} == before


def test_url_reader__nothing_there_or_too_long__input_error(reader):
    with pytest.raises(InputError, match="no such object"):
        reader.read("tile/0/777", 1000)
    with pytest.raises(InputError, match="larger than 100 bytes"):
        reader.read("tile/0/000", 100)


def test_url_reader__nobody_listens__unavailable():
    nobody = UrlReader("http://127.0.0.1:9", clock=SteppedClock())
    with nobody, pytest.raises(UnavailableError, match="could not reach"):
        nobody.read("checkpoint", 1000)


@pytest.mark.slow
def test_check_log__long_log_by_address_and_two_processes__as_in_the_folder(tmp_path):
    with create_log(tmp_path / "log", 5 * 16_384) as log:
        log.append(b"last")
    alone = check_log(tmp_path / "log", IDENTITY)
    with hosted(log_routes(FolderReader(tmp_path / "log"))) as address:
        with UrlReader(address.url) as reader:
            found = check_log(reader, IDENTITY, jobs=2)
            assert (found.size, found.root) == (alone.size, alone.root)
        path = tmp_path / "log" / "tile/entries/200"
        path.write_bytes(path.read_bytes()[:-1] + b"\0")
        with UrlReader(address.url) as reader, pytest.raises(VerificationError) as caught:
            check_log(reader, IDENTITY, jobs=2)
    assert caught.value.place == "tile/entries/200"
