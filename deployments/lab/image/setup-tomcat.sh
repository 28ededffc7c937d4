#!/bin/sh
# Makes the Tomcat host from the light one: Tomcat 10 at the main suite's version, answering on port 8080.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get -q -y -o Dir::Etc::sourcelist=/build/main.list --no-install-recommends install tomcat10 openjdk-17-jre-headless
systemctl enable -q tomcat10.service
apt-get clean
rm -f /usr/sbin/policy-rc.d /var/log/apt/* /var/log/dpkg.log /var/log/alternatives.log
rm -rf /build
