"""A checker that accepts everything proves nothing: what it must refuse, and where."""

import random

import pytest

from tests.independent import checker
from tests.independent.checker import Refused, check_log, check_older, check_receipt_of, load
from tests.independent.logs import Party, Witness, varied_leaves

BUNDLE, LEAVES, NODES = "tile/entries/001.p/12", "tile/0/001.p/12", "tile/1/000.p/1"


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """A log of 268 leaves in two steps with an old partial tile, cosigned by two witnesses."""
    folder = tmp_path_factory.mktemp("log")
    alice = Party()
    written = alice.create(folder)
    heads = []
    for count in (259, 8):
        written.append_many([b"leaf %d" % i * (i % 4) for i in range(count)])
        heads.append(written.checkpoint_note().encode())
    witnesses = [Witness("witness.example/ed25519", 0x04), Witness("witness.example/ml", 0x06)]
    written.add_cosignatures([w.line(written.checkpoint_note()) for w in witnesses])
    receipt = written.receipt(42).encode()
    written.close()
    trust = checker.trust_keys(alice.vkeys, [w.vkey for w in witnesses])
    site = load(folder)
    read = check_log(site, trust)
    check_receipt_of(read, receipt, trust)
    assert check_older(read, site, alice.trust, heads[0]).size == 260
    assert {BUNDLE, LEAVES, NODES, "tile/0/001.p/4", "tile/entries/001.p/4"} < set(site)
    return site, trust, read, heads[0], receipt


def refusal(site, trust):
    """The message with which a log is refused."""
    with pytest.raises(Refused) as raised:
        check_log(site, trust)
    return str(raised.value)


def flipped(content, at, bit):
    return content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]


def check_flips(log, step):
    """Every ``step``-th byte of every file with one bit changed; receipts and heads too."""
    site, trust, read, older, receipt = log
    draws = random.Random(3)
    count = 0
    for name, content in site.items():
        for at in range(draws.randrange(step), len(content), step):
            message = refusal(site | {name: flipped(content, at, draws.randrange(8))}, trust)
            # A file's own name, except where a leaf changes: its bundle's tile tells first.
            wanted = (name, "leaf 0", "tile/0/") if "entries" in name else (name,)
            assert message.startswith(wanted), (name, at, message)
            count += 1
    for at in range(draws.randrange(step), len(receipt), step):
        with pytest.raises(Refused):
            check_receipt_of(read, flipped(receipt, at, draws.randrange(8)), trust)
    alone = checker.Trust(trust.logs)
    for at in range(draws.randrange(step), len(older), step):
        with pytest.raises(Refused):
            check_older(read, site, alone, flipped(older, at, draws.randrange(8)))
    return count


def test_flip__every_40th_byte__refused_where_it_is(log):
    assert check_flips(log, 40) > 500


@pytest.mark.slow
def test_flip__every_byte__refused_where_it_is(log):
    assert check_flips(log, 1) == sum(map(len, log[0].values()))


def test_files__each_dropped__refused_unless_of_an_older_size(log):
    site, trust, read, older, _ = log
    for name in site:
        rest = {n: c for n, c in site.items() if n != name}
        if name.endswith(".p/4"):
            assert check_log(rest, trust).head == read.head
            with pytest.raises(Refused, match="missing, of an older size"):
                check_older(read, rest, checker.Trust(trust.logs), older)
        else:
            assert refusal(rest, trust) == f"{name}: missing"


