"""What is about the collector as a whole, and who may see it; people, through the whole application."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from watchkeeper_collector.app import Collector, build_collector
from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_collector.settings import Settings

from tests.oidc import CLIENT_ID, Provider

NOWHERE = "clickhouse://127.0.0.1:9/watchkeeper"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as opened:
        yield opened


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Collector]:
    built = build_collector(
        Settings(
            data_dir=tmp_path_factory.mktemp("operators"),
            dsn=NOWHERE,
            metrics_need_key=True,
            oidc_issuer=provider.issuer,
            oidc_client_id=CLIENT_ID,
            oidc_grants={"checkout-team": "checkout:analyst", "platform": "*:admin"},
        )
    )
    built.state.migrate()
    for project in ("default", "checkout", "search"):
        built.state.projects.ensure(project)
    built.state.keys.start()
    yield built
    built.state.close()


@pytest.fixture(scope="module")
def client(collector: Collector) -> Iterator[TestClient]:
    with TestClient(collector.http, base_url="http://127.0.0.1", raise_server_exceptions=False) as opened:
        yield opened


def bearer(token: str, project: str = "") -> dict[str, str]:
    chosen = {"x-watchkeeper-project": project} if project else {}
    return {"authorization": f"Bearer {token}", **chosen}


def test_with_a_provider_nobody_is_served_without_a_word_on_loopback_either(client: TestClient) -> None:
    assert client.get("/api/v1/me").status_code == 401
    assert client.post("/v1/traces", headers={"content-type": "application/json"}).status_code == 401


def test_a_person_is_told_who_they_are_and_chooses_a_project(client: TestClient, provider: Provider) -> None:
    me = client.get("/api/v1/me", headers=bearer(provider.token())).json()
    assert (me["kind"], me["name"], me["role"]) == ("person", "ada@example.com", "analyst")
    token = provider.token(groups=["platform"])
    me = client.get("/api/v1/me", headers=bearer(token, "search")).json()
    assert (me["project"], me["projects"]) == ("search", ["checkout", "default", "search"])
    refused = [
        client.get("/api/v1/me", headers=bearer(provider.token(), name)) for name in ("search", "none-ever")
    ]
    assert [answer.status_code for answer in refused] == [404, 404]
    assert refused[0].text.replace("search", "…") == refused[1].text.replace("none-ever", "…")


def test_a_person_acts_by_their_role_and_under_their_name(
    client: TestClient, collector: Collector, provider: Provider
) -> None:
    view = {"page": "traces", "name": "Slow", "query": "start=-24h"}
    assert client.post("/api/v1/views", json=view, headers=bearer(provider.token())).status_code == 403
    boss = provider.token(groups=["platform"], email="eve@example.com")
    made = client.post("/api/v1/views", json=view, headers=bearer(boss, "checkout"))
    assert made.json()["created_by"] == "person:eve@example.com"
    told = [(entry.actor, entry.outcome) for entry in collector.state.audit.chain("checkout")]
    assert told == [("person:ada@example.com", "refused"), ("person:eve@example.com", "done")]


def test_a_token_opens_no_door_of_telemetry(client: TestClient, provider: Provider) -> None:
    headers = bearer(provider.token(groups=["platform"])) | {"content-type": "application/json"}
    assert client.post("/v1/traces", headers=headers, json={}).status_code == 401


def test_metrics_of_all_projects_are_for_operators(client: TestClient, provider: Provider) -> None:
    token = provider.token(groups=["platform"])
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=bearer(token, "checkout")).status_code == 403
    answer = client.get("/metrics", headers=bearer(token, "default"))
    assert (answer.status_code, "watchkeeper_" in answer.text) == (200, True)


def test_a_demo_of_others_can_not_be_removed(client: TestClient, provider: Provider) -> None:
    token = provider.token(groups=["platform"])
    assert client.delete("/api/v1/demo", headers=bearer(token, "checkout")).status_code == 404
    assert client.get("/api/v1/demo", headers=bearer(token, "checkout")).json()["spans"] == 0


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"oidc_issuer": "https://id.example.com"}, "goes `oidc_client_id`"),
        ({"oidc_issuer": "http://id.example.com", "oidc_client_id": "x"}, "no address of a provider"),
        (
            {"oidc_issuer": "https://i.example", "oidc_client_id": "x", "oidc_grants": {"g": "a:owner"}},
            "g: 'a:owner'",
        ),
    ],
)
def test_a_provider_that_can_not_be_is_told_at_the_start(
    tmp_path: Path, settings: dict[str, object], problem: str
) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        build_collector(Settings(data_dir=tmp_path, dsn=NOWHERE, **settings))  # type: ignore[arg-type]
