"""The price tables: what is known, what is in force, and how a new price gets there."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from watchkeeper_collector.pricing.connection import Connection
from watchkeeper_collector.pricing.terms import ALWAYS, PriceTerms, in_utc

Source = Literal["catalogue", "override"]
Pair = tuple[str, str]

COLUMNS = (
    "Source", "Project", "Provider", "Model", "ServiceTier", "ValidFrom", "IsPriced", "PricedAs", "Units",
    "Leaves", "Rates", "StepDayUs", "StepInput", "PriceVersion", "UpdatedAt",
)  # fmt: skip

NOTHING = PriceTerms("", ALWAYS, (), (), ())

CATALOGUE_VERSIONS = """
SELECT Provider, Model, argMax(PriceVersion, UpdatedAt)
FROM {database}.model_prices
WHERE Source = 'catalogue'
GROUP BY Provider, Model
"""

TERMS_IN_FORCE = """
SELECT ServiceTier, ValidFrom, Units, Leaves, Rates, StepDayUs, StepInput
FROM {database}.current_prices
WHERE Source = {source:String}
    AND Project = {project:String}
    AND Provider = {provider:String}
    AND Model = {model:String}
ORDER BY ServiceTier, ValidFrom
"""

PRICES_IN_FORCE = """
SELECT
    Source,
    Project,
    Provider,
    Model,
    ServiceTier,
    ValidFrom,
    ValidUntil,
    PricedAs,
    Units,
    Rates,
    StepDayUs,
    StepInput,
    PriceVersion
FROM {database}.current_prices
WHERE Project IN ('', {project:String})
    AND ({provider:String} = '' OR Provider = {provider:String})
    AND ({model:String} = '' OR Model = {model:String})
ORDER BY Provider, Model, ServiceTier, Source, Project, ValidFrom
LIMIT {limit:UInt32}
"""


@dataclass(frozen=True, slots=True)
class PriceRecord:
    """All prices of one pair from one source; no ``terms``: looked up in vain, or withdrawn."""

    source: Source
    project: str
    provider: str
    model: str
    price_version: str
    priced_as: str = ""
    terms: tuple[PriceTerms, ...] = ()

    def rows(self, updated_at: datetime) -> Iterable[Sequence[Any]]:
        for terms in self.terms or (NOTHING,):
            yield (
                self.source, self.project, self.provider, self.model, terms.service_tier, terms.valid_from,
                bool(self.terms), self.priced_as, list(terms.units), list(terms.leaves), list(terms.rates),
                list(terms.step_day_us), list(terms.step_input), self.price_version, updated_at,
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Where prices and priced spans are. On a cluster every node holds all prices.

    ``touch`` is told, before and after, of spans whose cost is changed: their project and the first and the
    last nanosecond of them.
    """

    connection: Connection
    database: str = "watchkeeper"
    cluster: str = ""
    touch: Callable[[Collection[tuple[str, int, int]]], None] = lambda _: None

    @property
    def dictionary(self) -> str:
        return f"{self.database}.prices"

    @property
    def on_cluster(self) -> str:
        return f"ON CLUSTER '{self.cluster}'" if self.cluster else ""

    @property
    def local_spans(self) -> str:
        """The table that updates go to, which on a cluster is not the one to read from."""
        return f"{self.database}.spans{'_local' if self.cluster else ''} {self.on_cluster}".rstrip()

    def sql(self, statement: str) -> str:
        return statement.replace("{database}", self.database).strip()

    def put(self, records: Sequence[PriceRecord], updated_at: datetime) -> None:
        """Replace the prices of the records' pairs, for every call that is priced from now on."""
        if not records:
            return
        rows = [row for record in records for row in record.rows(updated_at)]
        self.connection.insert("model_prices", COLUMNS, rows, database=self.database)
        self.reload()

    def reload(self) -> None:
        """Have the engine price by what the table says now."""
        self.connection.command(f"SYSTEM RELOAD DICTIONARY {self.dictionary} {self.on_cluster}".rstrip())

    def catalogue_versions(self) -> dict[Pair, str]:
        """Every pair that was ever looked up, found or not, with the price data's version of that day."""
        rows = self.connection.query(self.sql(CATALOGUE_VERSIONS)).rows
        return {(provider, model): version for provider, model, version in rows}

    def terms(self, source: Source, project: str, provider: str, model: str) -> list[PriceTerms]:
        """The terms in force of one pair."""
        key = {"source": source, "project": project, "provider": provider, "model": model}
        rows = self.connection.query(self.sql(TERMS_IN_FORCE), key).rows
        return [
            PriceTerms(tier, in_utc(valid_from), *map(tuple, arrays)) for tier, valid_from, *arrays in rows
        ]

    def prices(self, project: str, provider: str, model: str, limit: int) -> list[dict[str, Any]]:
        """Prices in force that apply to a project, as rows of ``current_prices``."""
        key: Mapping[str, Any] = {"project": project, "provider": provider, "model": model, "limit": limit}
        return self.connection.query(self.sql(PRICES_IN_FORCE), key).dicts()
