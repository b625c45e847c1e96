"""Writes the typed faces of the contracts, src/quorate/ledger/faces/*.py, from their ABIs.

Run through scripts/compile_contracts.py. Documentation comes from each contract's own sources:
NatSpec notices of functions, comments above public variables, comments above structs.
"""

import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Entry = Mapping[str, Any]

_MOST_POSITIONAL = 5

_STRUCT = re.compile(r"((?:^#.*\n)*)^struct (\w+):\n((?:    .*\n)+)", re.MULTILINE)
_PUBLIC = re.compile(r"((?:^#.*\n)+)^(\w+): public\(", re.MULTILINE)
_FUNCTION = re.compile(
    r'^def (\w+)\([^"]*:\n    """\s*@notice\s+([^@"]*?)\s*(?:@[^"]*)?"""', re.MULTILINE
)
_IMPORT = re.compile(r"^from (\.+)([\w.]*) import (\w+)$", re.MULTILINE)
_EXPORTED = re.compile(r"\b(\w+)\.(\w+)\b")
_FIELD = re.compile(r"^    (\w+):", re.MULTILINE)


class Comments:
    """What a contract's own sources say beside its ABI: structs by fields, words on functions.

    Its own sources are its file and all that this imports. Words count from where a function is
    defined: the contract itself, or the module that it is exported from; a function of the same
    name elsewhere says nothing about it.
    """

    def __init__(self, path: Path) -> None:
        self._known: dict[tuple[str, ...], tuple[str, str]] = {}
        own = path.read_text("utf-8")
        imported = _imports(path)
        self.notices = {
            name: _defined(imported[module])[name]
            for module, name in _EXPORTED.findall(own)
            if module in imported and name in _defined(imported[module])
        } | _defined(path)
        for source in _reached(path):
            for comment, name, body in _STRUCT.findall(source.read_text("utf-8")):
                self._known[tuple(_FIELD.findall(body))] = (name, _words(comment))

    def find(self, parameter: Entry) -> tuple[str, str]:
        """Name and documentation of the struct that an ABI parameter holds."""
        return self._known[tuple(c["name"] for c in parameter["components"])]


def _imports(path: Path) -> dict[str, Path]:
    """What the file imports from beside it, by name."""
    found = {}
    for dots, folders, name in _IMPORT.findall(path.read_text("utf-8")):
        folder = path.parents[len(dots) - 1].joinpath(*filter(None, folders.split(".")))
        found[name] = folder / f"{name}{'.vyi' if name.startswith('I') else '.vy'}"
    return found


def _reached(path: Path) -> list[Path]:
    """The file and all that it imports, directly or through others."""
    found = [path]
    for source in found:
        found += [other for other in _imports(source).values() if other not in found]
    return found


def _defined(path: Path) -> dict[str, str]:
    """The words on the functions and public variables that the file defines."""
    text = path.read_text("utf-8")
    public = {name: _words(comment) for comment, name in _PUBLIC.findall(text)}
    return public | dict(_FUNCTION.findall(text))


