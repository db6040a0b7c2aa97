"""Who may do what, wired: people, and the routers about keys, persons and the audit."""

from fastapi import APIRouter

from watchkeeper_collector.api import audit, me
from watchkeeper_collector.state.state import State


def build_governance(state: State) -> tuple[APIRouter, ...]:
    return (audit.build_router(state.audit), me.build_router())
