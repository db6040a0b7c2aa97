"""What the application says about the calls it makes: session, user, feature, prompt, tags.

Labels travel in OpenTelemetry's own context, so whatever carries that (asyncio, our carriers for threads,
another instrumentation) carries them too.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Token
from typing import Any

from opentelemetry.context import Context, attach, create_key, get_value, set_value

from watchkeeper.conventions import PROMPT_VARIABLE
from watchkeeper.reading import Attributes

_LABELS = create_key("watchkeeper-labels")
NONE: Attributes = {}


@contextmanager
def context(
    *,
    session: str | None = None,
    user: str | None = None,
    feature: str | None = None,
    prompt: str | tuple[str, str] | None = None,
    variables: Mapping[str, object] | None = None,
    tags: Mapping[str, str | bool | int | float] | None = None,
) -> Iterator[None]:
    """Label every span that starts inside; also usable as a decorator.

    ``prompt`` is a name, or a name and a version; ``variables`` are what was filled into it, which counts as
    content; ``tags`` become attributes under the names given. Inner labels add to outer ones.
    """
    given: Attributes = {
        key: str(value) for key, value in _named(session, user, feature) if value is not None
    }
    if prompt is not None:
        name, version = (prompt, None) if isinstance(prompt, str) else prompt
        given["gen_ai.prompt.name"] = name
        given.update({"gen_ai.prompt.version": str(version)} if version is not None else {})
    given.update({f"{PROMPT_VARIABLE}{key}": str(value) for key, value in (variables or {}).items()})
    given.update(tags or {})
    token = attach(set_value(_LABELS, {**current_labels(), **given}))
    try:
        yield
    finally:
        detach(token)


def _named(session: Any, user: Any, feature: Any) -> tuple[tuple[str, Any], ...]:
    return (
        ("session.id", session),
        ("gen_ai.conversation.id", session),
        ("user.id", user),
        ("watchkeeper.feature", feature),
    )


def current_labels(context: Context | None = None) -> Attributes:
    """Labels in force in ``context``, by default the current one; not to be changed."""
    labels = get_value(_LABELS, context)
    return labels if isinstance(labels, dict) else NONE


def detach(token: Token[Context]) -> None:
    """Undo an ``attach``; where the context that it was made in is gone, there is nothing to undo.

    OpenTelemetry's own ``detach`` logs an error there, which happens to generators that are closed by the
    garbage collector or finished in another task.
    """
    try:
        token.var.reset(token)
    except ValueError:
        return
