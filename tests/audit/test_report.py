"""The HTML report: whole in itself, silent towards the network, inert whatever the names are."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from quorate.audit.auditor import audit
from quorate.audit.findings import AuditReport, Balance, Failure, RoundStory
from quorate.audit.report import render
from quorate.core.sealing import SealingKey
from tests.simulators.forger import Evidence

HOSTILE = "\"'><script src=//x>alert(1)</script><img onerror=x>&amp;"
Verdict = Callable[[bytes], AuditReport]


class Tags(HTMLParser):
    """Every tag with its attributes, and the text outside of styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile(report: AuditReport) -> AuditReport:
    """The report with a hostile text wherever evidence can put one."""
    story = replace(
        report.story,
        task=HOSTILE,
        rule=HOSTILE,
        model_digest=HOSTILE,
        approvals=(HOSTILE,),
        balances=[Balance(HOSTILE, HOSTILE, 10**18, 1, 1)],
        rounds=[
            RoundStory(
                number=number,
                settled=True,
                accepted=True,
                included=(HOSTILE,),
                excluded=(HOSTILE + "2",),
                medians={HOSTILE: 5},
                rewards={HOSTILE: 5},
                penalties={HOSTILE: 5, HOSTILE + "2": 5},
                suspended=(HOSTILE,),
                loss=1,
                accuracy=1,
                reason=HOSTILE,
            )
            for number in (1, 2)
        ],
    )
    failure = Failure(15, HOSTILE, HOSTILE, HOSTILE)
    return replace(
        report, story=story, exit_code=1, failure=failure, notes=(HOSTILE,), level=HOSTILE
    )


@pytest.fixture(scope="module")
def reports(verdict: Verdict, true_bundle: bytes, evidence: Evidence) -> dict[str, AuditReport]:
    """One report of each kind."""
    verified = verdict(true_bundle)
    return {
        "verified": verified,
        "refused": verdict(true_bundle[:-1] + b"\x01"),
        "undecided": audit(true_bundle, evidence.roots, None),
        "unvouched": audit(true_bundle, None, None),
        "hostile": hostile(verified),
    }


KINDS = ("verified", "refused", "undecided", "unvouched", "hostile")


@pytest.mark.parametrize("which", KINDS)
def test_page__asks_the_network_for_nothing(reports: dict[str, AuditReport], which: str) -> None:
    page = render(reports[which])
    for tag, attributes in Tags(page).tags:
        assert tag not in ("script", "img", "link", "iframe", "object", "embed", "base", "form")
        assert not {"src", "href", "srcset", "action", "data", "xlink:href"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    styles = "".join(re.findall(r"<style>.*?</style>", page, re.DOTALL))
    assert "url(" not in page.split("<body>")[0]
    assert "@import" not in styles
    assert not re.search(r"https?:", page.replace("http://www.w3.org/2000/svg", ""))


@pytest.mark.parametrize("which", KINDS)
def test_page__forbids_all_but_its_own_style(reports: dict[str, AuditReport], which: str) -> None:
    tags = Tags(render(reports[which])).tags
    (policy,) = [
        a["content"] for tag, a in tags if a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    body = next(place for place, (tag, _) in enumerate(tags) if tag == "body")
    assert [tag for tag, _ in tags[:3]] == ["html", "head", "meta"]
    assert any(a.get("http-equiv") for _, a in tags[:body])


def test_page__hostile_names__stay_text(reports: dict[str, AuditReport]) -> None:
    page = render(reports["hostile"])
    assert "<script" not in page
    assert "<img" not in page
    assert HOSTILE in Tags(page).text


def test_page__verified__tells_the_story(reports: dict[str, AuditReport]) -> None:
    report = reports["verified"]
    text = Tags(render(report)).text
    for needed in (report.story.model_digest, "SELF", "north", "testimony", *report.not_proven):
        assert needed in text, needed
    assert all(check.title in text for check in report.checks)


def test_page__refused__names_the_place(reports: dict[str, AuditReport]) -> None:
    report = reports["refused"]
    assert report.failure is not None
    text = Tags(render(report)).text
    assert report.failure.place in text
    assert report.failure.message in text


def test_page__without_a_trust_file__says_that_nobody_vouched(
    true_bundle: bytes, opener: SealingKey
) -> None:
    assert "Nobody vouched" in Tags(render(audit(true_bundle, None, opener))).text
