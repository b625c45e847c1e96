"""Forgeries of what a party itself said: its statements and its records, its log mended above."""

from typing import Any

from quorate.core.encoding import canonical_bytes, decode_hex, encode_base64, parse_canonical
from quorate.core.hashing import Digest
from quorate.core.sealing import open_with, seal
from quorate.core.sources import SeededRandomness
from quorate.learning.ballots import VOTE_PHASE, Ballot, Place, commit_to_update, sign_ballot
from quorate.learning.valuation import shapley
from quorate.log.checkpoint import Checkpoint, sign_checkpoint, sign_cosignature
from quorate.log.merkle import leaf_hash, root_of
from quorate.log.note import Note
from quorate.provenance.book import CHAIN_HEAD, DECISION, STATEMENT
from quorate.provenance.bundle import FINAL_MODEL
from tests.simulators.forger import TIME_NS, Evidence, Forger, Json, relink
from tests.simulators.forgery import Draw, InapplicableError, kind, pick

OTHER = str(Digest.of(b"something else"))


def own(forger: Forger, draw: Draw, prefix: str) -> str:
    """One of the party's own statements by the beginning of its key."""
    return pick(draw, [key for key in forger.statements() if key.startswith(prefix)])


def place_of(forger: Forger, vote: Json) -> Place:
    """Where the party commits in a round."""
    chain = forger.evidence.roots.chain
    account = forger.keys.account.address
    return Place(
        chain.chain_id, chain.contracts["Rounds"], decode_hex(vote["task"]), vote["round"], account
    )


def revote(forger: Forger, draw: Draw, changes: Any) -> None:
    """Changes a vote and mends its commitment, signature, record and log."""
    key = own(forger, draw, "vote-")
    vote = dict(forger.statement(key).predicate)
    vote |= changes(vote)
    place = place_of(forger, vote)
    aggregate = Digest.parse(vote["aggregate"])
    ballot = Ballot(vote["included"], aggregate.raw, tuple(vote["scores"]), vote["accept"])
    commitment = ballot.commit(place, decode_hex(vote["salt"]))
    included = vote["included"]
    signature = sign_ballot(place, VOTE_PHASE, included, commitment, forger.keys.account)
    vote |= {"commitment": commitment.hex(), "commitment_signature": signature.hex()}
    forger.restate(key, vote, aggregate)


@kind("vote scores", "the validator scored a participant otherwise, by other measurements")
def _scores(forger: Forger, draw: Draw) -> None:
    def changes(vote: Json) -> Json:
        utilities = [
            value + draw.randrange(1, 10**5) * i for i, value in enumerate(vote["utilities"])
        ]
        return {"utilities": utilities, "scores": list(shapley(utilities))}

    revote(forger, draw, changes)


@kind("vote score alone", "one score is higher than its measurements give")
def _score(forger: Forger, draw: Draw) -> None:
    revote(
        forger,
        draw,
        lambda v: {"scores": [v["scores"][0] + draw.randrange(1, 99), *v["scores"][1:]]},
    )


@kind("vote measurements", "other measurements gave the same scores")
def _measurements(forger: Forger, draw: Draw) -> None:
    shift = draw.randrange(1, 1000)
    revote(forger, draw, lambda v: {"utilities": [u - shift for u in v["utilities"]]})


@kind("vote aggregate", "the validator voted for another model")
def _aggregate(forger: Forger, draw: Draw) -> None:
    revote(forger, draw, lambda v: {"aggregate": str(Digest.of(draw.randbytes(8)))})


@kind("vote accept", "the validator voted the other way")
def _accept(forger: Forger, draw: Draw) -> None:
    revote(forger, draw, lambda v: {"accept": not v["accept"]})


@kind("vote loss", "the validator measured another loss and accuracy")
def _loss(forger: Forger, draw: Draw) -> None:
    revote(forger, draw, lambda v: {"loss": v["loss"] + 1 + draw.randrange(9), "accuracy": 10**6})


