"""Who may do what, wired: people, and the routers about keys, persons and the audit."""

from fastapi import APIRouter, params

from watchkeeper_collector.api import audit, me
from watchkeeper_collector.api.access import IsOperator, operators_only
from watchkeeper_collector.api.people import Claims, People, read_grants
from watchkeeper_collector.api.signing_keys import SigningKeys, check_address, fetch_document
from watchkeeper_collector.api.tokens import Audience
from watchkeeper_collector.errors import ConfigurationError
from watchkeeper_collector.settings import Settings
from watchkeeper_collector.state.state import State


def build_governance(state: State) -> tuple[APIRouter, ...]:
    return (audit.build_router(state.audit), me.build_router())


def build_operator_check(settings: Settings) -> IsOperator:
    """The operators' project is the default one: whoever belongs to it sees the collector as a whole."""
    return lambda caller: caller.project == settings.default_project


def build_metrics_guards(settings: Settings, is_operator: IsOperator) -> list[params.Depends]:
    return [params.Depends(operators_only(is_operator))] if settings.metrics_need_key else []


def build_people(settings: Settings, state: State) -> People | None:
    """Who recognises people; nobody without a provider. Raises ``ConfigurationError``."""
    if not settings.oidc_issuer:
        return None
    check_address(settings.oidc_issuer)
    if not settings.oidc_client_id:
        raise ConfigurationError(
            "With `oidc_issuer` goes `oidc_client_id`: the audience that tokens have to be for."
        )
    return People(
        Audience(settings.oidc_issuer, settings.oidc_client_id),
        SigningKeys(settings.oidc_issuer, fetch_document),
        Claims(read_grants(settings.oidc_grants), settings.oidc_groups_claim, settings.oidc_name_claim),
        lambda: [project.id for project in state.projects.list()],
    )