class FaceWriter:
    """Writes one contract's module."""

    def __init__(self, name: str, abi: list[Entry], notices: Mapping[str, str], comments: Comments):
        self._name = name
        self._abi = abi
        self._notices = notices
        self._structs = comments
        self._used: dict[str, Entry] = {}

    def modules(self) -> dict[str, str]:
        """The sources by file name, before formatting: facts (structs, events) and the face."""
        functions = longest([e for e in self._abi if e["type"] == "function"])
        events = [e for e in self._abi if e["type"] == "event"]
        # Written first: they say which structs are used.
        methods = [self._method(e) for e in sorted(functions, key=lambda e: str(e["name"]))]
        kinds = [self._event(e) for e in events]
        deployment = self._deployment()
        structs = [self._struct(n, p) for n, p in sorted(self._used.items())]
        name, low = self._name, self._name.lower()
        imported = ", ".join([*self._used, *(e["name"] for e in events)])
        facts = _HEAD.format(about=f"Structs and events of the {name} contract.", imports=_FACTS)
        face = _HEAD.format(
            about=f"The {name} contract: typed calls and views.",
            imports=f"{_FACE}from quorate.ledger.faces.{low}_facts import {imported}\n",
        )
        return {
            f"{low}_facts.py": "\n\n".join((facts, *structs, *kinds)),
            f"{low}.py": "\n\n".join((face, self._opening(events), deployment, *methods)),
        }

    def _opening(self, events: list[Entry]) -> str:
        kinds = "".join(f"{e['name']}, " for e in events)
        return (
            f"class {self._name}(Face):\n{_doc(self._notices[''], 4)}\n\n"
            f'    NAME = "{self._name}"\n    EVENTS = ({kinds})'
        )

    def _deployment(self) -> str:
        inputs = [p for e in self._abi if e["type"] == "constructor" for p in e["inputs"]]
        typed = ", ".join(f"{_argument(p)}: {self._type(p, argument=True)}" for p in inputs)
        typed = f"*, {typed}" if len(inputs) > _MOST_POSITIONAL else typed
        passed = ", ".join(_argument(p) for p in inputs)
        return (
            f"    @staticmethod\n    def deployment({typed}) -> Call:\n"
            f'        """The call that creates the contract."""\n'
            f'        return load_artifact("{self._name}").deployment({passed})'
        )

    def _method(self, entry: Entry) -> str:
        name, inputs = entry["name"], entry["inputs"]
        typed = "".join(f", {_argument(p)}: {self._type(p, argument=True)}" for p in inputs)
        typed = f", *{typed}" if len(inputs) > _MOST_POSITIONAL else typed
        passed = "".join(f", {_argument(p)}" for p in inputs)
        about = _doc(self._notices.get(name) or self._unsaid(entry), 8)
        if entry["stateMutability"] not in ("view", "pure"):
            body = f'        return self._encode("{name}"{passed})'
            return f"    def {name}(self{typed}) -> Call:\n{about}\n{body}"
        kinds = [self._type(output) for output in entry["outputs"]]
        kind = kinds[0] if len(kinds) == 1 else f"tuple[{', '.join(kinds)}]"
        body = f'        return self._ask({kind}, "{name}"{passed})'
        return f"    def {name}(self{typed}) -> {kind}:\n{about}\n{body}"

    def _unsaid(self, entry: Entry) -> str:
        """Words on a function that has none: most are the other contracts that this one names."""
        name = str(entry["name"])
        if [output["type"] for output in entry["outputs"]] == ["address"] and not entry["inputs"]:
            return f"The {name.capitalize()} contract that this one was created for."
        return f"The contract's `{name}`."

    def _event(self, entry: Entry) -> str:
        fields = "\n".join(f"    {p['name']}: {self._type(p)}" for p in entry["inputs"])
        about = _doc(f"Event `{entry['name']}`.", 4)
        return (
            f"@dataclass(frozen=True, slots=True)\nclass {entry['name']}(TypedEvent):\n"
            f"{about}\n\n{fields}"
        )

    def _struct(self, name: str, parameter: Entry) -> str:
        about = _doc(self._structs.find(parameter)[1] or f"Struct `{name}`.", 4)
        fields = "\n".join(f"    {c['name']}: {self._type(c)}" for c in parameter["components"])
        return f"class {name}(NamedTuple):\n{about}\n\n{fields}"

    def _type(self, parameter: Entry, *, argument: bool = False) -> str:
        kind = str(parameter["type"])
        if kind.endswith("]"):
            inner = {**parameter, "type": kind[: kind.rindex("[")]}
            item = self._type(inner, argument=argument)
            return f"Sequence[{item}]" if argument else f"tuple[{item}, ...]"
        if kind == "tuple":
            name = self._structs.find(parameter)[0]
            self._used[name] = parameter
            return name
        plain = {"address": "str", "string": "str", "bool": "bool"}
        return plain.get(kind) or ("bytes" if kind.startswith("bytes") else "int")


def longest(functions: list[Entry]) -> list[Entry]:
    """Of functions of one name (default arguments make several) the one with all its arguments."""
    found: dict[str, Entry] = {}
    for entry in functions:
        known = found.get(entry["name"])
        if known is None or len(known["inputs"]) < len(entry["inputs"]):
            found[entry["name"]] = entry
    return list(found.values())


def _argument(parameter: Entry) -> str:
    """The parameter's name without the underscore that Vyper needs beside a state variable."""
    name = str(parameter["name"]).lstrip("_")
    return {"round": "round_"}.get(name, name)


def _words(comment: str) -> str:
    """The text of comment lines."""
    lines = " ".join(line.lstrip("# ") for line in comment.splitlines())
    return lines.replace("@notice", "").strip()


def _doc(words: str, indent: int) -> str:
    words = " ".join(words.split())
    words = words if words.endswith((".", "!", "?")) else words + "."
    pad = " " * indent
    if len(words) + indent + 6 <= 100:
        return f'{pad}"""{words}"""'
    first, *rest = textwrap.wrap(words, 90 - indent)
    lines = "\n".join(pad + line for line in rest)
    return f'{pad}"""{first}\n{lines}\n{pad}"""'


def write_face(
    name: str, abi: list[Entry], userdoc: Mapping[str, Any], comments: Comments
) -> dict[str, str]:
    """The formatted sources of the face of contract ``name``, by file name."""
    methods = userdoc.get("methods", {})
    notices = comments.notices | {
        key.partition("(")[0]: value["notice"] for key, value in methods.items()
    }
    notices[""] = userdoc.get("notice") or f"The {name} contract."
    written = FaceWriter(name, abi, notices, comments).modules()
    return {path: format_source(source) for path, source in written.items()}


def format_source(source: str) -> str:
    """``source`` as ruff, the house's formatter, writes it; imports that it lacks use for go."""
    for command in (["check", "--select", "F401,I", "--fix", "--quiet"], ["format", "--quiet"]):
        source = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", _FILE, "-"],
            input=source,
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[1],
        ).stdout
    return source


_FILE = "src/quorate/ledger/faces/face.py"
_HEAD = """\"\"\"{about}

Written by scripts/compile_contracts.py from the contract; change that, not this file.
\"\"\"

{imports}
"""
_FACTS = """from dataclasses import dataclass
from typing import NamedTuple

from quorate.ledger.faces.base import TypedEvent
"""
_FACE = """from collections.abc import Sequence

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.base import Face
"""