@kind("vote hold-out", "the validator measured on other rows")
def _holdout(forger: Forger, draw: Draw) -> None:
    revote(forger, draw, lambda v: {"holdout": OTHER})


@kind("vote included", "the vote was about another set")
def _included(forger: Forger, draw: Draw) -> None:
    revote(forger, draw, lambda v: {"included": v["included"] ^ 1 << draw.randrange(3)})


@kind("vote salt", "the vote hid behind another salt")
def _salt(forger: Forger, draw: Draw) -> None:
    revote(forger, draw, lambda v: {"salt": draw.randbytes(32).hex()})


@kind("update statement", "the update was made from another model")
def _base(forger: Forger, draw: Draw) -> None:
    forger.restate(own(forger, draw, "update-"), {"base": OTHER})


@kind("update other opening", "the participant contributed another update, sealed and stated anew")
def _update(forger: Forger, draw: Draw) -> None:
    key = own(forger, draw, "update-")
    claim = forger.statement(key).predicate
    path = f"update/{claim['round']:04d}/{forger.party}.sealed"
    opened = bytearray(open_with(forger.members[path], forger.content_keys()[path]))
    opened[-draw.randrange(1, 8)] ^= 1
    salt, update = bytes(opened[:32]), bytes(opened[32:])
    commitment = commit_to_update(place_of(forger, claim), Digest.of(update).raw, salt)
    readers = [forger.keys.identity.sealing]
    readers += [m.identity.sealing for m in forger.evidence.roots.members if m.roles & 4]
    forger.members[path] = seal(bytes(opened), readers, SeededRandomness(str(draw.random())))
    blob = Digest.of(forger.members[path])
    forger.restate(key, {"blob": str(blob), "commitment": commitment.hex()}, blob)
    forger.put_openings(forger.opening_texts())


@kind("data set rows", "the party registered another number of rows, hence another weight")
def _rows(forger: Forger, draw: Draw) -> None:
    key = own(forger, draw, "dataset-")
    rows = forger.statement(key).predicate["rows"]
    forger.restate(key, {"rows": rows + draw.randrange(1, 500)})


@kind("data set commitment", "the party registered other rows")
def _rows_committed(forger: Forger, draw: Draw) -> None:
    digest = Digest.of(draw.randbytes(8))
    forger.restate(own(forger, draw, "dataset-"), {"commitment": str(digest)}, digest)


@kind("data set licence", "the rows had another licence")
def _licence(forger: Forger, draw: Draw) -> None:
    forger.restate(own(forger, draw, "dataset-"), {"licence": f"L-{draw.randrange(99)}"})


@kind("second data set", "the party registered two data sets and takes the one it likes")
def _second(forger: Forger, draw: Draw) -> None:
    key = own(forger, draw, "dataset-")
    old = forger.statement(key)
    digest = Digest.of(draw.randbytes(8))
    forger.members[f"statement/{forger.party}/dataset-0000.json"] = forger.members[
        f"statement/{forger.party}/{key}.json"
    ]
    item = {"digest": OTHER, "type": old.kind, "name": "dataset-0000"}
    add_record(forger, STATEMENT, {"object": [item]})
    path = f"statement/{forger.party}/dataset-0000.json"
    forger.members[path] = forger.sign(old)
    leaves = forger.leaves()
    named = str(Digest.of(forger.members[path])).encode()
    leaves[-1] = leaves[-1].replace(OTHER.encode(), named)
    forger.write_log(leaves)
    del digest


@kind("task rule", "the members approved another rule")
def _rule(forger: Forger, draw: Draw) -> None:
    key = own(forger, draw, "task-")
    spec = forger.statement(key).predicate["spec"] | {"rule": "median"}
    forger.restate(key, {"spec": spec}, Digest.of_value(spec))


