"""The documents keep up with the code: pages, links, commands, settings, versions, paths."""

import importlib
import importlib.util
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import quorate
from quorate.core.errors import QuorateError
from tests.architecture.source import CODE, PACKAGE, ROOT, documents, files, rooms, shown

DOCS = ROOT / "docs"


def all_text() -> str:
    """README and every page of docs."""
    return "\n".join(p.read_text("utf-8") for p in documents() if p.is_relative_to(DOCS))


def module_if_built(name: str) -> ModuleType | None:
    """A module of the package, or None while its room is not built."""
    parent = name.rpartition(".")[0]
    if parent and parent != "quorate" and importlib.util.find_spec(parent) is None:
        return None
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


# -- indexes and links


def unlinked(index: Path) -> list[str]:
    """Pages beside ``index`` that it does not link to."""
    text = index.read_text("utf-8")
    pages = (p.name for p in sorted(index.parent.glob("*.md")) if p != index)
    return [name for name in pages if f"]({name})" not in text]


def dead_links(page: Path) -> list[str]:
    """Relative links of a page that lead nowhere; code blocks are no prose."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.S)
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    local = (t for t in targets if not re.match(r"[a-z]+:", t))
    return [shown(page, 1, t) for t in local if not (page.parent / t).exists()]


@pytest.mark.parametrize("folder", ["formats", "decisions"])
def test_index__every_page__linked(folder):
    assert not unlinked(DOCS / folder / "README.md")


def test_links__every_document__lead_somewhere():
    found = [f for page in documents() for f in dead_links(page)]
    assert not found, "\n".join(found)


def test_unlinked_and_dead_links__found(tmp_path):
    index = tmp_path / "README.md"
    index.write_text("[one](one.md) [gone](gone.md#part) `[no](link.md)` [far](https://a.example)")
    (tmp_path / "one.md").write_text("")
    (tmp_path / "two.md").write_text("")
    assert unlinked(index) == ["two.md"]
    assert dead_links(index) == ["README.md:1: gone.md"]


def missing_pages(path: Path) -> list[str]:
    """Pages of docs that a source file names and that do not exist."""
    lines = enumerate(path.read_text("utf-8").splitlines(), start=1)
    named = (
        (n, page)
        for n, line in lines
        for page in re.findall(r"docs/(?:formats|decisions|guides)/[\w.-]+\.md", line)
    )
    return [shown(path, n, page) for n, page in named if not (ROOT / page).exists()]


def test_pages__named_in_code__exist():
    sources = files("src", "contracts", "scripts", "benchmarks", suffixes=(".py", ".vy", ".sh"))
    found = [f for path in sources for f in missing_pages(path)]
    assert not found, "\n".join(found)


def test_missing_pages__page_that_is_not_there__found(tmp_path):
    path = tmp_path / "x.py"
    path.write_text('"""See docs/trust.md and docs/formats/gone.md."""\n')
    assert missing_pages(path) == ["x.py:1: docs/formats/gone.md"]


# -- commands and settings


def commands_of(app: Any) -> Iterator[tuple[str, str]]:
    """Every command of a typer app, as it is typed, with its help text."""
    import typer

    def walk(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        children = getattr(command, "commands", {})
        if not children:
            yield " ".join(words), command.help or ""
        for name, child in children.items():
            yield from walk(child, (*words, name))

    if app.registered_commands or app.registered_groups:
        yield from walk(typer.main.get_command(app), ("quorate",))


def undocumented_commands(app: Any, text: str) -> list[str]:
    """Commands that no page names in code, or that have no help text."""
    found = []
    for name, words in commands_of(app):
        if not re.search(rf"(`|^|\$ ){re.escape(name)}\b", text, re.M):
            found.append(f"{name}: in no page of docs")
        if not words.strip():
            found.append(f"{name}: no help text")
    return found


def undocumented_settings(settings: Iterable[Any], text: str) -> list[str]:
    """Settings without a line of docs that holds name and default, or without help and unit."""
    found = []
    for s in settings:
        lines = [line for line in text.splitlines() if f"`{s.name}`" in line]
        if not any(str(s.default) in line for line in lines):
            found.append(f"{s.name}: no line in docs with its name and default {s.default}")
        if not s.help or not s.unit:
            found.append(f"{s.name}: no help or unit")
    return found


def test_commands__every_one__documented():
    built = module_if_built("quorate.cli.commands")  # importing it registers the commands
    found = (
        undocumented_commands(importlib.import_module("quorate.cli.application").app, all_text())
        if built
        else []
    )
    assert not found, "\n".join(found)


def test_settings__every_one__documented():
    config = module_if_built("quorate.node.config")
    found = undocumented_settings(config.SETTINGS, all_text()) if config else []
    assert not found, "\n".join(found)


def exit_codes(error: type[QuorateError]) -> set[int]:
    """The codes of an error and of all below it in the tree."""
    return {error.exit_code}.union(*(exit_codes(child) for child in error.__subclasses__()))


def test_exit_codes__whole_tree__documented():
    text = (DOCS / "guides" / "commands.md").read_text("utf-8")
    codes = exit_codes(QuorateError)
    assert {65, 69} < codes
    assert [code for code in sorted(codes) if f"\n| {code} |" not in text] == []


def keys_of(model: Any) -> set[str]:
    """Every key of a pydantic model and of the models inside it."""
    keys = set(model.model_fields)
    for field in model.model_fields.values():
        for kind in (field.annotation, *getattr(field.annotation, "__args__", ())):
            keys |= keys_of(kind) if hasattr(kind, "model_fields") else set()
    return keys


def test_task_file__every_key__documented():
    module = module_if_built("quorate.node.taskfile")
    keys = keys_of(module.TaskFile) if module else set()
    text = (DOCS / "guides" / "task.md").read_text("utf-8")
    assert [k for k in sorted(keys) if not re.search(rf"`(\[+[\w.]*)?{k}\]*`", text)] == []


def test_keys_of__nested_models__all_found():
    from pydantic import BaseModel

    class Inner(BaseModel):
        deep: int

    class Outer(BaseModel):
        one: Inner
        many: list[Inner]

    assert keys_of(Outer) == {"one", "many", "deep"}


def test_undocumented_commands__each_kind__found():
    import typer

    app, log = typer.Typer(), typer.Typer()
    app.add_typer(log, name="log")

    @app.command()
    def audit() -> None:
        """Audits."""

    @log.command()
    def show() -> None: ...

    found = undocumented_commands(app, "use `quorate audit PATH`, then `quorate log`")
    assert found == ["quorate log show: in no page of docs", "quorate log show: no help text"]


def test_undocumented_settings__stale_default_or_no_unit__found():
    class Setting:
        name, default, help, unit = "log.batch", 64, "Leaves.", "leaves"

    class Bare(Setting):
        unit = ""

    assert undocumented_settings([Setting], "| `log.batch` | 64 |") == []
    assert undocumented_settings([Setting], "| `log.batch` | 32 |")
    assert undocumented_settings([Bare], "| `log.batch` | 64 |")


# -- README, changelog, machine paths


def unnamed_rooms(names: Iterable[str], text: str) -> list[str]:
    """Rooms that the tree in the README does not name with a phrase."""
    return [n for n in names if not re.search(rf"^[ │├└─]*{n}(\.py|/)?\s+\S", text, re.M)]


def lacks_version(text: str, version: str) -> bool:
    """Whether the changelog has no heading for ``version``."""
    return re.search(rf"^## \[?{re.escape(version)}\b", text, re.M) is None


def machine_paths(path: Path) -> list[str]:
    """Lines that name a folder of one developer's machine."""
    words = re.compile(r"(?<![\w.])(/(home|Users)/\w|/root/|C:\\Users)")
    here = str(ROOT) if len(ROOT.parts) > 2 else "\0"
    lines = enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1)
    return [shown(path, n, line.strip()) for n, line in lines if words.search(line) or here in line]


