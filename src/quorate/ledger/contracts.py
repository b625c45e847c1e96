"""Compiled contracts: their committed artifacts, calls into bytes, outputs and logs into values.

The artifacts in ``artifacts/`` are written by scripts/compile_contracts.py and checked for
staleness by a test, so users need no compiler. Values follow one rule: ``uint`` and ``int`` are
int, ``bytesN`` and ``bytes`` bytes, addresses EIP-55 strings, structs tuples in their order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_abi.exceptions import EncodingError as AbiEncodingError

from quorate.core.encoding import decode_hex, parse_canonical
from quorate.core.errors import EncodingError, InputError
from quorate.core.hashing import Digest, keccak256
from quorate.ledger.evidence import CodeRoot
from quorate.ledger.interface import LoggedEvent
from quorate.ledger.transactions import raw_address, spell_address

NAMES = (
    "Members",
    "Token",
    "Stakes",
    "Tasks",
    "Rounds",
    "Appeals",
    "Anchor",
    "Assets",
    "Grants",
    "Gates",
    "Timelock",
    "Council",
    "Governor",
)
"""The suite, in the order of deployment."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a transaction should do: recipient (None creates), bytes, and its name in messages."""

    to: str | None
    data: bytes
    what: str


@dataclass(frozen=True, slots=True)
class Event:
    """A decoded log: contract and event name, values by parameter name, and where it stands."""

    contract: str
    name: str
    values: Mapping[str, Any]
    place: LoggedEvent

    def __getitem__(self, name: str) -> Any:
        """The value of parameter ``name``."""
        return self.values[name]


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a contract: its selector and the ABI types that go in and come out."""

    name: str
    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventShape:
    """One event of a contract: its topic, and each parameter as (name, type, indexed)."""

    name: str
    topic: bytes
    parameters: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled contract; ``runtime`` lacks the immutables that its constructor appends."""

    name: str
    abi: tuple[Mapping[str, Any], ...]
    creation: bytes
    runtime: bytes
    compiler: str
    source: str
    functions: Mapping[str, Function]
    events: Mapping[bytes, EventShape]
    constructor: tuple[str, ...]

    @property
    def root(self) -> CodeRoot:
        """What an auditor has to trust about this code."""
        return CodeRoot(self.name, Digest.of(self.creation), len(self.creation))

    def deployment(self, *arguments: Any) -> Call:
        """The call that creates the contract."""
        data = self.creation + _encode(self.constructor, arguments, f"{self.name} constructor")
        return Call(None, data, f"deploy {self.name}")


@cache
def load_artifact(name: str) -> Artifact:
    """The committed artifact of contract ``name``; raises `InputError` for an unknown name."""
    path = files("quorate.ledger") / "artifacts" / f"{name}.json"
    if name not in NAMES or not path.is_file():
        raise InputError(f"could not load contract {name!r}: there is no artifact of that name")
    return parse_artifact(path.read_bytes())


def parse_artifact(data: bytes) -> Artifact:
    """The artifact with these canonical bytes."""
    value = parse_canonical(data)
    abi = tuple(value["abi"])
    shapes = [_event_shape(entry) for entry in abi if entry["type"] == "event"]
    constructors = [entry for entry in abi if entry["type"] == "constructor"]
    return Artifact(
        name=value["name"],
        abi=abi,
        creation=decode_hex(value["creation"]),
        runtime=decode_hex(value["runtime"]),
        compiler=value["compiler"],
        source=value["source"],
        functions=_functions(abi),
        events={shape.topic: shape for shape in shapes},
        constructor=_types(constructors[0]["inputs"]) if constructors else (),
    )


def code_roots() -> tuple[CodeRoot, ...]:
    """The creation code of the whole suite, for a trust file."""
    return tuple(load_artifact(name).root for name in NAMES)


@dataclass(frozen=True, slots=True)
class Contract:
    """A deployed contract of the suite: name and EIP-55 address."""

    name: str
    address: str

    @property
    def artifact(self) -> Artifact:
        """Its committed artifact."""
        return load_artifact(self.name)

    def encode(self, function: str, *arguments: Any) -> Call:
        """The call of ``function``; raises `EncodingError` for arguments of wrong type or range."""
        shape = self._function(function)
        data = shape.selector + _encode(shape.inputs, arguments, f"{self.name}.{function}")
        return Call(self.address, data, f"{self.name}.{function}")

    def decode(self, function: str, output: bytes) -> tuple[Any, ...]:
        """What ``function`` returned, from its bytes."""
        return _decode(self._function(function).outputs, output, f"{self.name}.{function}")

    def event(self, logged: LoggedEvent) -> Event:
        """The decoded event; raises `EncodingError` for a log that is not this contract's."""
        log = logged.log
        shape = self.artifact.events.get(log.topics[0]) if log.topics else None
        if shape is None or log.address != self.address:
            raise EncodingError(f"could not read a log: not an event of {self.name}")
        return Event(self.name, shape.name, _event_values(shape, log.topics[1:], log.data), logged)

    def _function(self, name: str) -> Function:
        try:
            return self.artifact.functions[name]
        except KeyError:
            raise InputError(f"could not call {self.name}.{name}: no such function") from None


