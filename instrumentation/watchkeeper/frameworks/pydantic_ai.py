"""PydanticAI makes spans by itself, by settings that hold for every agent without its own."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.trace import TracerProvider


@dataclass(frozen=True, slots=True)
class Switch:
    agents: Any
    """The class of all agents."""
    settings: Any

    def remove(self) -> None:
        if _default(self.agents) is self.settings:
            self.agents.instrument_all(instrument=False)


def turn_on(delegates: TracerProvider, *, captures_content: bool) -> Switch | None:
    """``None`` where the application has said what it wants."""
    package = import_module("pydantic_ai")
    agents: Any = package.Agent
    if _default(agents):
        return None
    settings = package.InstrumentationSettings(
        tracer_provider=delegates,
        meter_provider=NoOpMeterProvider(),  # the calls are in our own metrics
        include_content=captures_content,
        include_binary_content=False,
    )
    agents.instrument_all(settings)
    return Switch(agents, settings)


def _default(agents: Any) -> Any:
    return agents._instrument_default  # noqa: SLF001 - there is no public way to ask
