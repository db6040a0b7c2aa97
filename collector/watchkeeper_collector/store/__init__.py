"""ClickHouse: client pool, migrations, segment sink."""
