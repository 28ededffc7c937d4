#!/bin/sh
# Makes the full host from the light one: PostgreSQL 15 at the main suite's version, the application "orders" with its data, nginx in front.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
# The light host lists the security suite too; here only what main has may come in.
apt-get -q -y -o Dir::Etc::sourcelist=/build/main.list --no-install-recommends install postgresql-15 python3-psycopg2

useradd --system --home-dir /srv/orders --shell /usr/sbin/nologin orders
install -d -m 755 /srv/orders /srv/orders/releases /etc/orders
cp -r /build/orders/1.0.0 /srv/orders/releases/1.0.0
ln -s releases/1.0.0 /srv/orders/current
cp /build/orders.service /etc/systemd/system/orders.service
password=$(head -c 24 /dev/urandom | base64 | tr -d '/+=')
cat > /etc/orders/orders.conf <<END
[database]
host = 127.0.0.1
port = 5432
name = orders
user = orders
password = $password

[web]
listen = 127.0.0.1
port = 8000
END
chown root:orders /etc/orders/orders.conf
chmod 640 /etc/orders/orders.conf

cp /build/nginx-orders.conf /etc/nginx/sites-available/orders
ln -sf ../sites-available/orders /etc/nginx/sites-enabled/orders
rm -f /etc/nginx/sites-enabled/default
nginx -t -q

pg_ctlcluster 15 main start
runuser -u postgres -- psql -q -v ON_ERROR_STOP=1 -c "CREATE ROLE orders LOGIN PASSWORD '$password'" -c "CREATE DATABASE orders OWNER orders"
PGPASSWORD="$password" psql -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -U orders orders < /build/orders.sql
pg_ctlcluster 15 main stop
systemctl enable -q postgresql.service orders.service
apt-get clean
rm -f /usr/sbin/policy-rc.d /var/log/apt/* /var/log/dpkg.log /var/log/alternatives.log /var/log/postgresql/*
rm -rf /build
