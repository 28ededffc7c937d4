#!/bin/sh
# Makes the host with disks from the full one: the tools of XFS and btrfs beside those of ext4. The disks themselves are made on the running host.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get -q -y -o Dir::Etc::sourcelist=/build/main.list --no-install-recommends install xfsprogs btrfs-progs e2fsprogs
apt-get clean
rm -f /usr/sbin/policy-rc.d /var/log/apt/* /var/log/dpkg.log /var/log/alternatives.log
rm -rf /build
