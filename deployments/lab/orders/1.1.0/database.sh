# Read by the migration scripts: question SQL asks the database that the application uses, as its account.
setting() { sed -n "/^\[database\]/,/^\[web\]/s/^$1 *= *//p" "${ORDERS_CONFIG:-/etc/orders/orders.conf}"; }
PGHOST=$(setting host) PGPORT=$(setting port) PGDATABASE=$(setting name) PGUSER=$(setting user) PGPASSWORD=$(setting password)
export PGHOST PGPORT PGDATABASE PGUSER PGPASSWORD
question() { psql -X -q -v ON_ERROR_STOP=1 -c "$1"; }
