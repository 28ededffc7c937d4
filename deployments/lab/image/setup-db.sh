#!/bin/sh
# Makes the database host from the light one: MariaDB with a small stock-keeping schema, and an SNMP agent as network devices have.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get -q -y -o Dir::Etc::sourcelist=/build/main.list --no-install-recommends install mariadb-server snmpd
cat > /etc/mysql/mariadb.conf.d/60-lab.cnf <<'END'
[mariadbd]
bind-address = 127.0.0.1
innodb_buffer_pool_size = 64M
log_bin = mariadb-bin
binlog_expire_logs_seconds = 864000
innodb_flush_method = fsync
END
# Containers often have no IPv6, and snmpd ends when one of its addresses cannot be had.
sed -i 's/^agentaddress .*/agentaddress udp:161/' /etc/snmp/snmpd.conf
install -d -o mysql -g mysql /run/mysqld
mariadbd-safe --user=mysql --skip-networking &
n=0
until mariadb-admin ping --silent; do sleep 0.5; n=$((n + 1)); [ $n -lt 120 ]; done
mariadb < /build/stock.sql
mariadb-admin shutdown
n=0
while pgrep -x mariadbd > /dev/null; do sleep 0.2; n=$((n + 1)); [ $n -lt 150 ]; done
systemctl enable -q mariadb.service snmpd.service
# The sockets of the package listen on every address, whatever bind-address says.
systemctl mask -q mariadb.socket mariadb-extra.socket
apt-get clean
rm -f /usr/sbin/policy-rc.d /var/log/apt/* /var/log/dpkg.log /var/log/alternatives.log
rm -rf /build