def test_readme__tree__names_every_room():
    assert not unnamed_rooms(rooms(), (ROOT / "README.md").read_text("utf-8"))
    assert unnamed_rooms(["attic"], "    core/   bytes\n    attic/\n") == ["attic"]


def rooms_without_law(names: Iterable[str], text: str) -> list[str]:
    """Rooms without a section of their own that states a law."""
    sections = dict(re.findall(r"^### `(\w+)`$(.*?)(?=^#|\Z)", text, re.M | re.S))
    return [name for name in names if "**Law:**" not in sections.get(name, "")]


def test_architecture_page__every_room__has_its_law():
    assert not rooms_without_law(rooms(), (ROOT / "ARCHITECTURE.md").read_text("utf-8"))
    text = "### `log`\n\nMemory.\n\n### `vault`\n\nBlobs. **Law:** sealed.\n"
    assert rooms_without_law(["log", "vault", "ledger"], text) == ["log", "ledger"]


def test_changelog__version_of_the_package__has_a_heading():
    assert not lacks_version((ROOT / "CHANGELOG.md").read_text("utf-8"), quorate.__version__)
    assert lacks_version("## 0.1.0\n", "0.2.0")


def test_files__paths_of_a_developers_machine__none():
    kinds = (".py", ".vy", ".vyi", ".sh", ".md", ".toml", ".json", ".txt", ".yml", ".yaml")
    inside = [p for p in files(*CODE, "docs", ".ci", suffixes=(*kinds, "")) if p.is_file()]
    top = [p for p in ROOT.iterdir() if p.is_file() and (p.suffix in kinds or p.name == "Makefile")]
    found = [f for p in (*inside, *top) if p != Path(__file__) for f in machine_paths(p)]
    assert not found, "\n".join(found)
    assert PACKAGE / "core" / "files.py" in inside


@pytest.mark.parametrize("text", ["open('/home/ada/x')", "cd /root/x", f"# see {ROOT}/docs"])
def test_machine_paths__each_kind__found(tmp_path, text):
    path = tmp_path / "x.py"
    path.write_text(text)
    assert machine_paths(path)
