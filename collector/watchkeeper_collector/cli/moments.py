"""Times and durations, as they are typed and shown."""

import re
from datetime import UTC, datetime, timedelta

from watchkeeper_collector.cli.failures import USED_WRONGLY, CommandFailedError

UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
DURATION = re.compile(r"(\d{1,6})\s*([smhdw])", re.IGNORECASE)


def read_duration(text: str) -> timedelta:
    """``90s``, ``15m``, ``24h``, ``7d``, ``2w``. Raises ``CommandFailedError``."""
    found = DURATION.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        raise CommandFailedError(
            f"'{text}' is no duration. Expected a number with s, m, h, d or w, such as 24h.",
            exit_code=USED_WRONGLY,
        )
    return timedelta(seconds=int(found[1]) * UNITS_S[found[2].lower()])


def read_moment(text: str) -> datetime:
    """``7d`` (before now), ``2026-11-25`` or ``2026-11-25T15:00Z``; without a zone UTC is meant.

    Raises ``CommandFailedError``.
    """
    if DURATION.fullmatch(text.strip()):
        return datetime.now(UTC) - read_duration(text)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise CommandFailedError(
            f"'{text}' is no time. Expected one such as 7d (before now), 2026-11-25 or 2026-11-25T15:00Z.",
            exit_code=USED_WRONGLY,
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def render_time(moment: datetime) -> str:
    """To the minute, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def render_age(moment: datetime) -> str:
    """How long ago, in its largest unit."""
    age_s = max(0.0, (datetime.now(UTC) - moment).total_seconds())
    unit = next((name for name in ("d", "h", "m") if age_s >= UNITS_S[name]), "s")
    return f"{int(age_s // UNITS_S[unit])}{unit} ago"
