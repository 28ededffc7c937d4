#!/bin/sh
# Adds the column "channel". May be run again; versions before 1.1.0 go on working with it.
set -eu
. "$(dirname "$0")/database.sh"
question 'ALTER TABLE orders ADD COLUMN IF NOT EXISTS channel text'
question "UPDATE orders SET channel = 'counter' WHERE channel IS NULL"
question "ALTER TABLE orders ALTER COLUMN channel SET DEFAULT 'counter'"
