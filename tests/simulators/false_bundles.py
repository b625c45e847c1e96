"""Forgeries of the bundle itself: members dropped, swapped, added; roots, receipts, openings.

The last part holds the free kinds: what one party can change without contradicting anybody.
"""

from dataclasses import replace

from quorate.core.encoding import canonical_bytes, encode_base64, parse_canonical
from quorate.core.hashing import Digest
from quorate.core.keyring import Keyring
from quorate.core.sealing import seal
from quorate.core.sources import SeededRandomness
from quorate.log.checkpoint import Checkpoint
from quorate.log.merkle import inclusion_proof, leaf_hash
from quorate.log.note import Note, SignatureLine
from quorate.log.receipt import Receipt
from quorate.provenance.bundle import FINAL_MODEL, INITIAL_MODEL, OPENINGS, ROOTS
from quorate.provenance.kinds import Manifest
from quorate.provenance.statement import sign_statement
from tests.simulators.false_claims import kept_note
from tests.simulators.forger import FOUNDER, TIME_NS, Forger, Json
from tests.simulators.forgery import Draw, InapplicableError, kind, pick


def some(forger: Forger, draw: Draw, prefix: str) -> str:
    """One member of the bundle by the beginning of its name."""
    return pick(draw, [name for name in sorted(forger.members) if name.startswith(prefix)])


@kind("statement left out", "somebody never said this; its record is still there")
def _statement(forger: Forger, draw: Draw) -> None:
    path = some(forger, draw, "statement/")
    del forger.members[path]
    receipt = path.replace("statement/", "receipt/").replace(".json", ".tlog-proof")
    del forger.members[receipt]


@kind("receipt left out", "somebody's record is not proven")
def _receipt(forger: Forger, draw: Draw) -> None:
    del forger.members[some(forger, draw, "receipt/")]


@kind("receipts swapped", "two records are proven by each other's receipts")
def _swapped(forger: Forger, draw: Draw) -> None:
    author = pick(draw, [n for n in forger.evidence.names() if len(forger.statements(n)) > 1])
    one, other = draw.sample(forger.statements(author), 2)
    paths = [f"receipt/{author}/{key}.tlog-proof" for key in (one, other)]
    forger.members[paths[0]], forger.members[paths[1]] = (
        forger.members[paths[1]],
        forger.members[paths[0]],
    )


@kind("statement twice", "one statement stands under two names")
def _twice(forger: Forger, draw: Draw) -> None:
    path = some(forger, draw, "statement/")
    receipt = path.replace("statement/", "receipt/").replace(".json", ".tlog-proof")
    forger.members[path.replace("-000", "-100")] = forger.members[path]
    forger.members[receipt.replace("-000", "-100")] = forger.members[receipt]


@kind("statement by another", "somebody else's statement says otherwise, signed by this party")
def _impostor(forger: Forger, draw: Draw) -> None:
    author = pick(draw, [n for n in forger.evidence.names() if n != forger.party])
    key = pick(draw, forger.statements(author))
    forger.restate(key, {"time": str(TIME_NS)}, author=author)


@kind("one signature of two", "a statement carries the classical signature alone")
def _downgrade(forger: Forger, draw: Draw) -> None:
    key = pick(draw, forger.statements())
    envelope = sign_statement(forger.statement(key), forger.keys.statement_signers[:1])
    forger.put_statement(key, envelope, forger.party)


@kind("manifest as statement", "a manifest stands among the statements")
def _manifest(forger: Forger, draw: Draw) -> None:
    key = pick(draw, forger.statements())
    claim = Manifest(forger.party, str(TIME_NS), "sealed", "nobody", [])
    forger.put_statement(key, forger.sign(claim.to_statement()), forger.party)


@kind("receipt without proof", "a receipt for a record that nobody made")
def _idle_receipt(forger: Forger, draw: Draw) -> None:
    path = some(forger, draw, "receipt/")
    forger.members[path.replace("-000", "-200").replace("-001", "-201")] = forger.members[path]


@kind("receipt with more", "a receipt carries bytes that nobody signed")
def _extra(forger: Forger, draw: Draw) -> None:
    path = some(forger, draw, "receipt/")
    receipt = Receipt.parse(forger.members[path].decode())
    forger.members[path] = str(replace(receipt, extra=draw.randbytes(20))).encode()


@kind("final model left out", "there is no final model")
def _no_model(forger: Forger, draw: Draw) -> None:
    del forger.members[draw.choice([FINAL_MODEL, INITIAL_MODEL])]


