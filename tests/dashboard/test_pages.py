"""Every page against a real collector with demo data."""

import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, quote

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button
from watchkeeper_dashboard.places import PLACES

from tests.collector import CollectorProcess
from tests.dashboard.conftest import OpenPage, open_app, send, wait_until_ready
from tests.dashboard.hostile import HOST, PAYLOADS
from tests.dashboard.traffic import hostile_trace_id, long_request, shop_request

LISTS = [file for file, place in PLACES.items() if place.section]
OUR_TAGS = {
    "b",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "h4",
    "header",
    "i",
    "p",
    "pre",
    "span",
    "style",
    "summary",
}
OUR_ATTRIBUTES = {"class", "style", "title"}
MARKDOWN_LINK = re.compile(r"(?<!\\)\]\(|(?<!\\)<\w|(?<![\\\w])https?://evil")


class Tags(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}


def check_is_well(app: AppTest) -> None:
    assert [error.message for error in app.exception] == []
    boxes = [
        element.value for element in app.html if "wk-bad" in element.value or "wk-warning" in element.value
    ]
    assert [
        text for text in boxes if "can't read" in text or "did not work" in text or "no answer" in text
    ] == []


def markdown_texts(app: AppTest) -> Iterator[str]:
    """Every text of the page that Streamlit takes for Markdown."""
    for element in (*app.markdown, *app.caption, *app.title, *app.subheader):
        yield element.value
    for widget in (*app.button, *app.metric, *app.expander, *app.toggle):
        yield widget.label
    for link in app.page_link:
        yield link.label


@pytest.mark.parametrize("file", LISTS)
def test_page_shows_the_demo_without_a_fault(open_page: OpenPage, file: str) -> None:
    app = open_page(file)
    check_is_well(app)
    assert app.title[0].value == PLACES[file].title


@pytest.mark.parametrize("part", ["senders", "storage", "prices", "keys", "about"])
def test_every_part_of_data_and_settings_is_shown(open_page: OpenPage, part: str) -> None:
    check_is_well(open_page("data", part=part))


@pytest.mark.parametrize("part", ["firing", "history", "rules", "silences", "receivers"])
def test_every_part_of_alerts_is_shown(open_page: OpenPage, part: str) -> None:
    check_is_well(open_page("alerts", part=part))


def test_an_alert_is_seen_taken_care_of_and_silenced(open_page: OpenPage, site: CollectorProcess) -> None:
    """A rule is made on the page, tried, and fires on the shop's failed calls."""
    app = open_page("alerts", part="rules")
    written = app.text_area[0]
    written.input(RULE)
    button(app, "Try it on the last week").click().run()
    check_is_well(app)
    assert any("It would " in element.value for element in app.html)
    button(app, "Make").click().run()
    check_is_well(app)
    site.until(lambda: firing(site, "CallsFail"), 120)
    (fingerprint,) = firing(site, "CallsFail")
    app = open_page("alerts")
    check_is_well(app)
    assert any("calls fail" in element.value for element in app.html)
    app.button(key=f"ack_{fingerprint}").click().run()
    check_is_well(app)
    (taken,) = site.get("/api/v1/alerts/acknowledgements")["items"]
    assert taken["fingerprint"] == fingerprint
    button(app, "Silence").click().run()
    check_is_well(app)
    (silence,) = site.get("/api/v1/silences")["items"]
    assert 'alertname="CallsFail"' in silence["matchers"]
    assert any("CallsFail fires" in link.label for link in open_page("overview").page_link)


RULE = """
alert: CallsFail
measure: errors
filter: service:shop-assistant
window: 1d
condition: "> 0"
interval: 5s
query_offset: 0s
labels: {severity: page}
annotations: {summary: "{{ value | round }} calls fail"}
"""


def firing(site: CollectorProcess, rule: str) -> list[str]:
    return [one["fingerprint"] for one in site.get(f"/api/v1/alerts?is_firing=true&rule={rule}")["items"]]


def button(app: AppTest, label: str) -> Button:
    return next(button for button in app.button if button.label == label)


