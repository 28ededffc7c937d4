#!/bin/sh
# Makes the light host: Debian 12 with systemd, sshd and nginx, all at the versions of the main suite.
# /build/main.list holds the main suite alone, /build/all.list what a host in use has (with the security suite).
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
rm -f /etc/apt/sources.list /etc/apt/sources.list.d/* /etc/apt/apt.conf.d/docker-*
cp /build/main.list /etc/apt/sources.list
cp /build/apt.conf /etc/apt/apt.conf.d/50mirror
[ -s /etc/apt/apt.conf.d/50mirror ] || rm /etc/apt/apt.conf.d/50mirror

apt-get -q update
apt-get -q -y upgrade
apt-get -q -y --no-install-recommends install \
    systemd systemd-sysv openssh-server sudo curl iproute2 iputils-ping procps ca-certificates cron nginx python3 python3-apt

# Nothing on a lab host happens by itself; and what a container cannot have is not tried.
systemctl mask -q apt-daily.timer apt-daily-upgrade.timer apt-daily.service apt-daily-upgrade.service dpkg-db-backup.timer \
    e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-tmpfiles-clean.timer getty.target getty@tty1.service console-getty.service \
    systemd-logind.service systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-udev-trigger.service \
    systemd-remount-fs.service systemd-pstore.service dev-hugepages.mount sys-fs-fuse-connections.mount \
    sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount systemd-modules-load.service systemd-sysctl.service
systemctl set-default -q multi-user.target
echo 'LANG=C.UTF-8' > /etc/default/locale
systemctl enable -q ssh.service nginx.service

for account in ops nosudo; do
    useradd -m -s /bin/bash "$account"
    usermod -p '*' "$account"
done
echo 'ops ALL=(ALL:ALL) NOPASSWD: ALL' > /etc/sudoers.d/ops
chmod 440 /etc/sudoers.d/ops
rm -f /etc/ssh/ssh_host_*
printf 'HostKey /etc/ssh/ssh_host_ed25519_key\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n' > /etc/ssh/sshd_config.d/lab.conf

cp /build/start-host /usr/local/sbin/start-host
chmod 755 /usr/local/sbin/start-host
cp /build/all.list /etc/apt/sources.list
apt-get -q update
apt-get clean
rm -f /usr/sbin/policy-rc.d /var/log/apt/* /var/log/dpkg.log /var/log/alternatives.log
: > /etc/machine-id
rm -rf /build
