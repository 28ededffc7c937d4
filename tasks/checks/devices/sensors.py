"""NET-07 Temperatures, fans and power supplies, as far as the device measures them (R127 网络设备)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reports.records import Text
from tasks.checks.devices import Value, column, columns, figure, words
from tasks.checks.kinds import DeviceCheck, Known, Limit, Limits, Row, Unreadable, critical, not_applicable, ok, warning

PHYSICAL_NAME = "1.3.6.1.2.1.47.1.1.1.1.7"
TYPE, SCALE, PRECISION, VALUE, STATUS = (f"1.3.6.1.2.1.99.1.1.1.{number}" for number in range(1, 6))
CELSIUS, WORKS, BROKEN = 8, 1, 3
LM_NAME, LM_VALUE = "1.3.6.1.4.1.2021.13.16.2.1.2", "1.3.6.1.4.1.2021.13.16.2.1.3"  # thousandths of a degree
BOARDS = {"1.3.6.1.4.1.2011.5.25.31.1.1.1.1.11": "Huawei", "1.3.6.1.4.1.25506.2.6.1.1.1.1.12": "H3C"}
# Cisco: what it is called, and its state 1 normal, 2 warning, 3 critical, 4 shutdown, 5 not present, 6 not functioning.
STATES = {"1.3.6.1.4.1.9.9.13.1.3.1.2": "1.3.6.1.4.1.9.9.13.1.3.1.6", "1.3.6.1.4.1.9.9.13.1.4.1.2": "1.3.6.1.4.1.9.9.13.1.4.1.3",
          "1.3.6.1.4.1.9.9.13.1.5.1.2": "1.3.6.1.4.1.9.9.13.1.5.1.3"}
IN_WORDS = {2: ("告警", "warning"), 3: ("严重", "critical"), 4: ("已关断", "shut down"), 6: ("失效", "not functioning")}
COLDEST, HOTTEST = -60, 200  # beyond, it is no temperature


@dataclass(frozen=True)
class Sensor:
    """celsius: None where it measures something else. state: 0 where it works, else a number of IN_WORDS."""

    name: str
    celsius: float | None = None
    state: int = 0


def parse(output: str) -> list[Sensor]:
    found = columns(output)
    sensors = [*_physical(found), *_plain(found)]
    if strange := [one for one in sensors if one.celsius is not None and not COLDEST <= one.celsius <= HOTTEST]:
        raise Unreadable(f"{strange[0].name} would have {strange[0].celsius:g} °C", f"{strange[0].name} 为 {strange[0].celsius:g} °C,不合理")
    return sensors


def _physical(found: dict[str, Value]) -> Iterator[Sensor]:
    """ENTITY-SENSOR-MIB: a figure with scale and precision. What is not there at the moment (a free slot for optics) is left out."""
    kinds, scales, precisions, values, states = (column(found, oid) for oid in (TYPE, SCALE, PRECISION, VALUE, STATUS))
    names = column(found, PHYSICAL_NAME)
    for index, value in values.items():
        name, state = words(names.get(index, ""), "a sensor's name") or f"sensor {index}", figure(states.get(index, WORKS), "a sensor's state")
        if state == BROKEN:
            yield Sensor(name, state=6)
        elif state == WORKS and kinds.get(index) == CELSIUS:
            scale, precision = figure(scales.get(index, 9), "a scale"), figure(precisions.get(index, 0), "a precision")
            if not (1 <= scale <= 17 and -8 <= precision <= 9):
                raise Unreadable(f"{name} has scale {scale} and precision {precision}", f"{name} 的量级为 {scale}、精度为 {precision},不合理")
            yield Sensor(name, figure(value, "a temperature") * 10.0 ** (3 * (scale - 9) - precision))
        elif state == WORKS:
            yield Sensor(name)


def _plain(found: dict[str, Value]) -> Iterator[Sensor]:
    lm = column(found, LM_NAME)
    for index, value in column(found, LM_VALUE).items():
        yield Sensor(words(lm.get(index, index), "a sensor's name"), figure(value, "a temperature") / 1000)
    for oid, maker in BOARDS.items():
        for index, value in column(found, oid).items():
            if 0 < figure(value, "a temperature") < 65535:  # 0, 65535 and 2^31 - 1 stand for parts without a sensor
                yield Sensor(f"{maker} {index}", float(figure(value, "a temperature")))
    for names, states in STATES.items():
        called = column(found, names)
        for index, value in column(found, states).items():
            state = figure(value, "a state")
            if state != 5:
                yield Sensor(words(called.get(index, index), "a part's name"), state=state if state in IN_WORDS else 0)


def judge(sensors: list[Sensor], limits: Limits, known: Known) -> Iterator[Row]:
    for one in sensors:
        if one.state:
            zh, en = IN_WORDS[one.state]
            yield (warning if one.state == 2 else critical)(f"{one.name} 状态:{zh}", f"{one.name} is {en}", object=one.name)
        elif one.celsius is not None:
            yield Row(limits["celsius"].grade(one.celsius), f"{one.name} 温度 {one.celsius:.0f} °C", f"{one.name} has {one.celsius:.0f} °C", object=one.name,
                      value=round(one.celsius, 1), unit="°C")
        else:
            yield ok(f"{one.name} 正常", f"{one.name} works", object=one.name)
    if not sensors:
        yield not_applicable("设备没有可用的传感器", "the device has no sensor in use")


CHECK = DeviceCheck(
    id="NET-07",
    title=Text(zh="温度、风扇与电源", en="Temperatures, fans and power"),
    oids=(PHYSICAL_NAME, TYPE, SCALE, PRECISION, VALUE, STATUS, LM_NAME, LM_VALUE, *BOARDS, *STATES, *STATES.values()),
    parse=parse,
    judge=judge,
    limits={"celsius": Limit(70, 85, "°C", Text(zh="经验值;请按设备的技术规格设置", en="own judgement; set it by the device's data sheet"))},
    remedy=Text(zh="检查机房温度、进出风口与风扇,更换故障的风扇或电源", en="Check the room's temperature, air inlets and fans; replace what is broken"),
    source="RFC 3433 entPhySensorTable; LM-SENSORS-MIB; HUAWEI-ENTITY-EXTENT-MIB, HH3C-ENTITY-EXT-MIB, CISCO-ENVMON-MIB",
)
