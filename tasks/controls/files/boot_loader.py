"""H-BOOT-01a Modes of the boot loader's configuration (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files import OF_FILES, narrowed, no_wider
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-BOOT-01a",
    **OF_FILES,
    title=Text(zh="引导配置的权限", en="Modes of the boot loader's configuration"),
    severity="medium",
    judge=no_wider("/boot/grub/grub.cfg", "/boot/grub2/grub.cfg", most=0o600),
    mend=narrowed(0o600),
    remedy=Text(zh="chown、chmod 600", en="chown, chmod 600"),
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="file_permissions_grub2_cfg", cis="1.4.2",
)
