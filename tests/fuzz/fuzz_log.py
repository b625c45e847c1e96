"""Coverage-guided fuzzing (atheris, libFuzzer) of one reader of strangers' bytes in the log.

    python tests/fuzz/fuzz_log.py --list
    python tests/fuzz/fuzz_log.py NAME CORPUS-FOLDER [libFuzzer options]

Writes the specimens of `tests.log.parsers` into the corpus folder and goes on from there. Ends with
a traceback, a `crash-*` file in the current folder and a code other than 0 at the first input that
makes the reader raise what is not ours or write other bytes than it read. `-max_total_time=3600`
stops after an hour; without it, it goes on.
"""

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["quorate.log", "quorate.core.encoding", "tests.log"]):
    from tests.log.parsers import PARSERS, Parser


def _planted(data: bytes) -> None:
    """A bug behind three branches."""
    if len(data) > 2 and data[0] == 0x37 and data[1] == 0xFF and data[2] == 0x71:
        raise ZeroDivisionError("planted")


PLANTED = Parser("planted", atheris.instrument_func(_planted), None, (b"specimen",))
"""A reader that is wrong, listed nowhere: that fuzzing finds it shows that fuzzing can."""


def main(arguments: list[str]) -> None:
    """Runs libFuzzer on the named reader; does not return."""
    known = {parser.name: parser for parser in (*PARSERS, PLANTED)}
    if arguments[1:] == ["--list"]:
        print("\n".join(each.name for each in PARSERS))
        return
    if len(arguments) < 3 or arguments[1] not in known:
        sys.exit(f"{__doc__}\nNAME is one of {', '.join(each.name for each in PARSERS)}")
    parser, corpus = known[arguments[1]], Path(arguments[2])
    corpus.mkdir(parents=True, exist_ok=True)
    for number, specimen in enumerate(parser.specimens):
        (corpus / f"specimen-{number}").write_bytes(specimen)
    options = [arguments[0], str(corpus), "-rss_limit_mb=2048", "-timeout=10", *arguments[3:]]

    def try_one(data: bytes) -> None:
        parser.check(data)

    atheris.Setup(options, try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
