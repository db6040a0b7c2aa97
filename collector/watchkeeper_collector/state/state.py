"""The way into the state store."""

from watchkeeper_collector.state.alerts import Alerts
from watchkeeper_collector.state.api_keys import ApiKeys
from watchkeeper_collector.state.audit import Audit
from watchkeeper_collector.state.baselines import BASELINES, SavedBaseline
from watchkeeper_collector.state.database import Database
from watchkeeper_collector.state.deliveries import Deliveries
from watchkeeper_collector.state.erasures import Erasures
from watchkeeper_collector.state.leases import Lease, build_holder
from watchkeeper_collector.state.migration import migrate
from watchkeeper_collector.state.notification_records import ReceiverRecord, RouteRecord, Silence
from watchkeeper_collector.state.notification_tables import RECEIVERS, ROUTES, SILENCES
from watchkeeper_collector.state.notifications import Notifications
from watchkeeper_collector.state.operations import Budget, Comment, Resolutions, View
from watchkeeper_collector.state.projects import Projects
from watchkeeper_collector.state.records import Records
from watchkeeper_collector.state.redaction import RedactionPolicies
from watchkeeper_collector.state.retention import Retentions
from watchkeeper_collector.state.rules import Rules
from watchkeeper_collector.state.tables import BUDGETS, COMMENTS, VIEWS


class State:
    """The repositories on one database. Migrate it before use; close it at the end.

    Leases are held by ``holder``, which at most one process is at a time; without it this process alone.
    """

    def __init__(self, url: str, *, holder: str = "") -> None:
        self.database = Database(url)
        self.audit = Audit(self.database)
        self.database.finish = self.audit.finish
        self.projects = Projects(self.database)
        self.keys = ApiKeys(self.database)
        self.budgets = Records(self.database, BUDGETS, Budget, noun="budget")
        self.views = Records(self.database, VIEWS, View, noun="view")
        self.comments = Records(self.database, COMMENTS, Comment, noun="comment")
        self.baselines = Records(self.database, BASELINES, SavedBaseline, noun="baseline")
        self.resolutions = Resolutions(self.database)
        self.redaction = RedactionPolicies(self.database)
        self.retentions = Retentions(self.database)
        self.erasures = Erasures(self.database)
        self.alerts = Alerts(self.database)
        self.rules = Rules(self.database)
        self.notifications = Notifications(self.database)
        self.deliveries = Deliveries(self.database)
        self.silences = Records(self.database, SILENCES, Silence, noun="silence", name="id")
        self.receivers = Records(self.database, RECEIVERS, ReceiverRecord, noun="receiver")
        self.routes = Records(self.database, ROUTES, RouteRecord, noun="route")
        self.holder = holder or build_holder()

    def migrate(self) -> list[str]:
        """Bring the schema up to this version: the labels of the migrations applied."""
        return migrate(self.database)

    def lease(self, name: str, *, ttl_s: float) -> Lease:
        """The holder's claim to the work ``name``."""
        return Lease(self.database, name, ttl_s=ttl_s, holder=self.holder)

    def close(self) -> None:
        self.keys.close()
        self.database.close()