@kind("final model", "the task ended with another model")
def _model(forger: Forger, draw: Draw) -> None:
    data = bytearray(forger.members[FINAL_MODEL])
    data[-draw.randrange(1, 32)] ^= 1 << draw.randrange(8)
    forger.members[FINAL_MODEL] = bytes(data)
    if any(key.startswith("model-") for key in forger.statements()):
        digest = Digest.of(bytes(data))
        forger.restate("model-0001", {"digest": str(digest)}, digest)


@kind("model rounds", "the model took another number of rounds")
def _rounds(forger: Forger, draw: Draw) -> None:
    forger.restate(own(forger, draw, "model-"), {"rounds": 1 + draw.randrange(99) * 10})


@kind("statement time", "a statement was made at another time")
def _time(forger: Forger, draw: Draw) -> None:
    forger.restate(pick(draw, forger.statements()), {"time": str(TIME_NS + draw.randrange(9))})


@kind("statement dropped", "the party never said this: statement, record and receipt are gone")
def _drop_statement(forger: Forger, draw: Draw) -> None:
    key = pick(draw, forger.statements())
    digest = str(Digest.of(forger.members.pop(f"statement/{forger.party}/{key}.json"))).encode()
    forger.write_log([leaf for leaf in forger.leaves() if digest not in leaf])


# Records.


def add_record(forger: Forger, type_: str, fields: Json) -> None:
    """Appends a record like the last one."""
    leaves = forger.leaves()
    record = parse_canonical(leaves[-1]) | {"type": type_} | fields
    forger.write_log([*leaves, canonical_bytes(record)])


@kind("decision added", "a decision was recorded that never was")
def _decision(forger: Forger, draw: Draw) -> None:
    leaves = forger.leaves()
    model = str(Digest.of(forger.members[FINAL_MODEL]))
    record = parse_canonical(leaves[-1]) | {
        "type": DECISION,
        "action": "classify",
        "object": [{"digest": model, "type": "model", "name": "model"}],
        "outcome": {"confidence": draw.randrange(10**6)},
        "commitments": {"input": OTHER, "output": OTHER},
    }
    forger.write_log([*leaves[:-1], canonical_bytes(record), leaves[-1]])


@kind("decision confidence", "a recorded decision was surer than it was")
def _confidence(forger: Forger, draw: Draw) -> None:
    index = pick(draw, forger.records(DECISION))
    forger.edit_record(index, lambda record: record["outcome"].update(confidence=draw.randrange(9)))


@kind("record edited", "a record says another time")
def _edit(forger: Forger, draw: Draw) -> None:
    index = draw.randrange(1, len(forger.leaves()))
    forger.edit_record(index, lambda record: record.update(ts_end=str(TIME_NS)))


@kind("record dropped", "a record never was")
def _drop(forger: Forger, draw: Draw) -> None:
    leaves = forger.leaves()
    del leaves[draw.randrange(1, len(leaves))]
    forger.write_log(leaves)


@kind("records reordered", "two records were written in the other order")
def _reorder(forger: Forger, draw: Draw) -> None:
    leaves = forger.leaves()
    i = draw.randrange(1, len(leaves) - 1)
    leaves[i], leaves[i + 1] = leaves[i + 1], leaves[i]
    forger.write_log(leaves)


@kind("log cut", "the last records never were")
def _cut(forger: Forger, draw: Draw) -> None:
    leaves = forger.leaves()
    forger.write_log(leaves[: -draw.randrange(1, len(leaves) - 1)])


@kind("record of another kind", "a record of a type that nobody knows")
def _unknown(forger: Forger, draw: Draw) -> None:
    add_record(forger, f"gift-{draw.randrange(99)}", {})


@kind("record with more fields", "a record holds a field that no format names")
def _field(forger: Forger, draw: Draw) -> None:
    index = draw.randrange(1, len(forger.leaves()))
    forger.edit_record(index, lambda record: record.update(extra=draw.randrange(99)))