def test_files__each_truncated_emptied_or_longer__refused(log):
    site, trust, *_ = log
    for name, content in site.items():
        for changed in (b"", content[:-1], content[: len(content) // 2], content[1:],
                        content + b"\0", content + content):  # fmt: skip
            assert refusal(site | {name: changed}, trust).startswith((name, "tile/0/", "leaf 0"))


def test_files__added__refused(log):
    site, trust, *_ = log
    for name in ("tile/0/002", "tile/0/001", "tile/0/001.p/13", "tile/0/001.p/0", "tile/2/000.p/1",
                 "tile/entries/001.p/012", "tile/0/x000/001.p/3", "tile/00/001.p/4", "tile/readme",
                 "tile/entries/002.p/1", "tile/0/000.p/256", "tile/1/000.p/2"):  # fmt: skip
        assert refusal(site | {name: site[LEAVES]}, trust).startswith(f"{name}: not prescribed")
    prefix = site["tile/0/000"][:64]
    check_log(site | {"tile/0/000.p/2": prefix}, trust)
    assert "no prefix" in refusal(site | {"tile/0/000.p/2": prefix[:-1] + b"?"}, trust)


def test_files__exchanged__refused(log):
    site, trust, *_ = log
    for one in site:
        for other in site:
            if site[one] != site[other]:
                changed = site | {one: site[other], other: site[one]}
                assert refusal(changed, trust)


def entries_of(site, name):
    return checker.parse_bundle(site[name], int(name.rpartition("/")[2]), name)


def bundle(entries):
    return b"".join(len(e).to_bytes(2, "big") + e for e in entries)


def test_entries__swapped_added_removed_or_cut_elsewhere__refused(log):
    site, trust, *_ = log
    entries = entries_of(site, BUNDLE)
    swapped = [*entries[:3], entries[4], entries[3], *entries[5:]]
    merged = [*entries[:2], entries[2] + entries[3], b"", *entries[4:]]
    for changed in (swapped, merged, [*entries, b"one more"], entries[:-1], entries[1:]):
        assert changed != entries
        assert refusal(site | {BUNDLE: bundle(changed)}, trust)


def rebuilt(leaves, checkpoint):
    """All that a log of ``leaves`` would serve, below a checkpoint as given."""
    hashes = [checker.sha256(b"\0", leaf) for leaf in leaves]
    site = {"checkpoint": checkpoint}
    for kind, span, index, width in checker.tiles(len(leaves)):
        first = 256 * index
        site[checker.tile_path(kind, index, width)] = (
            bundle(leaves[first : first + width])
            if kind == "entries"
            else b"".join(
                checker.mth(hashes, i * span, (i + 1) * span) for i in range(first, first + width)
            )
        )
    return site


def test_rebuilt__leaf_changed_and_all_tiles_repaired__the_checkpoint_contradicts(log):
    site, trust, read, *_ = log
    assert rebuilt(read.leaves, site["checkpoint"]).items() <= site.items()
    for at in (1, 100, 255, 256, 267):
        leaves = [*read.leaves[:at], read.leaves[at] + b"?", *read.leaves[at + 1 :]]
        message = refusal(rebuilt(leaves, site["checkpoint"]), trust)
        assert message == "checkpoint: not the root of the entries"
    leaves = [read.leaves[0].replace(b"alice", b"mallo"), *read.leaves[1:]]
    assert refusal(rebuilt(leaves, site["checkpoint"]), trust) == "leaf 0: not the genesis"


def test_signed_again__by_another_key__refused(tmp_path, log):
    site, trust, *_ = log
    mallory = Party("mallory")
    mallory.write(tmp_path, [varied_leaves(10)])
    forged = load(tmp_path)
    check_log(forged, mallory.trust)
    assert refusal(forged, trust).startswith("checkpoint: not signed by the log's key 0x01, 0x06")
    assert refusal(site | {"checkpoint": forged["checkpoint"]}, trust)
    mixed = checker.Trust((trust.logs[0], mallory.trust.logs[1]))
    assert refusal(site, mixed) == "checkpoint: not signed by the log's key 0x06"


def test_signed_again__another_origin_with_the_same_keys__refused(tmp_path):
    alice, other = Party(), Party(origin="quorate.example/other")
    other.write(tmp_path, [[b"one"]])
    check_log(load(tmp_path), other.trust)
    assert "which is not the trusted log" in refusal(load(tmp_path), alice.trust)


def test_signed_again__by_the_log_itself__caught_by_witnesses_and_the_older_checkpoint(tmp_path):
    """A fork and a rollback are whole logs, correctly signed: only who remembers can tell."""
    alice, witness = Party(), Witness("witness.example/w", 0x06)
    heads = alice.write(tmp_path / "true", [[b"one"], [b"two"], [b"three"]])
    alice.write(tmp_path / "fork", [[b"one"], [b"2"], [b"three"], [b"four"]])
    alice.write(tmp_path / "back", [[b"one"], [b"two"]])
    demanding = checker.trust_keys(alice.vkeys, [witness.vkey])
    for name, message in (("fork", "a fork: another root"), ("back", "4 leaves, now only 3")):
        site = load(tmp_path / name)
        read = check_log(site, alice.trust)
        assert refusal(site, demanding) == "checkpoint: 0 witnesses are no quorum"
        with pytest.raises(Refused, match=message):
            check_older(read, site, alice.trust, heads[-1])


def test_signatures__each_stripped_repeated_or_moved_to_another_name(log):
    site, trust, read, *_ = log
    text, _, below = site["checkpoint"].decode().partition("\n\n")
    lines = below.splitlines()
    assert len(lines) == 4

    def with_lines(lines):
        return site | {"checkpoint": "\n".join([text, "", *lines, ""]).encode()}

    for i, line in enumerate(lines):
        without = [*lines[:i], *lines[i + 1 :]]
        assert refusal(with_lines(without), trust)
        assert check_log(with_lines([*lines, line]), trust).head.root == read.head.root
        renamed = line.replace(line.split(" ")[1], "stranger.example/x")
        assert refusal(with_lines([*without, renamed]), trust)
        assert check_log(with_lines([*lines, renamed]), trust).head.root == read.head.root
        damaged = line[:-8] + ("AAAA" if line[-8:-4] != "AAAA" else "BBBB") + line[-4:]
        assert "bad 0x0" in refusal(with_lines([*lines, damaged]), trust)
    assert refusal(with_lines([]), trust)


def test_signatures__twelve_strangers_among_ours__ignored(log):
    site, trust, *_ = log
    strangers = [Witness(f"stranger.example/{i}", 0x04) for i in range(12)]
    note = site["checkpoint"].decode()
    top, empty, lines = note.partition("\n\n")
    added = "".join(f"{w.line(note)}\n" for w in strangers)
    check_log(site | {"checkpoint": (top + empty + added + lines).encode()}, trust)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n268\n", "\n0268\n"),
        ("\n268\n", "\n+268\n"),
        ("\n268\n", "\n267\n"),
        ("\n268\n", "\n268 \n"),
        ("\n268\n", "\r\n268\n"),
        ("\n268\n", "\n\n268\n"),
        ("=\n\n", "=\nextension\n\n"),
        ("=\n\n", "=\n\n\n"),
        ("=\n\n", "=\n"),
        ("=\n\n", "\n\n"),
        ("— quorate", "- quorate"),
        ("— quorate", "—  quorate"),
        ("— quorate", " — quorate"),
        ("— quorate", "— +quorate"),
    ],
)
def test_note__one_place_in_another_spelling__refused(log, old, new):
    site, trust, *_ = log
    note = site["checkpoint"].decode()
    assert old in note
    assert refusal(site | {"checkpoint": note.replace(old, new, 1).encode()}, trust)


def test_receipt__other_index_proof_or_spelling__refused(log):
    _, trust, read, _, receipt = log
    lines = receipt.decode().split("\n")
    assert lines[1] == "index 42"
    for changed in (
        ["c2sp.org/tlog-proof@v2", *lines[1:]],
        [lines[0], "index 43", *lines[2:]],
        [lines[0], "index 042", *lines[2:]],
        [lines[0], "index -1", *lines[2:]],
        [lines[0], *lines[2:]],
        [*lines[:2], *lines[3:]],
        [*lines[:2], lines[2], *lines[2:]],
        [*lines[:2], lines[3], lines[2], *lines[4:]],
        [*lines[:2], "", *lines[2:]],
        [lines[0], "extra ?", *lines[1:]],
        [lines[0], lines[1], "extra AAAA", *lines[2:]],
    ):
        with pytest.raises(Refused):
            check_receipt_of(read, "\n".join(changed).encode(), trust)
    check_receipt_of(read, "\n".join([lines[0], "extra AAAA", *lines[1:]]).encode(), trust)
