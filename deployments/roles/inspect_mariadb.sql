-- The account that inspections log in as (MariaDB 10.5 and later). Run as root by the client; running it again changes nothing more:
--     mariadb < inspect_mariadb.sql
-- Write the address of the worker for '%' (or 127.0.0.1, where an SSH tunnel is used), then give it a password:
--     ALTER USER 'standfast_inspect'@'%' IDENTIFIED BY '...' ACCOUNT UNLOCK;
-- See docs/database-inspection.md for what it may and what stays hidden from it.
CREATE USER IF NOT EXISTS 'standfast_inspect'@'%' WITH MAX_USER_CONNECTIONS 3 ACCOUNT LOCK;

-- PROCESS: sessions, transactions, InnoDB. BINLOG MONITOR, SLAVE MONITOR: replication. SHOW VIEW, REFERENCES: which tables and columns there are;
-- information_schema hides them from accounts that have no right on them. None of these reads a row of the customer's.
GRANT PROCESS, SHOW DATABASES, BINLOG MONITOR, SLAVE MONITOR, SHOW VIEW, REFERENCES ON *.* TO 'standfast_inspect'@'%';

-- Which indexes and statements are used (MY-34, MY-49): texts without constants.
GRANT SELECT ON performance_schema.* TO 'standfast_inspect'@'%';

-- Which accounts lack a password (MY-50). The table holds password hashes; leave this out, and MY-50 answers "unknown".
GRANT SELECT ON mysql.global_priv TO 'standfast_inspect'@'%';