@kind("genesis edited", "the log began with other keys")
def _genesis(forger: Forger, draw: Draw) -> None:
    leaves = forger.leaves()
    value = parse_canonical(leaves[0])
    value["keys"] = [str(key.public_key) for key in forger.keys.statement_signers]
    forger.write_log([canonical_bytes(value), *leaves[1:]])


@kind("log of another", "another party's log without one of its records, signed by this party")
def _other_log(forger: Forger, draw: Draw) -> None:
    name = pick(draw, [each for each in forger.evidence.names() if each != forger.party])
    leaves = forger.leaves(name)
    del leaves[draw.randrange(1, len(leaves))]
    forger.write_log(leaves, name)


@kind("chain head changed", "the party saw another block")
def _head(forger: Forger, draw: Draw) -> None:
    index = pick(draw, forger.records(CHAIN_HEAD))

    def edit(record: Json) -> None:
        record["object"][0]["digest"] = OTHER

    forger.edit_record(index, edit)


# What was true once: every party did cosign these checkpoints, and anybody may have kept them.


def kept_note(evidence: Evidence, name: str, leaves: list[bytes]) -> Note:
    """The checkpoint over ``leaves`` that all members once cosigned."""
    origin = evidence.roots.member(name).origin
    checkpoint = Checkpoint(origin, len(leaves), root_of([leaf_hash(leaf) for leaf in leaves]))
    note = sign_checkpoint(checkpoint, *evidence.keyring(name).log_signers, TIME_NS // 10**9)
    lines = tuple(
        sign_cosignature(
            checkpoint,
            f"{evidence.roots.member(other).origin}/witness",
            evidence.keyring(other).witness_signer,
            TIME_NS // 10**9,
        )
        for other in evidence.names()
        if other != name
    )
    return Note(note.text, (*note.signatures, *lines))


def replay(forger: Forger, name: str, size: int) -> None:
    """Puts a log back to a size that was cosigned, and drops the statements that came later."""
    leaves = forger.leaves(name)[:size]
    text = b"".join(leaves)
    for key in forger.statements(name):
        path = f"statement/{name}/{key}.json"
        if str(Digest.of(forger.members[path])).encode() not in text:
            del forger.members[path]
    forger.put_log(name, leaves, kept_note(forger.evidence, name, leaves))


@kind("old checkpoint", "the own log at an earlier checkpoint that everybody cosigned")
def _old(forger: Forger, draw: Draw) -> None:
    replay(forger, forger.party, draw.randrange(2, len(forger.leaves())))


@kind("old checkpoint of another", "another party's log at an earlier cosigned checkpoint")
def _old_other(forger: Forger, draw: Draw) -> None:
    name = pick(draw, [each for each in forger.evidence.names() if each != forger.party])
    replay(forger, name, draw.randrange(2, len(forger.leaves(name))))


@kind("old checkpoints and an old chain", "the whole consortium as it was some blocks ago")
def _old_all(forger: Forger, draw: Draw) -> None:
    if forger.operator.public_key != forger.evidence.roots.chain.operator:
        raise InapplicableError
    blocks = forger.blocks()
    end = draw.randrange(len(blocks) // 2, len(blocks) - 1)
    leaves = {name: forger.leaves(name) for name in forger.evidence.names()}
    forger.put_chain(list(blocks[:end]))
    for name in forger.evidence.names():
        heads = [
            index
            for index, leaf in enumerate(leaves[name])
            if parse_canonical(leaf)["type"] == CHAIN_HEAD
            and int(parse_canonical(leaf)["object"][0]["name"]) < end
        ]
        forger.members |= {
            f"log/{name}/{part}": forger.evidence.members[f"log/{name}/{part}"]
            for part in ("entries", "checkpoint")
        }
        replay(forger, name, max(heads) + 1)
    rest = {path for path in forger.members if path.startswith("update/")}
    keys = {p: encode_base64(k) for p, k in forger.content_keys().items() if p in rest}
    forger.put_openings(keys)


__all__ = ["kept_note", "relink", "replay"]
