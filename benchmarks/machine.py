"""The machine that figures come from, and how fast it is at the moment."""

import os
import platform
import statistics
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).parents[1]
CALIBRATION_STEPS = 500_000
CALIBRATIONS = 3


class Machine(NamedTuple):
    """``calibration_us`` is the CPU time of a fixed loop in Python: figures of two runs compare by it."""

    cpu: str
    cores: int
    memory_gib: int
    disk: str
    system: str
    python: str
    engine: str
    commit: str
    load: float
    calibration_us: int

    def render(self) -> str:
        return (
            f"{self.cores} cores ({self.cpu}), {self.memory_gib} GiB, {self.disk}, {self.system},"
            f" Python {self.python}, chDB {self.engine}, commit {self.commit}; load average {self.load:.1f},"
            f" calibration {self.calibration_us:,} µs"
        )


def describe_machine(folder: Path) -> Machine:
    """``folder`` is on the disk that is measured."""
    return Machine(
        cpu=_cpu_name(),
        cores=os.cpu_count() or 0,
        memory_gib=round(psutil.virtual_memory().total / 2**30),
        disk=_file_system(folder),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        engine=version("chdb"),
        commit=_commit(),
        load=os.getloadavg()[0],
        calibration_us=calibrate(),
    )


def calibrate() -> int:
    """CPU time of a fixed loop, in microseconds: the median of a few goes."""
    return round(statistics.median(_loop_s() for _ in range(CALIBRATIONS)) * 1e6)


def _loop_s() -> float:
    began_s = time.thread_time()
    total = 0
    for step in range(CALIBRATION_STEPS):
        total += step
    return time.thread_time() - began_s


def _cpu_name() -> str:
    with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        return next(names, platform.machine())


def _file_system(folder: Path) -> str:
    """The kind of file system that holds the folder."""
    mounts = [
        (part.mountpoint, part.fstype)
        for part in psutil.disk_partitions(all=True)
        if folder.resolve().is_relative_to(part.mountpoint)
    ]
    return max(mounts, default=("", "unknown disk"), key=lambda mount: len(mount[0]))[1]


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude", "*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"
