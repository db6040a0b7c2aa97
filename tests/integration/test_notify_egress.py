"""The way out: to the address that was looked at, through the operator's proxy only, and not for ever."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpcore
import pytest
from watchkeeper_collector.alerts.notify.message import Request
from watchkeeper_collector.alerts.notify.sending.egress import Egress, build_ssl_context, read_proxy
from watchkeeper_collector.alerts.notify.sending.policy import EgressPolicy, read_policy
from watchkeeper_collector.errors import ConfigurationError, ForbiddenError

from tests.notify import local_egress
from tests.notify.services import Service

Lookups = list[str]
LOOK_UP = socket.getaddrinfo


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as service:
        yield service


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Lookups]:
    """Has a name mean these addresses, one list for each time that it is looked up."""

    def install(**answers: list[list[str]]) -> Lookups:
        asked: Lookups = []

        def look_up(host: Any, port: Any, *others: Any, **more: Any) -> Any:
            name = str(host).partition(".")[0]
            if name not in answers:
                return LOOK_UP(host, port, *others, **more)
            asked.append(host)
            found = answers[name].pop(0)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return install


def request(service: Service, host: str = "127.0.0.1", path: str = "/x") -> Request:
    return Request(f"http://{host}:{service.url.rpartition(':')[2]}{path}", b"{}")


def test_name_that_means_another_address_a_moment_later_changes_nothing(
    service: Service, names: Callable[..., Lookups]
) -> None:
    asked = names(rebind=[["127.0.0.1"], ["169.254.169.254"]])
    assert local_egress().exchange(request(service, "rebind.example")).status == 200
    assert asked == ["rebind.example"]
    assert service.received[0].headers["host"].startswith("rebind.example")


def test_name_that_means_a_private_address_is_refused_before_any_connection(
    service: Service, names: Callable[..., Lookups]
) -> None:
    names(inner=[["127.0.0.1"]], mixed=[["10.0.0.1", "127.0.0.1"]])
    with pytest.raises(ForbiddenError, match="not on the public internet"):
        Egress(EgressPolicy()).exchange(request(service, "inner.example"))
    assert service.received == []
    assert local_egress().exchange(request(service, "mixed.example")).status == 200


def test_host_may_be_allowed_by_its_name(service: Service, names: Callable[..., Lookups]) -> None:
    names(am=[["127.0.0.1"], ["127.0.0.1"]])
    for allowed in ("am.internal", "*.internal"):
        egress = Egress(read_policy([allowed]))
        assert egress.exchange(request(service, "am.internal")).status == 200
    names(am=[["127.0.0.1"]])
    with pytest.raises(ForbiddenError):
        Egress(read_policy(["*.internal"])).exchange(request(service, "am.internal.example"))


def test_second_address_is_tried_where_the_first_does_not_answer(
    service: Service, names: Callable[..., Lookups]
) -> None:
    names(two=[["127.0.0.2", "127.0.0.1"]])
    assert local_egress().exchange(request(service, "two.example")).status == 200


@pytest.mark.parametrize("text", ["10.0.0.0/99", "a b", "http://x", "", "*"])
def test_setting_that_allows_nothing_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="egress_allow"):
        read_policy([text])


def test_proxy_of_the_environment_is_not_obeyed(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert local_egress().exchange(request(service)).status == 200


def test_operators_proxy_gets_the_request_and_its_password(service: Service) -> None:
    proxy = service.url.replace("http://", "http://user:secret@")
    egress = Egress(EgressPolicy(), proxy)
    assert egress.exchange(Request("http://hooks.example/x", b"{}")).status == 200
    (received,) = service.received
    assert received.path == "http://hooks.example/x"
    assert received.headers["proxy-authorization"].startswith("Basic ")
    assert "secret" not in repr(egress)
    for host in ("127.0.0.1", "2130706433", "localhost", "169.254.169.254"):
        with pytest.raises(ForbiddenError):
            egress.exchange(Request(f"http://{host}/x", b"{}"))
    assert len(service.received) == 1


@pytest.mark.parametrize("text", ["proxy:3128", "socks5://a", "http://", "http://u:secret@a:99999"])
def test_proxy_that_is_none_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(ConfigurationError, match="egress_proxy") as error:
        read_proxy(text)
    assert "secret" not in error.value.message


def test_proxys_password_may_hold_any_character() -> None:
    assert read_proxy("http://a%40b:p%2Fq@[::1]:8080") == ("http://[::1]:8080", ("a@b", "p/q"))


def test_answer_that_never_ends_is_left(service: Service) -> None:
    service.script = ["drip"]
    with pytest.raises(httpcore.TimeoutException):
        local_egress(timeout_s=0.3).exchange(request(service))


def test_authorities_that_cannot_be_read_are_told(tmp_path: Any) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        build_ssl_context(tmp_path / "missing.pem")
    assert build_ssl_context(None).check_hostname
