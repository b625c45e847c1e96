"""The test vectors of verifier keys and trust policies, and of notes under one policy."""

from collections.abc import Iterator

from log_vectors import (  # beside this file
    BOB,
    BOB_NAME,
    CAROL,
    CAROL_NAME,
    DAVE,
    LOG_KEYS,
    MALLORY,
    ORIGIN,
    SIZE,
    WITNESS_KEYS,
    Kit,
    Vector,
    flipped,
    vector_of,
)

from quorate.core.encoding import encode_base64
from quorate.core.keys import Ed25519Signer
from quorate.log.note import ED25519_COSIGNATURE, ED25519_NOTE, Note, NoteKey, SignatureLine

DAVE_NAME = "quorate.example/dave/witness"
PLAIN, QUANTUM = LOG_KEYS
BOB_KEY, BOB_QUANTUM, CAROL_KEY = WITNESS_KEYS
DAVE_KEY = NoteKey(DAVE_NAME, ED25519_COSIGNATURE, DAVE.witness_signer.public_key)
HEAD = "".join(
    f"{line}\n"
    for line in (
        f"log {PLAIN.vkey}",
        f"witness bob {BOB_KEY.vkey}",
        f"witness carol {CAROL_KEY.vkey}",
        f"witness dave {DAVE_KEY.vkey}",
    )
)
NESTED = f"""# Both of the log's keys; bob with either type, and one of the others.
log {PLAIN.vkey} https://log.example/
log {QUANTUM.vkey}

witness bob-ed {BOB_KEY.vkey}
\twitness\tbob-pq  {BOB_QUANTUM.vkey} https://bob.example/\x20
witness carol {CAROL_KEY.vkey}
witness dave {DAVE_KEY.vkey}
group bob any bob-ed bob-pq
group others 1 carol dave
group all all bob others
quorum all
"""


def policy_vectors(kit: Kit) -> Iterator[Vector]:
    """Every file."""
    yield from _keys()
    yield from _policies()
    yield from _notes(kit)


def _keys() -> Iterator[Vector]:
    text = PLAIN.vkey
    name, key_id, key = text.split("+", 2)
    unknown = encode_base64(b"\x05" + PLAIN.key.raw)
    cut = encode_base64(b"\x01" + PLAIN.key.raw[:-1])
    good = {
        "valid-ed25519": PLAIN,
        "valid-ml-dsa-44": QUANTUM,
        "valid-ed25519-cosignature": BOB_KEY,
        "valid-ml-dsa-44-cosignature": BOB_QUANTUM,
    }
    bad = {
        "another-key-id": f"{name}+00000000+{key}",
        "another-name": f"{name}x+{key_id}+{key}",
        "another-type": f"{name}+{key_id}+{encode_base64(bytes([4]) + PLAIN.key.raw)}",
        "unknown-type": f"{name}+{key_id}+{unknown}",
        "key-id-in-capitals": f"{name}+{key_id.upper()}+{key}",
        "key-id-of-three-bytes": f"{name}+{key_id[:6]}+{key}",
        "key-cut": f"{name}+{key_id}+{cut}",
        "key-missing": f"{name}+{key_id}+",
        "key-unpadded": QUANTUM.vkey.rstrip("="),
        "name-missing": f"+{key_id}+{key}",
        "space-in-name": f"a b+{key_id}+{key}",
        "newline": f"{text}\n",
    }
    for file, value in good.items():
        yield vector_of("vkey", ".vkey", file, value.vkey, None)
    for file, spelled in bad.items():
        yield vector_of("vkey", ".vkey", file, spelled, "form")


def _someone(number: int, kind: int = ED25519_COSIGNATURE) -> str:
    key = Ed25519Signer(number.to_bytes(32, "big")).public_key
    return NoteKey(f"key{number}.example", kind, key).vkey


