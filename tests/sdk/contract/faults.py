"""Every step of ours that a call goes through, each of which can be made to fail."""

from dataclasses import dataclass
from typing import Any, NoReturn

import pytest
from watchkeeper import call, finishing, measuring, packing, recorder, snapshot, streams, tracers


class OurBugError(Exception):
    """A bug of ours."""


def fail(*_: Any, **__: Any) -> NoReturn:
    raise OurBugError


@dataclass(frozen=True)
class Fault:
    owner: Any
    attribute: str

    @property
    def name(self) -> str:
        return f"{self.owner.__name__.rpartition('.')[2]}.{self.attribute}"

    def inject(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(self.owner, self.attribute, fail)


FAULTS = [
    Fault(snapshot.Snapshot, "take"),
    Fault(recorder.Recorder, "begin"),
    Fault(recorder.Recorder, "started"),
    Fault(recorder.Recorder, "start_span"),
    Fault(recorder.Recorder, "ended"),
    Fault(recorder.Recorder, "abandoned"),
    Fault(recorder.Recorder, "_close_span"),
    Fault(tracers.Tracers, "current"),
    Fault(call.Call, "__init__"),
    Fault(call.Call, "finish"),
    Fault(call.Call, "fail"),
    Fault(call.Call, "enter"),
    Fault(call.Call, "answer"),
    Fault(call.Call, "answer_encoded"),
    Fault(call.Call, "observe"),
    Fault(call.Call, "complete"),
    Fault(call.Call, "break_off"),
    Fault(call.Call, "read"),
    Fault(call.Call, "attributes"),
    Fault(call, "attach"),
    Fault(call, "read_failure"),
    Fault(streams.Record, "__init__"),
    Fault(streams.Record, "add"),
    Fault(streams, "notice_closing"),
    Fault(finishing.Finisher, "__call__"),
    Fault(finishing.Finisher, "_call_content"),
    Fault(measuring.Measuring, "record"),
    Fault(packing.Packer, "_take"),
    Fault(packing, "encode_span"),
    Fault(packing, "pack_traces"),
    Fault(packing.Packer, "pack"),
]
