"""Whatever bytes a stranger serves, the checker answers with its own refusal only."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.independent import checker
from tests.independent.checker import Head, Key, Refused, parse_bundle, parse_receipt
from tests.independent.logs import Party
from tests.independent.policy import BadPolicy, Policy

NOTE_PARTS = st.sampled_from(
    ["\n", "\n\n", "— ", " ", "a", "+", "0", "268", "=", "AAAA", "\u2003", "\x85", "é", "-1",
     "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "c2sp.org/tlog-proof@v1\n", "index 0\n",
     "\x00", "extra ", "— a AAAAAAA=\n", "quorum ", "none", "group ", "witness ", "log ", "any "]
)  # fmt: skip
TEXTS = st.lists(NOTE_PARTS, max_size=20).map(lambda parts: "".join(parts).encode())
BYTES = st.one_of(st.binary(max_size=200), TEXTS)


@settings(max_examples=300, deadline=None)
@given(BYTES)
def test_parsers__any_bytes__parsed_or_refused(raw):
    for parse in (
        lambda: Head.parse(raw, "note"),
        lambda: parse_receipt(raw, "receipt"),
        lambda: parse_bundle(raw, 3, "bundle"),
        lambda: Key.parse(raw.decode("utf-8", "replace")),
        lambda: checker.unbase64(raw.decode("utf-8", "replace"), "base64"),
        lambda: Policy(raw),
    ):
        with contextlib.suppress(Refused, BadPolicy):
            parse()


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["checkpoint", "tile/0/000", "tile/x", "q"]), BYTES))
def test_check_log__any_site__refused(site):
    refused = False
    try:
        checker.check_log(site, Party().trust)
    except Refused:
        refused = True
    assert refused


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_base64__any_bytes__one_spelling(raw):
    from base64 import b64encode

    text = b64encode(raw).decode()
    assert checker.unbase64(text, "base64") == raw
    for other in (f"{text}=", f"{text}\n", text[:-1], text.replace("=", "", 1), f"{text}A"):
        if other != text:
            with contextlib.suppress(Refused):
                assert b64encode(checker.unbase64(other, "base64")).decode() == other
