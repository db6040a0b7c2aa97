"""What is redacted, and how: the policy that the setting ``redact`` stands for."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeGuard, get_args

from watchkeeper.redaction.pattern import PatternDetector, PolicyError

Mode = Literal["mask", "hash", "drop", "flag", "off"]
"""``mask``: ``[EMAIL]`` in its place. ``hash``: ``[EMAIL:…]``, the same for the same value. ``drop``: the
whole text goes. ``flag``: it is counted and stays. ``off``: it is not looked for.
"""
Rewrite = Callable[[str], str]

MODES: tuple[Mode, ...] = get_args(Mode)
PERSONAL = ("email", "iban", "card", "ssn", "ip", "phone")
SECRET = "secret"  # noqa: S105 - a detector's name
BUILT_IN = (SECRET, *PERSONAL)
"""Names of the detectors, the surest first: where two find the same, the first one names it."""
NAME = re.compile(r"[a-z][a-z_]{0,31}")
NOTHING, EVERYTHING = (
    frozenset({"0", "false", "no", "none", "off"}),
    frozenset({"1", "true", "yes", "on", "default", "all"}),
)


@dataclass(frozen=True, slots=True)
class Policy:
    """``modes`` by detector, own patterns among them; one that is not named is off.

    ``patterns`` are regular expressions of RE2 by name, which needs the extra ``redaction``. ``function`` is
    the application's own, from text to text, and runs first. ``key`` makes the digests of ``hash``.
    ``phone_regions`` are countries (``"DE"``) whose telephone numbers are known without a word beside them;
    it needs the extra too.
    """

    modes: Mapping[str, Mode] = field(default_factory=lambda: {SECRET: "mask"})
    patterns: Mapping[str, str] = field(default_factory=dict)
    function: Rewrite | None = None
    key: str = field(default="", repr=False)
    phone_regions: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Raises ``PolicyError`` for what would fail later."""
        for name in self.patterns:
            if name in BUILT_IN or not NAME.fullmatch(name):
                raise PolicyError(
                    f"The pattern '{name}' needs a name of small letters and underscores, not a detector's."
                )
            PatternDetector(name, self.patterns[name])
        known = (*BUILT_IN, *self.patterns)
        for name, mode in self.modes.items():
            if name not in known:
                raise PolicyError(f"redact names the detector '{name}', but there are {', '.join(known)}.")
            if mode not in MODES:
                raise PolicyError(
                    f"redact has {mode!r} for '{name}', but one of {', '.join(MODES)} is expected."
                )
        if "hash" in self.modes.values() and not self.key:
            raise PolicyError(
                "redact asks for hash, which needs a key: set redact_key, the same in every process."
            )

    @property
    def is_on(self) -> bool:
        return self.function is not None or any(mode != "off" for mode in self.active.values())

    @property
    def active(self) -> dict[str, Mode]:
        """Modes of the detectors that run, the application's patterns first."""
        modes: dict[str, Mode] = {name: self.modes.get(name, "mask") for name in self.patterns}
        modes |= {name: self.modes.get(name, "off") for name in BUILT_IN}
        return {name: mode for name, mode in modes.items() if mode != "off"}


def read_policy(given: Any, key: str = "") -> Policy:
    """The policy that ``given`` stands for.

    ``None``: secrets. ``True`` or ``"default"``: secrets and personal data. ``False`` or ``"none"``: nothing.
    Names (``["email"]``, ``"email,card=hash"``) and modes by name (``{"email": "hash"}``): these, and secrets
    unless they are turned off; a name that is no detector's is that of a pattern
    (``{"employee": r"EMP-\\d+"}``). A function from text to text: secrets, and what it does. A ``Policy``:
    itself. Raises ``PolicyError``.
    """
    match given:
        case Policy():
            return given
        case None:
            return Policy(key=key)
        case bool() | str():
            return _read_text(str(given), key)
        case Mapping():
            return _read_mapping(given, key)
        case list() | tuple() | set() | frozenset():
            return _read_mapping(dict(map(_named, given)), key)
        case _ if callable(given):
            return Policy(function=given, key=key)
    raise PolicyError(
        f"redact is {given!r}, but True, False, names of detectors, modes by name, a Policy or a function "
        "from text to text is expected."
    )


def _read_text(text: str, key: str) -> Policy:
    if text.strip().lower() in EVERYTHING:
        return Policy(modes=dict.fromkeys(BUILT_IN, "mask"), key=key)
    if text.strip().lower() in NOTHING:
        return Policy(modes={})
    return _read_mapping(dict(_named(part) for part in text.split(",") if part.strip()), key)


def _named(part: Any) -> tuple[str, str]:
    """``email`` or ``email=hash``; a compiled pattern gives its text under a name of its own."""
    if isinstance(part, re.Pattern):
        return "pattern", part.pattern
    if not isinstance(part, str):
        raise PolicyError(f"redact lists {part!r}, but names of detectors are expected.")
    name, _, mode = part.partition("=")
    return name.strip(), mode.strip() or "mask"


def _read_mapping(given: Mapping[Any, Any], key: str) -> Policy:
    modes: dict[str, Mode] = {SECRET: "mask"}
    patterns: dict[str, str] = {}
    for name, value in given.items():
        text = value.pattern if isinstance(value, re.Pattern) else value
        if _is_mode(text):
            modes[name] = text
        elif name not in BUILT_IN and isinstance(text, str):
            patterns[name] = text
        else:
            raise PolicyError(
                f"redact has {value!r} for '{name}', but one of {', '.join(MODES)} is expected."
            )
    return Policy(modes=modes, patterns=patterns, key=key)


def _is_mode(value: Any) -> TypeGuard[Mode]:
    return value in MODES
