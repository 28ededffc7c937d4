#!/bin/sh
# Makes the virtual machine's files from the full host's: a kernel of its own with boot loader and volume manager, the units that a container cannot have,
# MariaDB beside PostgreSQL, and the agent by which the hypervisor reaches it. machine.py makes a disk of them.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get -q -y -o Dir::Etc::sourcelist=/build/main.list --no-install-recommends install \
    linux-image-cloud-amd64 initramfs-tools zstd grub-pc udev kmod dbus libpam-systemd apparmor qemu-guest-agent \
    lvm2 fdisk e2fsprogs xfsprogs btrfs-progs nftables mariadb-server

systemctl unmask -q e2scrub_reap.service systemd-tmpfiles-clean.timer getty.target getty@tty1.service systemd-logind.service systemd-udevd.service \
    systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-udev-trigger.service systemd-remount-fs.service systemd-pstore.service \
    dev-hugepages.mount sys-fs-fuse-connections.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
    systemd-modules-load.service systemd-sysctl.service
systemctl enable -q systemd-networkd.service
printf '[Match]\nName=eth0\n\n[Network]\nDHCP=ipv4\n' > /etc/systemd/network/eth0.network
sed -i 's/^GRUB_TIMEOUT=.*/GRUB_TIMEOUT=0/; s/^GRUB_CMDLINE_LINUX=.*/GRUB_CMDLINE_LINUX="net.ifnames=0 console=ttyS0"/
    s/^GRUB_CMDLINE_LINUX_DEFAULT=.*/GRUB_CMDLINE_LINUX_DEFAULT=""/; $ a GRUB_TERMINAL=serial' /etc/default/grub  # there is no screen
echo 'grub-pc grub-pc/install_devices multiselect /dev/vda' | debconf-set-selections

apt-get clean
rm -f /usr/sbin/policy-rc.d /usr/local/sbin/start-host /var/log/apt/* /var/log/dpkg.log /var/log/alternatives.log
rm -rf /build