def test_numbers_of_the_overview_are_the_api_s(open_page: OpenPage, site: CollectorProcess) -> None:
    app = open_page("overview", range="2d")
    row = site.get("/api/v1/query?measures=calls,users&start=-2d")["rows"][0]
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Calls"] == f"{row['calls']:,}"
    assert shown["Active users"] == f"{row['users']:,}"


def test_filter_and_range_of_the_url_hold_for_a_page(open_page: OpenPage, site: CollectorProcess) -> None:
    app = open_page("traces", filter="kind:llm -status:error", range="2d")
    check_is_well(app)
    assert app.text_input(key="filter").value == "kind:llm -status:error"
    expected = site.get(f"/api/v1/traces?limit=50&start=-2d&filter={quote('kind:llm -status:error')}")[
        "items"
    ]
    assert len(app.dataframe[0].value) == len(expected)


def test_filter_that_nobody_can_read_is_explained(open_page: OpenPage) -> None:
    app = open_page("traces", filter="cost:>x")
    assert any("can&#x27;t read" in element.value for element in app.html)
    assert not app.exception


def test_range_that_is_none_is_explained(open_page: OpenPage) -> None:
    app = open_page("spend", range="yesterday")
    assert any("no time range" in element.value for element in app.html)
    assert not app.exception


def test_facet_goes_into_the_filter_and_out_again(open_page: OpenPage) -> None:
    app = open_page("traces")
    app.button(key="facet_kind_0").click().run()
    chosen = app.text_input(key="filter").value
    assert chosen.startswith("kind:")
    app.button(key="facet_kind_0").click().run()
    assert app.text_input(key="filter").value == ""


def test_trace_shows_its_spans_and_what_was_said(open_page: OpenPage, site: CollectorProcess) -> None:
    trace = site.get(
        f"/api/v1/traces?limit=1&start=-2d&filter={quote('kind:llm has:session service:shop-assistant')}"
    )["items"][0]
    app = open_page("trace", id=trace["trace_id"])
    check_is_well(app)
    assert len(app.selectbox(key="trace_span").options) == trace["span_count"]
    assert {metric.label: metric.value for metric in app.metric}["Calls"] == str(trace["call_count"])


def test_a_trace_longer_than_a_page_opens_part_by_part(open_page: OpenPage, site: CollectorProcess) -> None:
    trace_id = bytes([5] * 16)
    send(site, long_request(time.time_ns() - 3 * 86_400 * 10**9, trace_id, steps=210))
    path = f"/api/v1/traces/{trace_id.hex()}?parent=roots&limit=1"
    site.until(lambda: site.ask(path).status == 200, 60)
    first = open_page("trace", id=trace_id.hex())
    check_is_well(first)
    assert len(first.selectbox(key="trace_span").options) == 200
    shown, after = first.selectbox(key="trace_span").options, ways(first)["Further spans"]
    rest = open_page("trace", id=trace_id.hex(), after=after["after"])
    check_is_well(rest)
    others = rest.selectbox(key="trace_span").options
    assert (len(others), set(others) & set(shown)) == (12, set())
    below = open_page("trace", id=trace_id.hex(), below=ways(first)["Below step 0"]["below"])
    assert [option.split()[1] for option in below.selectbox(key="trace_span").options] == ["1"]
    assert "From the start" in ways(below)


def ways(app: AppTest) -> dict[str, dict[str, str]]:
    """The links of a trace's page, with the parameters of their URLs."""
    found = app.get("page_link")
    return {one.proto.label: dict(parse_qsl(one.proto.query_string)) for one in found}


def test_session_user_and_error_group_open(open_page: OpenPage, site: CollectorProcess) -> None:
    session = site.get("/api/v1/sessions?limit=1&start=-2d&filter=service:shop-assistant")["items"][0]
    user = site.get("/api/v1/users?limit=1&start=-2d")["items"][0]
    group = site.get("/api/v1/errors?limit=1&start=-2d")["items"][0]
    check_is_well(open_page("session", session=session["session_id"]))
    check_is_well(open_page("user", user=user["user_id"], range="2d"))
    check_is_well(open_page("error_group", group=group["fingerprint"], range="2d"))


