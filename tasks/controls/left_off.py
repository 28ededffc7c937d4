"""What references ask for and is left off on purpose, because it would cut off automation or people. The report says so. Pure."""

from __future__ import annotations

from reports.records import LeftOff, Text

LEFT_OFF = (
    LeftOff(rule="sudo_add_requiretty", title=Text(zh="sudo 要求终端(requiretty)", en="sudo asks for a terminal (requiretty)"),
            why=Text(zh="一切无终端的自动化(备份、巡检、部署)都会失败;以 use_pty 代替",
                     en="all automation without a terminal fails (backups, inspections, roll-outs); use_pty is asked for instead")),
    LeftOff(rule="sudo_add_noexec", title=Text(zh="sudo 禁止再执行程序(noexec)", en="sudo lets commands start no others (noexec)"),
            why=Text(zh="经 sudo 运行的脚本无法启动任何命令", en="scripts under sudo can start nothing")),
    LeftOff(rule="mount_option_tmp_noexec", title=Text(zh="/tmp 禁止执行(noexec)", en="nothing is run from /tmp (noexec)"),
            why=Text(zh="安装程序、部分 Java 组件与软件包脚本在 /tmp 中执行", en="installers, parts of Java and packages' scripts run there")),
    LeftOff(rule="auditd_data_disk_full_action", title=Text(zh="审计磁盘满时停机(halt、single)", en="a full disk of the audit stops the host (halt, single)"),
            why=Text(zh="磁盘写满即造成业务中断", en="a full disk would be an outage")),
    LeftOff(rule="sshd_set_max_sessions", title=Text(zh="每个连接至多 2 个会话(MaxSessions 2)", en="no more than 2 sessions of one connection (MaxSessions 2)"),
            why=Text(zh="同一连接上并行的运维任务会失败;要求不超过 10", en="work side by side over one connection fails; 10 are allowed")),
    LeftOff(rule="accounts_passwords_pam_faillock_deny_root",
            title=Text(zh="多次失败后锁定 root(even_deny_root)", en="root is locked after failed log-ins (even_deny_root)"),
            why=Text(zh="没有带外控制台时,任何人都能把 root 锁在门外", en="without a console out of band anybody could lock root out")),
)