@kind("initial model", "training began from another model")
def _initial(forger: Forger, draw: Draw) -> None:
    data = bytearray(forger.members[INITIAL_MODEL])
    data[-draw.randrange(1, 32)] ^= 1 << draw.randrange(8)
    forger.members[INITIAL_MODEL] = bytes(data)


@kind("models swapped", "training led back to where it began")
def _models(forger: Forger, draw: Draw) -> None:
    first, last = forger.members[INITIAL_MODEL], forger.members[FINAL_MODEL]
    forger.members |= {INITIAL_MODEL: last, FINAL_MODEL: first}


@kind("update left out", "an update in a round's set was never handed over")
def _no_update(forger: Forger, draw: Draw) -> None:
    del forger.members[some(forger, draw, "update/")]
    forger.put_openings(forger.opening_texts())


@kind("updates swapped", "two participants contributed each other's updates")
def _updates(forger: Forger, draw: Draw) -> None:
    number = draw.choice(["0001", "0002"])
    paths = [name for name in sorted(forger.members) if name.startswith(f"update/{number}/")]
    one, other = draw.sample(paths, 2)
    forger.members |= {one: forger.members[other], other: forger.members[one]}
    forger.put_openings(forger.opening_texts())


@kind("update resealed", "the same update in another envelope")
def _resealed(forger: Forger, draw: Draw) -> None:
    path = pick(draw, sorted(forger.content_keys()))
    readers = [m.identity.sealing for m in forger.evidence.roots.members]
    forger.members[path] = seal(draw.randbytes(200), readers, SeededRandomness("reseal"))
    forger.put_openings(forger.opening_texts())


@kind("another content key", "an update opens with another key, to other bytes")
def _key(forger: Forger, draw: Draw) -> None:
    keys = {path: encode_base64(draw.randbytes(32)) for path in forger.members if "sealed" in path}
    del keys[OPENINGS]
    forger.put_openings(keys | forger.opening_texts() | {max(keys): encode_base64(bytes(32))})


@kind("openings of nothing", "the openings hold something else")
def _openings(forger: Forger, draw: Draw) -> None:
    paths = [name for name in forger.members if name.startswith("update/")]
    values: list[object] = [
        [],
        {},
        None,
        7,
        "keys",
        dict.fromkeys(paths, 7),
        dict.fromkeys(paths, "?"),
    ]
    values.append(dict.fromkeys(paths, "AAAA"))
    forger.put_openings(pick(draw, values))


@kind("openings for another", "the openings are sealed to somebody else than is said")
def _other_auditor(forger: Forger, draw: Draw) -> None:
    value = canonical_bytes({})
    forger.members[OPENINGS] = seal(
        value, [forger.keys.identity.sealing], SeededRandomness("other")
    )
    if draw.random() < 0.5:
        forger.members[OPENINGS] = forger.evidence.members[OPENINGS]
        forger.auditor = forger.keys.identity.sealing.keyid


@kind("sealed without openings", "the bundle is sealed and there is nothing to open")
def _unsealed(forger: Forger, draw: Draw) -> None:
    del forger.members[OPENINGS]


@kind("unknown form", "the bundle is of a form that nobody knows")
def _form(forger: Forger, draw: Draw) -> None:
    forger.form = draw.choice(["open", "Sealed", "", "public"])


@kind("public form", "the openings are withheld, as in a public bundle", decides=2)
def _public(forger: Forger, draw: Draw) -> None:
    del forger.members[OPENINGS]
    forger.form = "public"


@kind("log left out", "a member keeps no log")
def _no_log(forger: Forger, draw: Draw) -> None:
    name = pick(draw, forger.evidence.names())
    for path in [p for p in forger.members if p.split("/")[0] in ("log", "receipt", "statement")]:
        if path.split("/")[1] == name:
            del forger.members[path]


@kind("log of a stranger", "somebody who is no member keeps a log")
def _stranger(forger: Forger, draw: Draw) -> None:
    for part in ("entries", "checkpoint"):
        forger.members[f"log/stranger-{draw.randrange(9)}/{part}"] = forger.members[
            f"log/{forger.party}/{part}"
        ]


# Roots.


def edit_member(forger: Forger, draw: Draw, changes: Json) -> None:
    """Changes one member of the bundle's own roots."""
    index = draw.randrange(len(forger.evidence.roots.members))

    def edit(value: Json) -> None:
        value["members"][index] |= changes

    forger.edit_roots(edit)


