"""Redaction, wired: policies from the settings and the state store, before the spool and at the API."""

from fastapi import APIRouter

from watchkeeper_collector.api import comments, redaction
from watchkeeper_collector.errors import ConfigurationError, InvalidRequestError
from watchkeeper_collector.otlp.ingest import Ingest
from watchkeeper_collector.redaction.policies import Kept, Policies
from watchkeeper_collector.redaction.policy import ProjectPolicy, read_policy
from watchkeeper_collector.redaction.screen import Hits
from watchkeeper_collector.settings import Settings
from watchkeeper_collector.spool import Spool
from watchkeeper_collector.spool.dead_letters import Append
from watchkeeper_collector.state.state import State

BEYOND_THE_CUT = 64 << 10
"""Characters behind the door's cut that are read too: a value that the cut meets is found first."""


def build_policies(settings: Settings, state: State) -> Policies:
    """Raises ``ConfigurationError`` where the settings' policy can't be used."""
    kept = Kept(
        state.redaction.versions,
        state.redaction.document,
        lambda: settings.redaction_key or state.redaction.secret(),
    )
    longest = settings.max_attribute_bytes + BEYOND_THE_CUT
    return Policies(kept, _read_default(settings), longest_text=longest)


def build_router(state: State, policies: Policies) -> APIRouter:
    return redaction.build_router(state.redaction, policies)


def build_replay(spool: Spool, ingest: Ingest) -> Append:
    """Dead letters are redacted by what the policy is when they are sent again."""

    async def append(
        signal: str, project: str, key_id: str, body: bytes, items: int, *, replay_of: str = ""
    ) -> bool:
        redacted = await ingest.redact(signal, project, body)
        return await spool.append(signal, project, key_id, redacted, items, replay_of=replay_of)

    return append


def build_redact(policies: Policies) -> comments.Redact:
    """What people write down beside telemetry is redacted as if it had come with it."""

    def redact(project: str, text: str) -> str:
        screen = policies.find(project)
        if screen is None:
            return text
        redacted = screen.attribute("comment", text, Hits())
        return redacted if isinstance(redacted, str) else ""

    return redact


def _read_default(settings: Settings) -> ProjectPolicy | None:
    if not settings.redaction:
        return None
    try:
        return read_policy(settings.redaction)
    except InvalidRequestError as error:
        raise ConfigurationError(f"The setting redaction is wrong. {error.message}") from None
