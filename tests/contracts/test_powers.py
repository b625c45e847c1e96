"""Who may call what, in all contracts at once: contracts/powers.toml says, this walks."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode

from quorate.core.hashing import keccak256
from quorate.ledger.contracts import NAMES, load_artifact
from quorate.ledger.suite import WIRES
from quorate.ledger.transactions import raw_address
from tests.contracts.consortium import terms
from tests.contracts.pair import DAY, PARTICIPANT, VALIDATOR, account, word
from tests.contracts.whole import FOR_EVER, NO_CALL, Whole

SOURCES = Path(__file__).parents[2] / "contracts"
TABLE: dict[str, dict[str, Any]] = tomllib.loads((SOURCES / "powers.toml").read_text("utf-8"))
RESERVED = [
    (name, function)
    for name, functions in TABLE.items()
    for function, who in functions.items()
    if isinstance(who, dict)
]
WORDS = {"anyone", "own account", "active account", "member", "participant", "validator"}
WORDS |= {"sponsor", "asset owner", "grantee"}
HUMAN = {"Timelock", "Council"}  # where people decide, many together; the others are code alone
ADMINISTRATION = re.compile(
    r"owner$|admin|guardian|minter|(grant|renounce|revoke)_?role|ownership|initiali[sz]e|upgrade|implementation|^bind"
    r"|destruct|migrate|sweep|rescue|^set_?(members|token|stakes|tasks|rounds|appeals|council"
    r"|timelock|governor)$",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Whole:
    return Whole(tmp_path_factory.mktemp("chain"))


def changing(name: str) -> list[dict[str, Any]]:
    """The functions of a contract that are no views, each overload on its own."""
    return [
        dict(entry)
        for entry in load_artifact(name).abi
        if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
    ]


def spelled(parameter: dict[str, Any]) -> str:
    """The type as signatures spell it."""
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(spelled(part) for part in parameter['components'])}){kind[5:]}"


def calldata(entry: dict[str, Any], values: list[Any]) -> bytes:
    types = [spelled(parameter) for parameter in entry["inputs"]]
    selector = keccak256(f"{entry['name']}({','.join(types)})".encode())[:4]
    return selector + encode(types, values)


# -- arguments that somebody entitled could use, see `Whole`


def valid(w: Whole) -> dict[tuple[str, str], list[Any]]:
    """Arguments of every reserved function with which its holder succeeds."""
    idle, new, target = account("idle"), account("new"), account("nobody")
    lane = (2**31 + 500_000).to_bytes(4, "big")
    outcome = (1, 0b111, 1, 1, 3, True)
    listed = (word("c"), terms(spec=word("c"), sponsor=w.sponsor), w.v)
    proposal = (*NO_CALL, keccak256(b"nothing"))
    number = w.view("Governor", "hashProposal", *proposal)
    id_of = keccak256(
        encode(["address", "uint256", "bytes", "bytes32", "bytes32"], list(w.operation[:5]))
    )
    batch = [[target], [0], [b""], bytes(32), word("salt"), 2 * DAY]
    return {
        ("Members", "revoke_at"): [w.p[0], word("log"), 7],
        ("Members", "revoke"): [w.p[0], 0, 1],
        ("Members", "admit"): [new, word("keys"), word("house"), PARTICIPANT],
        ("Members", "suspend"): [w.p[0]],
        ("Members", "replace"): [w.p[0], new, word("keys")],
        ("Members", "suspend_until"): [w.p[0], w.now + DAY],
        ("Members", "resume"): [idle],
        ("Token", "mint"): [new, 0],  # the cap is the supply: there is no more to make
        ("Stakes", "lock"): [w.p[0], PARTICIPANT],
        ("Stakes", "unlock"): [w.p[0], PARTICIPANT],
        ("Stakes", "slash"): [w.p[0], PARTICIPANT, 1, "fault"],
        ("Stakes", "record"): [w.p[0], PARTICIPANT, 1, 1, 1],
        ("Tasks", "muster"): [w.running, False],
        ("Tasks", "settle"): [w.running, outcome, lane * 3 + bytes(28), lane * 3, [0] * 6],
        ("Tasks", "mark_absent"): [w.running, 1],
        ("Tasks", "punish"): [w.running, 1, "fault"],
        ("Tasks", "suspend"): [w.running, 1],
        ("Tasks", "expel"): [w.running, 1, "lie"],
        ("Tasks", "reinstate"): [w.running, 1],
        ("Rounds", "begin"): list(listed),
        ("Rounds", "admit"): [w.joining, w.p[0], 0],
        ("Rounds", "expel"): [w.running, w.v[0], "lie"],
        ("Rounds", "reinstate"): [w.running, w.v[0]],
        ("Appeals", "suspend"): [w.running, 1, w.v[0], word("aggregate"), DAY],
        ("Assets", "set_status"): [1, 3],
        ("Gates", "set_rule"): [2, word("safe"), VALIDATOR, 1, DAY],
        ("Gates", "remove_rule"): [2, word("fair"), VALIDATOR],
        ("Gates", "suspend"): [2, w.now + DAY],
        ("Gates", "resume"): [1],
        ("Gates", "roll_back"): [1],
        ("Timelock", "schedule"): [target, 0, b"", bytes(32), word("salt"), 2 * DAY],
        ("Timelock", "scheduleBatch"): batch,
        ("Timelock", "cancel"): [id_of],
        ("Timelock", "updateDelay"): [DAY],
        ("Council", "pause"): [w.stranger, DAY],
        ("Council", "unpause"): [target],
        ("Council", "set_seats"): [w.v, 2],
        ("Governor", "cancel"): list(proposal),
        ("Governor", "cancel_by_id"): [number],
        ("Governor", "setVotingDelay"): [DAY],
        ("Governor", "setVotingPeriod"): [DAY],
        ("Governor", "setProposalThreshold"): [1],
        ("Governor", "updateQuorumNumerator"): [40],
        ("Governor", "setGrace"): [DAY],
    }


def guessed(w: Whole, parameter: dict[str, Any]) -> Any:
    """A value for a parameter: by its name what is there in `Whole`, else by its type."""
    by_name = {
        "task": w.running,
        "asset": 1,
        "token_id": 1,
        "version": 1,
        "grant": 1,
        "parent": 1,
        "role": PARTICIPANT,
        "terms": terms(spec=word("c"), sponsor=w.sponsor),
        "validators": w.v,
        "validator": w.v[0],
        "deadline": FOR_EVER,
        "expires": FOR_EVER,
        "validBefore": FOR_EVER,
        "digest": word("model"),
        "owner": w.p[0],
    }
    kind = spelled(parameter)
    if parameter["name"].lstrip("_") in by_name:
        return by_name[parameter["name"].lstrip("_")]
    return plain(w, kind)


def plain(w: Whole, kind: str) -> Any:
    """A value of a type."""
    if kind.endswith("[2]"):
        return [bytes(32)] * 2
    if kind.endswith("]"):
        return []
    if kind == "address":
        return w.p[1]
    if kind == "bool":
        return True
    if kind.startswith("bytes"):
        return word("something")[: int(kind[5:] or 0)]
    return "" if kind == "string" else 0


def calls(w: Whole) -> Iterator[tuple[str, str, bytes]]:
    """Every function of every contract that can change something, with arguments."""
    known = valid(w)
    for name in NAMES:
        for entry in changing(name):
            guess = [guessed(w, parameter) for parameter in entry["inputs"]]
            values = known.get((name, entry["name"]), guess)[: len(entry["inputs"])]
            spare = [DAY] * (len(entry["inputs"]) - len(values))  # the Timelock's `grace`
            yield name, entry["name"], calldata(entry, values + spare)


# -- the table and the sources


def test_table__every_changing_function_of_every_artifact__is_listed():
    found = {name: {entry["name"] for entry in changing(name)} for name in NAMES}
    assert found == {name: set(functions) for name, functions in TABLE.items()}


def test_table__each_entry__in_known_words():
    for name, function in RESERVED:
        who = TABLE[name][function]
        assert set(who["only"]) <= set(NAMES) and who["only"], f"{name}.{function}"
        assert who.get("or", "anyone") in WORDS, f"{name}.{function}"
    free = {who for fs in TABLE.values() for who in fs.values() if isinstance(who, str)}
    assert free <= WORDS


def test_table__powers_in_the_sources__all_there():
    """Each refusal that names a contract is in the table, and the other way round."""
    text = "".join(path.read_text("utf-8") for path in sorted(SOURCES.rglob("*.vy")))
    names = "|".join(NAMES)
    stated = set(re.findall(rf'"(\w+: (?:only|not) (?:{names})\b[^"]*)"', text))
    listed = {TABLE[name][function]["says"] for name, function in RESERVED}
    assert stated <= listed
    assert all(f'"{says}"' in text for says in listed)


def test_artifacts__administration__none():
    for name in NAMES:
        kinds = {entry["type"] for entry in load_artifact(name).abi}
        assert kinds <= {"function", "event", "constructor"}, f"{name}: takes any call"
        for entry in load_artifact(name).abi:
            if entry["type"] == "function":
                assert entry["stateMutability"] != "payable", f"{name}.{entry['name']}"
                assert not ADMINISTRATION.search(entry["name"]), f"{name}.{entry['name']}"


@pytest.mark.parametrize("name", ["owner", "grantRole", "transferOwnership", "bind", "set_rounds"])
def test_administration__usual_names__found(name):
    assert ADMINISTRATION.search(name)


def test_sources__code_from_elsewhere__none():
    words = re.compile(r"\b(selfdestruct|is_delegate_call|create_\w+|tx\.origin)\b")
    found = [p.name for p in SOURCES.rglob("*.vy") if words.search(p.read_text("utf-8"))]
    assert not found


# -- the suite itself


@pytest.mark.parametrize(("name", "function"), RESERVED)
def test_power__anybody_else__refused_in_the_same_words(whole, name, function):
    who = TABLE[name][function]
    people = [whole.deployer, whole.stranger, whole.m[1], whole.v[1], whole.p[2], whole.sponsor]
    others = [address for other, address in whole.book.named().items() if other not in who["only"]]
    attempts = [
        (sender, data) for sender in (*people, *others) for data in of(whole, name, function)
    ]
    for sender, data in attempts:
        outcome = whole.attempt(sender, name, data)
        assert (outcome.status, outcome.reason) == (0, who["says"]), f"{name}.{function}"


@pytest.mark.parametrize(("name", "function"), RESERVED)
def test_power__its_holder__succeeds_with_the_same_arguments(whole, name, function):
    for data in of(whole, name, function):
        for holder in TABLE[name][function]["only"]:
            outcome = whole.attempt(whole.book.at(holder), name, data)
            assert outcome.status, f"{name}.{function} by {holder}: {outcome.reason}"


def of(w: Whole, name: str, function: str) -> list[bytes]:
    """The calls of one function, one for each of its overloads."""
    return [data for at, called, data in calls(w) if (at, called) == (name, function)]


def test_deployer__every_function__as_a_stranger(whole):
    """The same outcome for both in every function: having deployed is worth nothing."""
    count = 0
    for name, function, data in calls(whole):
        outcomes = [
            whole.attempt(sender, name, data) for sender in (whole.deployer, whole.stranger)
        ]
        mine, theirs = [(outcome.status, outcome.reason) for outcome in outcomes]
        assert mine == theirs, f"{name}.{function}"
        count += 1
    assert count == sum(len(changing(name)) for name in NAMES) >= 114


def test_deployer__state_after_deployment__not_in_it(whole):
    """No slot and no immutable of any contract holds the deployer's address."""
    key = raw_address(whole.deployer)
    assert not [entry for entry in whole.machine.state.entries.values() if key in entry.code]
    slots = whole.machine.state.slots
    assert not [slot for slot, value in slots.items() if key in value.to_bytes(32, "big")]


def test_suite__contracts_named_in_each__those_of_the_suite(whole):
    for name, others in WIRES:
        for other in others:
            assert whole.view(name, other.lower()) == whole.book.at(other)


def test_powers__outside_timelock_and_council__none(whole):
    """All that is not for everybody or for one's own: by people together, or by code alone.

    Code: the holder is a contract of the suite in which nobody can call what they please.
    Timelock executes what the Governor let through, Council what enough seats signed; the other
    holders make no calls but those that stand in their sources.
    """
    outside = 0
    free_calls = {p.stem for p in SOURCES.glob("*.vy") if "calls.made" in reached(p)}
    for name, function in RESERVED:
        for holder in TABLE[name][function]["only"]:
            address = whole.book.at(holder)
            assert whole.machine.state.entry(raw_address(address)).code
            outside += holder in free_calls - HUMAN
    assert free_calls == HUMAN
    assert outside == 0


def reached(path: Path) -> str:
    """A contract's source with that of the modules beside it that it names."""
    text = path.read_text("utf-8")
    modules = re.findall(r"^from \.modules import (\w+)$", text, re.MULTILINE)
    return text + "".join((SOURCES / "modules" / f"{m}.vy").read_text("utf-8") for m in modules)