def test_comment_on_a_trace_is_given_on_its_page(open_page: OpenPage, site: CollectorProcess) -> None:
    trace_id = site.get("/api/v1/traces?limit=1&start=-2d&filter=kind:llm")["items"][0]["trace_id"]
    app = open_page("trace", id=trace_id)
    app.text_area[0].input("The retrieval found nothing here.")
    next(button for button in app.button if button.label == "Comment").click().run()
    comments = site.get(f"/api/v1/comments?trace_id={trace_id}")["items"]
    assert [comment["text"] for comment in comments] == ["The retrieval found nothing here."]


@pytest.mark.parametrize("file", ["overview", "traces", "errors", "users", "sessions", "spend"])
def test_lists_show_hostile_telemetry_as_text(open_page: OpenPage, file: str) -> None:
    check_is_plain(open_page(file, range="15m"))


@pytest.mark.parametrize("number", range(len(PAYLOADS)))
def test_traces_show_hostile_telemetry_as_text(open_page: OpenPage, number: int) -> None:
    check_is_plain(open_page("trace", id=hostile_trace_id(number).hex()))


def check_is_plain(app: AppTest) -> None:
    check_is_well(app)
    for element in app.html:
        tags = Tags(element.value)
        assert tags.found <= OUR_TAGS
        assert tags.attributes <= OUR_ATTRIBUTES
    for text in markdown_texts(app):
        assert not MARKDOWN_LINK.search(text or ""), text
        assert f"//{HOST}" not in (text or "")


def test_collector_that_is_away_is_said_in_words() -> None:
    app = open_app("http://127.0.0.1:9", "traces")
    assert not app.exception
    assert any("does not answer" in element.value for element in app.html)
    assert any(button.label == "Try again" for button in app.button)


def test_key_is_asked_for_and_holds_for_the_visit(tmp_path_factory: pytest.TempPathFactory) -> None:
    with CollectorProcess(tmp_path_factory.mktemp("locked") / "data") as collector:
        wait_until_ready(collector)
        made = collector.ask(
            "/api/v1/keys", method="POST", body={"name": "first", "scopes": ["admin"]}
        ).json()
        app = open_app(collector.http, "traces")
        assert any("Sign in" in element.value for element in app.html)
        app.text_input[1].input("wk_wrong")
        next(button for button in app.button if button.label == "Sign in").click().run()
        assert any("not known" in element.value for element in app.html)
        app.text_input[1].input(made["key"])
        next(button for button in app.button if button.label == "Sign in").click().run()
        assert any("Nothing has arrived yet" in element.value for element in app.html)
        assert any(f"key {made['id']} (admin)" in element.value for element in app.html)
        make_a_key_and_find_it_in_the_audit(app)


def make_a_key_and_find_it_in_the_audit(app: AppTest) -> None:
    app.query_params["part"] = "keys"
    app.switch_page("app_pages/data.py").run()
    next(text for text in app.text_input if text.label == "Name").input("night shift")
    next(box for box in app.selectbox if box.label == "Role").select("responder")
    next(button for button in app.button if button.label == "Make a key").click().run()
    assert any(code.value.startswith("wk_") for code in app.code)
    app.switch_page("app_pages/audit.py").run()
    check_is_well(app)
    assert "POST /keys" in set(app.dataframe[0].value["What"])


def test_one_click_removes_the_demo(tmp_path: Path) -> None:
    with CollectorProcess(tmp_path / "data", default_project="demo", segment_age_s=0.05) as collector:
        wait_until_ready(collector)
        send(collector, shop_request(time.time_ns()))
        collector.until(lambda: collector.get("/api/v1/demo")["spans"] > 0)
        app = open_app(collector.http, "data", part="storage")
        check_is_well(app)
        check_is_well(app.button(key="remove_demo").click().run())
        assert collector.get("/api/v1/demo")["spans"] == 0
        with pytest.raises(KeyError):
            app.button(key="remove_demo")
