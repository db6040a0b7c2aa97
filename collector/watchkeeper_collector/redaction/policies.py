"""Which screen each project's telemetry goes through at the moment.

A thread reads the versions anew twice a second: a policy set on another collector holds here within a second.
While the state store does not answer, the policies that were last read stay in force, however long that is.
"""

import hashlib
import hmac
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from watchkeeper_collector.errors import InvalidRequestError, OverloadedError, StateUnavailableError
from watchkeeper_collector.redaction.policy import ProjectPolicy, read_policy
from watchkeeper_collector.redaction.screen import LONGEST_TEXT, Screen

REFRESH_INTERVAL_S = 0.5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """How policies are read: the newest version by project, one version's document, the secret of hashes.

    An empty document stands for a policy that was taken back.
    """

    versions: Callable[[], Mapping[str, int]]
    document: Callable[[str, int], str]
    secret: Callable[[], str]


class Policies:
    """``default`` is the policy of projects that have none of their own. ``start`` before use."""

    def __init__(
        self, kept: Kept, default: ProjectPolicy | None = None, *, longest_text: int = LONGEST_TEXT
    ) -> None:
        self._kept = kept
        self._default = default if default is not None and default.is_on else None
        self._default_version = f"settings-{_fingerprint(default)}" if default is not None else ""
        self._longest_text = longest_text
        self._secret = ""
        self._versions: dict[str, int] = {}
        self._screens: dict[str, Screen | None] = {}
        self._broken: dict[str, str] = {}
        self._loading = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.failures = 0

    def find(self, project: str) -> Screen | None:
        """The screen in force; ``None`` for nothing to redact.

        Raises ``OverloadedError`` where the policy can't be followed here: nothing is stored unredacted.
        """
        try:
            return self._screens[project]
        except KeyError:
            return self._make_default(project)

    def refresh(self) -> None:
        """Read what is new. Raises ``StateUnavailableError``."""
        with self._loading:
            if not self._secret:
                self._secret = self._kept.secret()
            for project, version in self._kept.versions().items():
                if self._versions.get(project) != version:
                    self._take(project, version)

    def catch_up(self) -> None:
        """Read what is new after a change of our own. A store that fails now is asked again by the thread."""
        try:
            self.refresh()
        except StateUnavailableError:
            self.failures += 1

    def build(self, project: str, policy: ProjectPolicy, version: str) -> Screen:
        """A screen of the project's, with its hashes."""
        return Screen(version, policy, self._key(project), longest_text=self._longest_text)

    @property
    def default(self) -> ProjectPolicy | None:
        return self._default

    @property
    def default_version(self) -> str:
        return self._default_version

    def start(self) -> None:
        """Read the policies, and keep on reading them in a thread until ``close``."""
        self.refresh()
        self._thread = threading.Thread(target=self._run, name="redaction-policies", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.wait(REFRESH_INTERVAL_S):
            self.catch_up()

    def _take(self, project: str, version: int) -> None:
        document = self._kept.document(project, version)
        self._broken.pop(project, None)
        try:
            if document:
                policy = read_policy(document)
                self._screens[project] = self.build(project, policy, str(version)) if policy.is_on else None
            else:
                self._screens.pop(project, None)
        except InvalidRequestError as error:
            log.error("Telemetry of project '%s' is not taken: %s", project, error)
            self._broken[project] = error.message
            self._screens.pop(project, None)
        self._versions[project] = version

    def _make_default(self, project: str) -> Screen | None:
        if project in self._broken:
            raise OverloadedError(
                "The project's redaction policy can't be followed by this collector, so it takes nothing of"
                f" the project. {self._broken[project]}"
            )
        if self._default is None:
            return None
        with self._loading:
            if project not in self._screens and project not in self._broken:
                self._screens[project] = self.build(project, self._default, self._default_version)
            return self._screens.get(project)

    def _key(self, project: str) -> str:
        """Equal values of two projects have hashes that don't tell so."""
        return hmac.new(self._secret.encode(), project.encode(), hashlib.sha256).hexdigest()


def _fingerprint(policy: ProjectPolicy) -> str:
    return hashlib.sha256(policy.render().encode()).hexdigest()[:8]