ALIAS = NoteKey("alias.example", ED25519_NOTE, PLAIN.key).vkey
BAD_POLICIES = {
    "empty": "",
    "no-quorum": HEAD,
    "quorum-twice": f"{HEAD}quorum bob\nquorum bob\n",
    "quorum-without-name": f"{HEAD}quorum\n",
    "quorum-of-two-names": f"{HEAD}quorum bob carol\n",
    "quorum-undefined": f"{HEAD}quorum erin\n",
    "quorum-before-its-definition": f"quorum bob\n{HEAD}",
    "last-newline-missing": f"{HEAD}quorum bob",
    "carriage-return": f"{HEAD}quorum bob\r\n",
    "form-feed": f"{HEAD}\fquorum bob\n",
    "delete-in-a-comment": f"{HEAD}# \x7f\nquorum bob\n",
    "no-break-space": f"{HEAD}quorum\u00a0bob\n",
    "unknown-line": f"{HEAD}anchor bob\nquorum bob\n",
    "capital": f"{HEAD}Quorum bob\n",
    "comment-behind-words": f"{HEAD}quorum bob # so\n",
    "log-without-key": f"{HEAD}log\nquorum bob\n",
    "log-with-a-third-word": f"{HEAD}log {_someone(1, ED25519_NOTE)} url more\nquorum bob\n",
    "log-of-a-cosigners-type": f"{HEAD}log {_someone(1)}\nquorum bob\n",
    "log-twice": f"{HEAD}log {PLAIN.vkey}\nquorum bob\n",
    "log-key-under-another-name": f"{HEAD}log {ALIAS}\nquorum bob\n",
    "witness-without-key": f"{HEAD}witness erin\nquorum bob\n",
    "witness-with-a-fourth-word": f"{HEAD}witness erin {_someone(1)} url more\nquorum bob\n",
    "witness-of-a-logs-type": f"{HEAD}witness erin {_someone(1, ED25519_NOTE)}\nquorum bob\n",
    "witness-key-twice": f"{HEAD}witness erin {BOB_KEY.vkey}\nquorum bob\n",
    "witness-name-twice": f"{HEAD}witness bob {_someone(1)}\nquorum bob\n",
    "witness-called-none": f"witness none {_someone(1)}\nquorum none\n",
    "witness-with-a-logs-key": f"{NESTED}witness self "
    f"{NoteKey('other.example', 4, PLAIN.key).vkey}\n",
    "group-without-members": f"{HEAD}group g any\nquorum bob\n",
    "group-of-0": f"{HEAD}group g 0 bob\nquorum bob\n",
    "group-of-more-than-its-members": f"{HEAD}group g 3 bob carol\nquorum bob\n",
    "group-with-leading-zero": f"{HEAD}group g 01 bob\nquorum bob\n",
    "group-with-plus": f"{HEAD}group g +1 bob\nquorum bob\n",
    "group-of-other-digits": f"{HEAD}group g \u0661 bob\nquorum bob\n",
    "group-with-member-none": f"{HEAD}group g any none\nquorum bob\n",
    "group-called-none": f"{HEAD}group none any bob\nquorum bob\n",
    "group-called-like-a-witness": f"{HEAD}group bob any carol\nquorum bob\n",
    "group-name-twice": f"{HEAD}group g any bob\ngroup g any carol\nquorum bob\n",
    "group-in-itself": f"{HEAD}group g any g\nquorum bob\n",
    "groups-in-a-circle": f"{HEAD}group g any h\ngroup h any g\nquorum bob\n",
    "group-before-its-witness": f"group g any bob\n{HEAD}quorum bob\n",
    "member-twice-in-a-group": f"{HEAD}group g 2 bob bob\nquorum g\n",
    "member-of-two-groups": f"{HEAD}group g any bob\ngroup h any bob carol\nquorum h\n",
}


def _policies() -> Iterator[Vector]:
    many = "".join(f"log {_someone(i, ED25519_NOTE)}\n" for i in range(1, 33))
    many += "".join(f"witness w{i} {_someone(i + 100)}\n" for i in range(32)) + "group g0 any w0\n"
    many += "".join(f"group g{i} all g{i - 1} w{i}\n" for i in range(1, 32)) + "quorum g31\n"
    good = {
        "nested": NESTED,
        "quorum-none": "quorum none\n",
        "quorum-of-one-witness": f"{HEAD}quorum bob\n",
        "lines-behind-the-quorum": f"{HEAD}quorum bob\ngroup g any carol\n# the end\n",
        "32-of-each": many,
        "words-of-the-format-as-names": f"witness all {_someone(1)}\nwitness 7 {_someone(2)}\n"
        "group any all all 7\nquorum any\n",
    }
    for file, value in good.items():
        yield vector_of("policy", ".policy", f"valid-{file}", value, None)
    opaque = f"# \xff\nwitness w\xfe {BOB_KEY.vkey}\nquorum w\xfe\n".encode("latin-1")
    yield vector_of("policy", ".policy", "valid-octets-that-are-no-utf8", opaque, None)
    for file, value in BAD_POLICIES.items():
        yield vector_of("policy", ".policy", file, value, "form")


def _notes(kit: Kit) -> Iterator[Vector]:
    """Notes under ``policy/valid-nested.policy``."""
    head = kit.head(SIZE)
    ed25519, ml_dsa = head.signatures
    bob, bob_pq = (kit.line(signer, BOB_NAME) for signer in BOB.witness_signers)
    carol = kit.line(CAROL.witness_signer, CAROL_NAME)
    dave = kit.line(DAVE.witness_signer, DAVE_NAME)

    def of(*lines: SignatureLine) -> Note:
        return Note(head.text, lines)

    forged = kit.head(SIZE, owner=MALLORY).signatures
    cases: dict[str | None, dict[str, object]] = {
        None: {
            "valid-bob-and-carol": of(ed25519, ml_dsa, bob, carol),
            "valid-bob-and-dave": of(ed25519, ml_dsa, bob, dave),
            "valid-bob-with-ml-dsa-44": of(ed25519, ml_dsa, bob_pq, carol),
            "valid-everybody": of(ed25519, ml_dsa, bob, bob_pq, carol, dave),
        },
        "note.form": {"extension-line": str(of(ed25519, ml_dsa, bob)).replace("=\n\n", "=\nx\n\n")},
        "policy.log": {"another-origin": kit.head(SIZE, owner=MALLORY, origin="m.example")},
        "note.log": {
            "ed25519-missing": of(ml_dsa, bob, carol),
            "ml-dsa-44-missing": of(ed25519, bob, carol),
            "another-key": of(*forged, bob, carol),
            "ml-dsa-44-one-bit": of(ed25519, flipped(ml_dsa), bob, carol),
        },
        "note.witnesses": {"dave-one-bit": of(ed25519, ml_dsa, bob, carol, flipped(dave))},
        "policy.quorum": {
            "nobody": of(ed25519, ml_dsa),
            "bob-twice": of(ed25519, ml_dsa, bob, bob_pq),
            "without-bob": of(ed25519, ml_dsa, carol, dave),
        },
    }
    assert head.text.startswith(ORIGIN)
    for step, files in cases.items():
        for name, value in files.items():
            yield vector_of("note-under-policy", ".note", name, value, step)
