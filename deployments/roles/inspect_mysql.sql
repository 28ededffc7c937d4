-- The account that inspections log in as (MySQL 8). Run as root by the client; running it again changes nothing more:
--     mysql < inspect_mysql.sql
-- Write the address of the worker for '%' (or 127.0.0.1, where an SSH tunnel is used), then give it a password:
--     ALTER USER 'standfast_inspect'@'%' IDENTIFIED BY '...' ACCOUNT UNLOCK;
-- See docs/database-inspection.md for what it may and what stays hidden from it.
CREATE USER IF NOT EXISTS 'standfast_inspect'@'%' IDENTIFIED BY RANDOM PASSWORD WITH MAX_USER_CONNECTIONS 3 ACCOUNT LOCK;

-- PROCESS: sessions, transactions, InnoDB. REPLICATION CLIENT: replication. SHOW VIEW, REFERENCES: which tables and columns there are;
-- information_schema hides them from accounts that have no right on them. None of these reads a row of the customer's.
GRANT PROCESS, SHOW DATABASES, REPLICATION CLIENT, SHOW VIEW, REFERENCES ON *.* TO 'standfast_inspect'@'%';

-- Replication, row locks, which indexes and statements are used (MY-09, MY-10, MY-34, MY-49): texts without constants.
GRANT SELECT ON performance_schema.* TO 'standfast_inspect'@'%';

-- Which accounts lack a password (MY-50). The table holds password hashes; leave this out, and MY-50 answers "unknown".
GRANT SELECT ON mysql.user TO 'standfast_inspect'@'%';
