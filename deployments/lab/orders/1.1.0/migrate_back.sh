#!/bin/sh
# Takes away the column "channel". May be run again.
set -eu
. "$(dirname "$0")/database.sh"
question 'ALTER TABLE orders DROP COLUMN IF EXISTS channel'
