"""NET-11 The device's clock is right, or its log is worth little (R127 网络设备)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from reports.records import Text
from tasks.checks.devices import HR_DATE, columns, scalar
from tasks.checks.kinds import DeviceCheck, Known, Limit, Limits, Row, Unreadable

QUARTER_S = 900  # zones differ by quarters of an hour


def parse(output: str) -> tuple[datetime, bool]:
    """The device's date and time, and whether it tells its zone. DateAndTime: 8 octets, 11 with the zone."""
    value = scalar(columns(output), HR_DATE)
    octets = value.encode("latin-1", errors="replace") if isinstance(value, str) else value
    if not isinstance(octets, bytes) or len(octets) not in (8, 11):
        raise Unreadable(f"{str(value)[:40]!r} is no date", f"{str(value)[:40]!r} 不是日期")
    zone = UTC
    if len(octets) == 11:
        if octets[8:9] not in (b"+", b"-") or octets[9] > 14 or octets[10] > 59:
            raise Unreadable("the time zone makes no sense", "时区不合理")
        zone = timezone((-1 if octets[8:9] == b"-" else 1) * timedelta(hours=octets[9], minutes=octets[10]))
    year, (month, day, hour, minute, second, tenth) = int.from_bytes(octets[:2], "big"), octets[2:8]
    return datetime(year, month, day, hour, minute, min(second, 59), 100_000 * min(tenth, 9), tzinfo=zone), len(octets) == 11


def judge(answer: tuple[datetime, bool], limits: Limits, known: Known) -> Iterator[Row]:
    at, with_zone = answer
    off = (at - known.now).total_seconds()
    if not with_zone and abs(off) < 15 * 3600:  # some local time: all that can be told is by how much it is wrong beside its zone
        off = (off + QUARTER_S / 2) % QUARTER_S - QUARTER_S / 2
    yield Row(limits["offset"].grade(abs(off)), f"设备时钟偏差 {off:.0f} 秒", f"the device's clock is {off:.0f} s off", value=round(off, 1), unit="s")


CHECK = DeviceCheck(
    id="NET-11",
    title=Text(zh="设备时钟", en="Device's clock"),
    oids=(HR_DATE,),
    parse=parse,
    judge=judge,
    limits={"offset": Limit(30, 300, "s", Text(zh="经验值;超过后多台设备的日志无法对照",
                                               en="own judgement; beyond, logs of several devices cannot be put together"))},
    clause="GB/T 22239-2019 8.1.5.4 d",
    remedy=Text(zh="配置 NTP 服务器与时区", en="Set NTP servers and the time zone"),
    source="RFC 2790 hrSystemDate; RFC 2579 DateAndTime",
)
