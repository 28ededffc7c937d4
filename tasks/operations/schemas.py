"""Schemas that belong to a database server itself, as SQL after IN. Constants."""

OWN_SCHEMAS = "('mysql', 'information_schema', 'performance_schema', 'sys')"  # of MySQL and MariaDB
PG_OWN_SCHEMAS = "('pg_catalog', 'information_schema', 'pg_toast')"
