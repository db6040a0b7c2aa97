"""A person signs in through an OpenID Connect provider, in a real browser, and sees what is theirs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Site, dashboard, visiting
from tests.collector import CollectorProcess
from tests.oidc import CLIENT_ID, CLIENT_SECRET, Provider

NOWHERE = "clickhouse://127.0.0.1:9/watchkeeper"
GRANTS = '{"on-call": "checkout:admin search:viewer"}'


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as opened:
        opened.person = {**opened.person, "groups": ["on-call"]}
        yield opened


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Site]:
    """A collector and a dashboard that know the provider; what is looked at needs no ClickHouse."""
    data_dir: Path = tmp_path_factory.mktemp("office") / "data"
    settings = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT_ID, "oidc_grants": GRANTS}
    sign_in = {"issuer": provider.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    collector = CollectorProcess(data_dir, dsn=NOWHERE, **settings)
    with collector, dashboard(collector, sign_in) as url:
        yield Site(collector, url)


def test_a_person_signs_in_switches_the_project_and_signs_out(
    office: Site, provider: Provider, browser: Browser
) -> None:
    with visiting(browser, office.url) as visitor:
        page = visitor.page
        visitor.open("/audit")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        page.get_by_role("link", name="Audit").click()
        expect(page.get_by_text("Nothing happened")).to_be_visible()
        page.get_by_role("button", name="more_vert icon").click()
        expect(page.get_by_text("ada@example.com (admin)")).to_be_visible()
        page.get_by_role("combobox", name="Show project").click()
        page.get_by_role("option", name="search").click()
        expect(page.get_by_text("This key may not see that")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
        visitor.strangers = [url for url in visitor.strangers if not url.startswith(provider.issuer)]