@kind("identity replaced", "a member of the roots has other keys")
def _identity(forger: Forger, draw: Draw) -> None:
    index = draw.randrange(len(forger.evidence.roots.members))

    def edit(value: Json) -> None:
        name = value["members"][index]["identity"]["name"]
        fresh = Keyring(name, draw.randbytes(32)).identity.to_value()
        value["members"][index]["identity"] = fresh

    forger.edit_roots(edit)


@kind("roles in the roots", "a member has other roles")
def _roles(forger: Forger, draw: Draw) -> None:
    edit_member(forger, draw, {"roles": 8 + draw.randrange(8)})


@kind("controller in the roots", "somebody else controls a member")
def _controller(forger: Forger, draw: Draw) -> None:
    edit_member(forger, draw, {"controller": f"c{draw.randrange(99)}"})


@kind("member left out of the roots", "there are fewer members")
def _fewer(forger: Forger, draw: Draw) -> None:
    def edit(value: Json) -> None:
        name = value["members"].pop(draw.randrange(7))["identity"]["name"]
        value["hands"] = [[each for each in hand if each != name] for hand in value["hands"]]

    forger.edit_roots(edit)


@kind("operator in the roots", "this party operates the chain")
def _operator(forger: Forger, draw: Draw) -> None:
    if forger.party == FOUNDER:
        raise InapplicableError
    forger.edit_roots(lambda v: v["chain"].update(operator=str(forger.operator.public_key)))
    forger.execute(forger.plan())


@kind("genesis in the roots", "the chain began otherwise")
def _genesis(forger: Forger, draw: Draw) -> None:
    digest = str(Digest.of(draw.randbytes(4)))
    forger.edit_roots(lambda v: v["chain"].update(genesis=digest))


@kind("contracts in the roots", "two contracts lie at each other's addresses")
def _contracts(forger: Forger, draw: Draw) -> None:
    def edit(value: Json) -> None:
        found = value["chain"]["contracts"]
        one, other = draw.sample(sorted(found), 2)
        found[one], found[other] = found[other], found[one]

    forger.edit_roots(edit)


# Free: nothing here contradicts what another party signed.


@kind("packed again", "this party packed the bundle, at another time", free=True)
def _packed(forger: Forger, draw: Draw) -> None:
    del draw, forger


@kind("hands in the bundle", "the bundle's own roots group the members otherwise", free=True)
def _hands(forger: Forger, draw: Draw) -> None:
    del draw
    names = forger.evidence.names()
    forger.edit_roots(lambda value: value.update(hands=[[name] for name in names]))


@kind("openings sealed again", "the same content keys, sealed again by a validator", free=True)
def _sealed_again(forger: Forger, draw: Draw) -> None:
    del draw
    texts = forger.opening_texts()
    if len(texts) != sum(name.startswith("update/") for name in forger.members):
        raise InapplicableError
    forger.put_openings(texts)


@kind("cosigned at another time", "this party saw another's checkpoint at another time", free=True)
def _cosigned(forger: Forger, draw: Draw) -> None:
    name = pick(draw, [each for each in forger.evidence.names() if each != forger.party])
    note, leaves = forger.note(name), forger.leaves(name)
    line = forger.cosignature(Checkpoint.parse(note.text), TIME_NS // 10**9 + 7)
    kept = tuple(each for each in note.signatures if each.name != line.name)
    forger.put_log(name, leaves, Note(note.text, (*kept, line)))


@kind("unknown signature", "a checkpoint carries the line of a witness nobody knows", free=True)
def _line(forger: Forger, draw: Draw) -> None:
    name = pick(draw, forger.evidence.names())
    note = forger.note(name)
    line = SignatureLine("nobody.invalid/witness", draw.randbytes(4), draw.randbytes(72))
    forger.put_log(name, forger.leaves(name), Note(note.text, (*note.signatures, line)))


@kind("older receipt", "a record is proven under an older checkpoint of its log", free=True)
def _older(forger: Forger, draw: Draw) -> None:
    path = some(forger, draw, "receipt/")
    name = path.split("/")[1]
    index = Receipt.parse(forger.members[path].decode()).index
    leaves = forger.leaves(name)[: index + 1]
    proof = inclusion_proof([leaf_hash(leaf) for leaf in leaves], index)
    note = kept_note(forger.evidence, name, leaves)
    forger.members[path] = str(Receipt(index, tuple(proof), note)).encode()


__all__ = ["ROOTS", "parse_canonical"]
