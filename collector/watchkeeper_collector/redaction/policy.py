"""What a project wants redacted: a document that its admin writes, checked before it is kept."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from watchkeeper.redaction import BUILT_IN, Mode, Policy, PolicyError

from watchkeeper_collector.errors import InvalidRequestError

MOST_PATTERNS = 32
LONGEST_PATTERN = 1_000
MOST_RULES = 200
LONGEST_NAME = 200
KEY_OF_CHECKS = "only to see that the policy can be built"
RESERVED = frozenset({"attribute", "user", "failed", "redacted"})
"""Names in counts that are no pattern's."""
PUBLIC = frozenset({*BUILT_IN, *RESERVED})
REGION = re.compile(r"[A-Z]{2}")


class AttributeRule(BaseModel):
    """What becomes of the attributes of a name, whatever their values are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST_NAME,
            description="The attribute's name; `*` stands for any part of it. `metadata/user_id` is a"
            " member of an attribute that holds JSON.",
            examples=["http.request.header.*"],
        ),
    ]
    mode: Annotated[
        Mode,
        Field(
            description="`mask`: `[REDACTED]` takes the value's place; `hash`: `[ATTRIBUTE:…]`, the same for"
            " the same value; `drop`: the attribute goes; `flag`: it is counted; `off`: it is not looked at."
        ),
    ]


class ProjectPolicy(BaseModel):
    """What is redacted of a project's telemetry before it is stored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    detectors: Annotated[
        Mapping[str, Mode],
        Field(
            description=f"Mode by detector: {', '.join(f'`{name}`' for name in BUILT_IN)}, or one of your"
            " patterns. What is not named is not looked for.",
            examples=[{"secret": "mask", "email": "hash", "card": "mask"}],
        ),
    ] = {}
    patterns: Annotated[
        Mapping[str, Annotated[str, Field(min_length=1, max_length=LONGEST_PATTERN)]],
        Field(
            max_length=MOST_PATTERNS,
            description="Regular expressions of RE2 by names of your own; masked unless `detectors` says"
            " else. A pattern's first group, if it has one, is what is taken out.",
            examples=[{"employee": r"EMP-\d{6}"}],
        ),
    ] = {}
    attributes: Annotated[
        Sequence[AttributeRule],
        Field(max_length=MOST_RULES, description="The first rule that fits a name counts."),
    ] = ()
    users: Annotated[
        Mode, Field(description="What becomes of users' ids, whatever a dialect calls them.")
    ] = "off"
    names: Annotated[
        bool,
        Field(
            description="Look for personal data in names of spans, events, metrics and scopes too; for"
            " secrets and your patterns it is always looked."
        ),
    ] = False
    phone_regions: Annotated[
        Sequence[str],
        Field(
            max_length=50,
            description="Countries whose telephone numbers are known without a word beside them.",
            examples=[["DE", "AT"]],
        ),
    ] = ()

    @model_validator(mode="after")
    def _check(self) -> "ProjectPolicy":
        """Everything that would fail later."""
        reserved = RESERVED & set(self.patterns)
        if reserved:
            raise ValueError(f"'{min(reserved)}' can't name a pattern: counts use it")
        if wrong := [region for region in self.phone_regions if not REGION.fullmatch(region)]:
            raise ValueError(f"'{wrong[0][:20]}' is no country: two capital letters are expected")
        try:
            self.detecting(KEY_OF_CHECKS)
        except PolicyError as error:
            raise ValueError(str(error)) from None
        return self

    def detecting(self, key: str) -> Policy:
        """The policy of the detectors."""
        return Policy(
            modes=dict(self.detectors),
            patterns=dict(self.patterns),
            key=key,
            phone_regions=tuple(self.phone_regions),
        )

    @property
    def is_on(self) -> bool:
        """Whether there is anything to do."""
        return self.users != "off" or any(rule.mode != "off" for rule in self.attributes) or self._detects

    @property
    def _detects(self) -> bool:
        return any(mode != "off" for mode in self.detectors.values()) or any(
            name not in self.detectors for name in self.patterns
        )

    def render(self) -> str:
        """The document that is kept: the same for equal policies."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True)


def public_name(detector: str) -> str:
    """What a detector is called where others see it: a project's names of patterns are its own."""
    return detector if detector in PUBLIC else "pattern"


def read_policy(document: str | Mapping[str, Any]) -> ProjectPolicy:
    """The policy of a document. Raises ``InvalidRequestError`` that names all that is wrong."""
    try:
        if isinstance(document, str):
            return ProjectPolicy.model_validate_json(document)
        return ProjectPolicy.model_validate(document)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'policy'}: {problem['msg']}"
            for problem in error.errors()
        )
        raise InvalidRequestError(f"The redaction policy can't be used: {problems}.") from None
