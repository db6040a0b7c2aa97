"""A visitor walks through the demo: every page opens, what it says is what the API says, links lead on."""

import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import expect
from watchkeeper_dashboard import units
from watchkeeper_dashboard.places import PLACES

from tests.browser.conftest import Site, Visitor

WEEK = "2026-01-01T00:00Z..now"
"""All of the demo: a range with fixed ends, so that page and API are asked about the same spans."""
CARDS = {
    "Calls": ("calls", units.count),
    "Spend": ("cost_usd", units.usd),
    "Error rate": ("error_rate", units.ratio),
    "Active users": ("users", units.count),
}
TITLES = [place.title for place in PLACES.values() if place.section]


def test_every_page_opens_from_the_navigation(visitor: Visitor) -> None:
    visitor.open("/?range=30d")
    for title in TITLES:
        visitor.page.get_by_test_id("stSidebarNavLink").filter(has_text=title).click()
        visitor.settle()
        expect(visitor.page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        assert visitor.faults() == []


def test_numbers_on_the_overview_are_those_of_the_api(visitor: Visitor, shop: Site) -> None:
    measures = ",".join(measure for measure, _ in CARDS.values())
    answer = shop.collector.get(f"/api/v1/query?measures={measures}&start=2026-01-01T00:00:00Z")
    visitor.open(f"/?range={WEEK}")
    for label, (measure, render) in CARDS.items():
        card = visitor.page.get_by_test_id("stMetric").filter(has_text=label)
        shown = card.get_by_test_id("stMetricValue").inner_text()
        assert shown.split() == render(answer["rows"][0][measure]).split(), label


def test_a_filter_that_is_typed_is_in_the_url_and_holds(visitor: Visitor) -> None:
    visitor.open("/?range=30d")
    calls = visitor.page.get_by_test_id("stMetric").filter(has_text="Calls").get_by_test_id("stMetricValue")
    before = calls.inner_text()
    bar = visitor.page.get_by_placeholder("model:gpt-4o*")
    bar.fill("provider:anthropic")
    bar.press("Enter")
    expect(calls).not_to_have_text(before)
    visitor.settle()
    assert parameters(visitor) == {"range": ["30d"], "filter": ["provider:anthropic"]}
    after = calls.inner_text()
    visitor.open(urlsplit(visitor.page.url)._replace(scheme="", netloc="").geturl())
    expect(calls).to_have_text(after)


def test_a_filter_that_is_wrong_is_answered_in_words(visitor: Visitor) -> None:
    visitor.open(f"/traces?filter={quote('cost:>x')}")
    expect(visitor.page.get_by_text(re.compile("number|amount|cost", re.IGNORECASE)).first).to_be_visible()


def test_the_user_of_the_surge_is_the_dearest(visitor: Visitor, shop: Site) -> None:
    dearest = shop.collector.get("/api/v1/users?limit=1&order=-cost_usd&start=-30d")["items"][0]["user_id"]
    assert dearest == "user-017"
    visitor.open(f"/user?user={dearest}&range=30d")
    expect(visitor.page.get_by_text(dearest).first).to_be_visible()


def test_a_trace_leads_to_its_session_and_back(visitor: Visitor, shop: Site) -> None:
    found = shop.collector.get("/api/v1/traces?limit=1&start=-30d&filter=has:session%20kind:llm")["items"][0]
    visitor.open(f"/trace?id={found['trace_id']}&range=30d")
    expect(visitor.page.get_by_text(found["name"]).first).to_be_visible()
    visitor.page.get_by_test_id("stPageLink").filter(has_text="ession").first.click()
    visitor.page.wait_for_url(re.compile("/session[?]"))
    visitor.settle()
    assert parameters(visitor)["session"] == [found["sessions"][0]]
    visitor.page.go_back()
    visitor.page.wait_for_url(re.compile("/trace[?]"))
    visitor.settle()
    expect(visitor.page.get_by_text(found["name"]).first).to_be_visible()


def test_a_click_on_a_row_opens_the_trace(visitor: Visitor) -> None:
    visitor.open("/traces?range=30d")
    table = visitor.page.get_by_test_id("stDataFrame").first
    box = table.bounding_box()
    assert box is not None
    visitor.page.mouse.click(box["x"] + 12, box["y"] + 54)
    visitor.page.wait_for_url(re.compile("/trace[?]"))
    visitor.settle()
    assert re.fullmatch("[0-9a-f]{32}", parameters(visitor)["id"][0])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_narrow_screen(visitor: Visitor, scheme: str) -> None:
    visitor.page.emulate_media(color_scheme=scheme)
    visitor.page.set_viewport_size({"width": 420, "height": 900})
    for path in ("/?range=30d", "/spend?range=30d", "/errors?range=30d"):
        visitor.open(path)
        widths = visitor.page.evaluate(
            "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert widths[0] <= widths[1], path


def parameters(visitor: Visitor) -> dict[str, list[str]]:
    return parse_qs(urlsplit(visitor.page.url).query)