def _event_values(shape: EventShape, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
    indexed = [kind for _, kind, is_indexed in shape.parameters if is_indexed]
    plain = [kind for _, kind, is_indexed in shape.parameters if not is_indexed]
    if len(topics) != len(indexed):
        raise EncodingError(f"could not read a log: {shape.name} has {len(indexed)} topics")
    from_topics = iter(
        _decode((kind,), topic, shape.name)[0] for kind, topic in zip(indexed, topics, strict=True)
    )
    from_data = iter(_decode(tuple(plain), data, shape.name))
    return {
        name: next(from_topics if is_indexed else from_data)
        for name, _, is_indexed in shape.parameters
    }


def _encode(types: Sequence[str], values: Sequence[Any], what: str) -> bytes:
    if len(types) != len(values):
        raise EncodingError(
            f"could not encode {what}: {len(values)} arguments where {len(types)} are due"
        )
    try:
        checked = [walk(k, v, _check_leaf) for k, v in zip(types, values, strict=True)]
        return bytes(encode(types, checked))
    except (AbiEncodingError, EncodingError, TypeError, ValueError, OverflowError) as error:
        raise EncodingError(f"could not encode {what}: {str(error)[:200]}") from None


def _decode(types: Sequence[str], data: bytes, what: str) -> tuple[Any, ...]:
    try:
        values = decode(types, data)
    except (DecodingError, ValueError, OverflowError) as error:
        raise EncodingError(f"could not decode {what}: {str(error)[:200]}") from None
    return tuple(walk(k, v, _spell_leaf) for k, v in zip(types, values, strict=True))


def walk(kind: str, value: Any, leaf: Callable[[str, Any], Any]) -> Any:
    """``value`` of ABI type ``kind`` with ``leaf(kind, value)`` in place of every plain value."""
    if kind.endswith("]"):
        inner = kind[: kind.rindex("[")]
        return tuple(walk(inner, item, leaf) for item in value)
    if kind.startswith("("):
        parts = _components(kind)
        return tuple(walk(k, v, leaf) for k, v in zip(parts, value, strict=True))
    return leaf(kind, value)


def _check_leaf(kind: str, value: Any) -> Any:
    if kind == "address":
        return raw_address(value)
    if kind.startswith("bytes") and kind != "bytes" and len(value) != int(kind[5:]):
        raise ValueError(f"{len(value)} bytes where {kind} is due")  # eth_abi would pad in silence
    return value


def _spell_leaf(kind: str, value: Any) -> Any:
    return spell_address(bytes.fromhex(value[2:])) if kind == "address" else value


def _components(kind: str) -> list[str]:
    parts, depth, start = [], 0, 1
    for position, char in enumerate(kind):
        depth += (char == "(") - (char == ")")
        if (char == "," and depth == 1) or (char == ")" and depth == 0):
            parts.append(kind[start:position])
            start = position + 1
    return parts


def _type_of(parameter: Mapping[str, Any]) -> str:
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_types(parameter['components']))}){kind[5:]}"


def _types(parameters: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(_type_of(parameter) for parameter in parameters)


def _functions(abi: Sequence[Mapping[str, Any]]) -> dict[str, Function]:
    """By name; of several with one name the one with the most arguments.

    Each of those is there by its signature too, such as ``f(uint256)``.
    """
    found: dict[str, Function] = {}
    for entry in abi:
        if entry["type"] == "function":
            function = _function(entry)
            known = found.get(function.name)
            if known is not None:
                found[f"{known.name}({','.join(known.inputs)})"] = known
                found[f"{function.name}({','.join(function.inputs)})"] = function
            if known is None or len(known.inputs) < len(function.inputs):
                found[function.name] = function
    return found


def _function(entry: Mapping[str, Any]) -> Function:
    inputs = _types(entry["inputs"])
    selector = keccak256(f"{entry['name']}({','.join(inputs)})".encode())[:4]
    return Function(entry["name"], selector, inputs, _types(entry["outputs"]))


def _event_shape(entry: Mapping[str, Any]) -> EventShape:
    types = _types(entry["inputs"])
    topic = keccak256(f"{entry['name']}({','.join(types)})".encode())
    parameters = tuple(
        (p["name"], kind, p["indexed"]) for p, kind in zip(entry["inputs"], types, strict=True)
    )
    return EventShape(entry["name"], topic, parameters)
