"""People: whom a token stands for, and what the groups in it let them do here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio.to_thread

from watchkeeper_collector.api.access import unknown_project
from watchkeeper_collector.api.signing_keys import SigningKeys
from watchkeeper_collector.api.tokens import Audience, check_token, is_token, read_header
from watchkeeper_collector.errors import ConfigurationError, ForbiddenError
from watchkeeper_collector.state.keys import PERSON, ROLES, Principal
from watchkeeper_collector.state.projects import PROJECT_ID

EVERY = "*"
MOST_GROUPS = 1_000
LONGEST_NAME = 200
PEOPLES_ROLES = tuple(role for role in ROLES if role != "sender")


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in a project; ``*`` is every project."""

    project: str
    role: str


@dataclass(frozen=True, slots=True)
class Claims:
    """Where a token says who somebody is, and what its groups may do."""

    grants: Mapping[str, Sequence[Grant]]
    groups: str = "groups"
    name: str = "email"


@dataclass(slots=True)
class People:
    """Recognises people by their tokens. ``projects`` are all there are, for those who may see every one."""

    audience: Audience
    keys: SigningKeys
    claims: Claims
    projects: Callable[[], Sequence[str]] = field(repr=False)

    def read_token(self, headers: Mapping[str, str]) -> str:
        scheme, _, text = headers.get("authorization", "").strip().partition(" ")
        token = text.strip() if scheme.lower() == "bearer" else ""
        return token if is_token(token) else ""

    async def authenticate(self, token: str, project: str) -> Principal:
        """Raises ``UnauthenticatedError``, ``ForbiddenError`` for a person without any project, and
        ``NotFoundError`` for a project that is not theirs, whether or not there is one."""
        header = read_header(token)
        key = await self.keys.find(header.algorithm, header.key_id)
        claims = check_token(token, header.algorithm, key, self.audience)
        name = read_name(claims, self.claims.name)
        grants = find_grants(read_groups(claims, self.claims.groups), self.claims.grants)
        theirs = await self._projects_of(grants)
        if not theirs:
            raise ForbiddenError(
                f"'{name}' belongs to no project here. An administrator grants a role to one of their groups"
                " in `oidc_grants`."
            )
        chosen = project or theirs[0]
        if chosen not in theirs:
            raise unknown_project(chosen)
        roles = {grant.role for grant in grants if grant.project in {chosen, EVERY}}
        scopes = frozenset(scope for role in roles for scope in ROLES[role])
        return Principal(chosen, PERSON + name, scopes, theirs)

    async def _projects_of(self, grants: Sequence[Grant]) -> tuple[str, ...]:
        named = {grant.project for grant in grants}
        if EVERY in named:
            named |= set(await anyio.to_thread.run_sync(self.projects))
        return tuple(sorted(named - {EVERY}))


def read_grants(settings: Mapping[str, str]) -> Mapping[str, Sequence[Grant]]:
    """Grants by group. Raises ``ConfigurationError`` that lists all that is wrong."""
    problems: list[str] = []
    grants = {group: tuple(_read_grants(group, text, problems)) for group, text in settings.items()}
    if problems:
        raise ConfigurationError("These grants in `oidc_grants` are wrong:\n  " + "\n  ".join(problems))
    return grants


def find_grants(groups: Sequence[str], grants: Mapping[str, Sequence[Grant]]) -> list[Grant]:
    return [grant for group in groups for grant in grants.get(group, ())]


def read_groups(claims: Mapping[str, Any], name: str) -> list[str]:
    """The groups that a claim lists, or holds with blanks between. ``a.b`` also means ``b`` within ``a``."""
    found: Any = claims.get(name)
    if found is None and "." in name:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    listed = found.split() if isinstance(found, str) else found
    return (
        [group for group in listed[:MOST_GROUPS] if isinstance(group, str)]
        if isinstance(listed, list)
        else []
    )


def read_name(claims: Mapping[str, Any], name: str) -> str:
    """What the person is called. An address that the provider has not verified may be anybody's."""
    given = claims.get(name)
    is_doubtful = name == "email" and claims.get("email_verified") is False
    text = given if isinstance(given, str) and given and not is_doubtful else str(claims["sub"])
    return "".join(char if char.isprintable() else "?" for char in text[:LONGEST_NAME])


def _read_grants(group: str, text: str, problems: list[str]) -> list[Grant]:
    found, roles = [], ", ".join(PEOPLES_ROLES)
    for part in text.split():
        project, _, role = part.rpartition(":")
        is_project = project == EVERY or PROJECT_ID.fullmatch(project) is not None
        if is_project and role in PEOPLES_ROLES:
            found.append(Grant(project, role))
        else:
            problems.append(f"{group}: '{part[:80]}'. Expected `project:role`, the role one of {roles}.")
    if not text.split():
        problems.append(f"{group}: nothing is granted. Expected `project:role`.")
    return found
