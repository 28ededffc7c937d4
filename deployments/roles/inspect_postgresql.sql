-- The role that inspections log in as (PostgreSQL 12 to 17). Run as a superuser by psql; running it again changes nothing more:
--     psql -d postgres -v role=standfast_inspect -f inspect_postgresql.sql
-- then give it a password, which psql sends as a hash:  \password standfast_inspect
-- See docs/database-inspection.md for what it may and what stays hidden from it.
\set ON_ERROR_STOP on
\if :{?role} \else \set role standfast_inspect \endif

SELECT format('CREATE ROLE %I LOGIN', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 3;
-- The session sets this for itself, too. A default is no lock: what keeps the role from writing is that it has no right to.
ALTER ROLE :"role" SET default_transaction_read_only = on;

-- All settings, all statistics, sizes of everything; none of the customer's rows.
GRANT pg_monitor TO :"role";

-- PG-19, PG-27: mistakes in the configuration files, login rules. They hold addresses and names of accounts, no passwords.
GRANT SELECT ON pg_catalog.pg_file_settings, pg_catalog.pg_hba_file_rules TO :"role";
GRANT EXECUTE ON FUNCTION pg_catalog.pg_show_all_file_settings(), pg_catalog.pg_hba_file_rules() TO :"role";

-- CONNECT, where it was taken from PUBLIC.
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', datname, :'role') FROM pg_database WHERE datallowconn AND NOT datistemplate \gexec

-- The functions above are granted in the database this runs in; PG-19 and PG-27 are asked in the database the entry logs in to.
--
-- Left out on purpose, since it lets the role read all the customer's data; with the customer's consent (PostgreSQL 14 and later):
--     GRANT pg_read_all_data TO standfast_inspect;
-- Without it PG-23 (sequences near their end), PG-31 and PG-32 (fragmentation of large tables and indexes) answer "unknown". A narrower way
-- for PG-23, in every database:  GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO standfast_inspect;
