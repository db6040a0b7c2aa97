"""What ships for production, read by the programs it is for: Docker Compose and the ClickHouse engine."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = Path(sys.executable).with_name("docker-compose")
PASSWORDS = {"WATCHKEEPER_CLICKHOUSE_PASSWORD": "rook", "WATCHKEEPER_POSTGRES_PASSWORD": "crow"}
ENGINE_LOGS = re.findall(
    r"\w+",
    """
    aggregated_zookeeper_log asynchronous_insert_log asynchronous_metric_log azure_queue_log
    background_schedule_pool_log backup_log blob_storage_log bucketed_metric_log crash_log dead_letter_queue
    delta_lake_metadata_log error_log filesystem_cache_log filesystem_read_prefetches_log iceberg_metadata_log
    metric_log opentelemetry_span_log part_log predicate_statistics_log processors_profile_log query_log
    query_metric_log query_thread_log query_views_log s3queue_log session_log text_log trace_log
    transactions_info_log transposed_metric_log zookeeper_connection_log zookeeper_log
    """,
)
SERVER = "<clickhouse><users_config>{users}</users_config>{logs}</clickhouse>"
USERS = """
<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users><default><password/>
<networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default></users></clickhouse>
"""
PROBE = '''
import json, sys, clickhouse_connect
client = clickhouse_connect.get_client(dsn=f"chdb://{sys.argv[1]}", chdb_options={"config-file": sys.argv[2]})
client.command("SYSTEM FLUSH LOGS")
tables = """
    SELECT name, create_table_query FROM system.tables WHERE database = 'system' AND engine = 'MergeTree'
"""
settings = "SELECT name, value FROM system.settings WHERE changed"
server = "SELECT name, value FROM system.server_settings WHERE changed"
print(json.dumps([dict(client.query(sql).result_rows) for sql in (tables, settings, server)]))
client.close()
'''


def compose(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    assert COMPOSE.is_file(), "Docker Compose is missing in the environment: make setup"
    environment = {name: value for name, value in os.environ.items() if name not in PASSWORDS} | variables
    command = [str(COMPOSE), "--file", "docker-compose.yml", "--env-file", os.devnull, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services as Docker Compose understands them."""
    done = compose("config", **PASSWORDS)
    assert (done.returncode, done.stderr) == (0, "")
    return dict(yaml.safe_load(done.stdout)["services"])


@pytest.mark.parametrize("name", PASSWORDS)
def test_compose_asks_for_each_password(name: str) -> None:
    done = compose("config", **{other: value for other, value in PASSWORDS.items() if other != name})
    assert done.returncode != 0
    assert f"required variable {name} is missing a value" in done.stderr


def test_compose_has_the_shape_for_production(services: dict[str, Any]) -> None:
    assert set(services) == {"clickhouse", "postgres", "collector", "dashboard"}


def test_every_service_is_limited_and_watched(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert int(service["deploy"]["resources"]["limits"]["memory"]) > 0, name
        assert service["restart"] == "unless-stopped", name
        assert service["logging"]["options"]["max-size"], name
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"collector"}
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text("utf-8")


def test_no_port_is_open_to_other_machines_unasked(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert {port["published"] for port in ports} == {"4317", "4318", "8501"}
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}


def test_clickhouse_is_the_version_that_the_tests_run_on(services: dict[str, Any]) -> None:
    lock = (ROOT / "locks" / "server.txt").read_text("utf-8")
    embedded = re.search(r"(?m)^chdb-core==(\d+\.\d+)", lock)
    assert embedded is not None
    assert services["clickhouse"]["image"] == f"clickhouse/clickhouse-server:{embedded[1]}"


def test_mounted_files_exist(services: dict[str, Any]) -> None:
    mounts = [mount for service in services.values() for mount in service.get("volumes", [])]
    sources = [Path(mount["source"]) for mount in mounts if mount["type"] == "bind"]
    assert len(sources) == 2
    assert all(source.is_file() for source in sources)


def test_image_copies_only_what_is_there() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    copied = [name for line in re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", text) for name in line.split()]
    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[0] == "!"}
    assert set(copied) == kept


def test_clickhouse_keeps_two_short_logs_of_itself(tmp_path: Path) -> None:
    """The engine itself merges our files over a server configuration in which every log is on."""
    for name in ("config", "users"):
        (tmp_path / f"{name}.d").mkdir()
        shipped = (ROOT / "deploy" / "clickhouse" / f"{name}.xml").read_text("utf-8")
        (tmp_path / f"{name}.d" / "watchkeeper.xml").write_text(shipped, "utf-8")
    logs = "".join(
        f"<{name}><database>system</database><table>{name}</table></{name}>" for name in ENGINE_LOGS
    )
    (tmp_path / "users.xml").write_text(USERS)
    (tmp_path / "config.xml").write_text(SERVER.format(users=tmp_path / "users.xml", logs=logs))
    command = [sys.executable, "-c", PROBE, str(tmp_path / "data"), str(tmp_path / "config.xml")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    tables, settings, server = json.loads(done.stdout)
    assert "TTL event_date + toIntervalDay(3)" in tables.pop("query_log")
    assert "TTL event_date + toIntervalDay(30)" in tables.pop("crash_log")
    assert tables == {}
    assert settings["max_memory_usage"] == "4294967296"
    assert server["max_server_memory_usage_to_ram_ratio"] == "0.85"
