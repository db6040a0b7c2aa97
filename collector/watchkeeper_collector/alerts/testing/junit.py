"""Outcomes as a report in JUnit's XML, which CI systems show."""

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from watchkeeper_collector.alerts.testing.running import Outcome

NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(outcomes: Sequence[Outcome]) -> str:
    root = ET.Element("testsuites", name="watchkeeper rules test")
    for file, members in groupby(outcomes, key=lambda outcome: outcome.file):
        found = list(members)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=_clean(file),
            tests=str(len(found)),
            failures=str(sum(bool(one.failures) for one in found)),
            time=f"{sum(one.took_s for one in found):.3f}",
        )
        for outcome in found:
            _add_case(suite, outcome)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add_case(suite: ET.Element, outcome: Outcome) -> None:
    name = _clean(outcome.name or "file")
    case = ET.SubElement(
        suite, "testcase", name=name, classname=_clean(outcome.file), time=f"{outcome.took_s:.3f}"
    )
    if outcome.failures:
        message = _clean(outcome.failures[0])
        failure = ET.SubElement(case, "failure", message=message)
        failure.text = _clean("\n".join(outcome.failures))


def _clean(text: str) -> str:
    return NOT_XML.sub("\ufffd", text)
