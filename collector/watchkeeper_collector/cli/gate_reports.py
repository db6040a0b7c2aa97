"""What a gate found, for people, for pull requests and for CI systems."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

Verdict = Mapping[str, Any]
TITLES = {"pass": "pass", "fail": "FAIL", "unknown": "cannot tell yet", "warn": "changed"}
MARKS = {"pass": "✅", "fail": "❌", "unknown": "❔", "warn": "⚠️"}
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~@:-])")


def render_rows(found: Verdict) -> list[list[str]]:
    """Measure, verdict, before, after, change for the worse, tolerance, units."""
    rows = [
        [
            one["measure"],
            TITLES[one["verdict"]],
            render_value(one["kind"], one["before"]),
            render_value(one["kind"], one["after"]),
            _between(one),
            render_change(one["kind"], one["tolerance"]),
            f"{one['before_units']:,}/{one['after_units']:,}",
        ]
        for one in found["measures"]
    ]
    if text := found["text"]:
        area = "-" if text["area_under_curve"] is None else f"AUC {text['area_under_curve']:.2f}"
        units = f"{text['before_units']:,}/{text['after_units']:,}"
        rows.append(["text", TITLES[text["verdict"]], "-", "-", area, "-", units])
    return rows


def render_markdown(found: Verdict, baseline: str, candidate: str) -> str:
    """For a pull request. What telemetry names, such as releases, is escaped."""
    lines = [
        f"### {MARKS[found['verdict']]} Watchkeeper gate: {TITLES[found['verdict']]}",
        "",
        f"{_escape(candidate)} against {_escape(baseline)}. {_escape(found['reason'])}",
        "",
        "| measure | | before | after | worse by (95 %) | tolerance | sessions or traces |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in render_rows(found):
        cells = [row[0], f"{_mark(row[1])} {row[1]}", *row[2:]]
        lines.append(f"| {' | '.join(_escape(cell) for cell in cells)} |")
    return "\n".join(lines) + "\n"


def render_junit(found: Verdict) -> str:
    """A test case for each measure; what cannot be told is an error, so that no CI calls it passed."""
    cases: list[Mapping[str, Any]] = [*found["measures"]]
    if found["text"]:
        cases.append({"measure": "text", **found["text"]})
    verdicts = [one["verdict"] for one in cases]
    suite = ET.Element(
        "testsuite",
        name="watchkeeper gate",
        tests=str(len(cases)),
        failures=str(verdicts.count("fail")),
        errors=str(verdicts.count("unknown")),
    )
    for one in cases:
        case = ET.SubElement(suite, "testcase", name=_xml(one["measure"]), classname="watchkeeper.gate")
        if one["verdict"] in {"fail", "unknown"}:
            kind = "failure" if one["verdict"] == "fail" else "error"
            ET.SubElement(case, kind, message=_xml(one["reason"])).text = _xml(one["reason"])
    root = ET.Element("testsuites")
    root.append(suite)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def render_value(kind: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{100 * value:.1f} %" if kind == "share" else f"{value:,.4g}"


def render_change(kind: str, change: float | None) -> str:
    if change is None:
        return "-"
    match kind:
        case "share":
            return f"{100 * change:+.1f} pt"
        case "amount":
            return f"{100 * change:+.0f} %"
        case _:
            return f"{change:+.2f} sd"


def _between(one: Mapping[str, Any]) -> str:
    kind = one["kind"]
    low, high = render_change(kind, one["low"]), render_change(kind, one["high"])
    return f"{render_change(kind, one['change'])} ({low} to {high})"


def _mark(title: str) -> str:
    return next(MARKS[verdict] for verdict, known in TITLES.items() if known == title)


def _escape(text: str) -> str:
    line = " ".join(text.split())
    return MARKUP.sub(r"\\\1", line)


def _xml(text: str) -> str:
    return NOT_XML.sub("\ufffd", text)


HEADINGS: Sequence[str] = ("MEASURE", "VERDICT", "BEFORE", "AFTER", "WORSE BY (95 %)", "TOLERANCE", "UNITS")
