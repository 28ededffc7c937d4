"""What leads people to the service besides a proxy: an address of its own, and the record of its name. Pure."""

from __future__ import annotations

import re

from reports.records import Text
from tasks.operations import dns_record, service_address
from tasks.planning.migration_facts import Facts
from tasks.requests import DnsRecord, MigrationRequest, ServiceAddress

LITERAL = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")


def blockers(request: MigrationRequest, old: Facts, new: Facts, zone: Facts) -> list[Text]:
    found = _address_blockers(request, old, new) if request.service_address else []
    if record := request.dns_record:
        if not zone.tools:
            found.append(Text(zh=f"{record.host} 上没有 dig 或 nsupdate；请安装 bind9-dnsutils。",
                              en=f"{record.host} has no dig or nsupdate; install bind9-dnsutils."))
        elif str(record.now) not in zone.records:
            there = ", ".join(zone.records)
            found.append(Text(zh=f"{record.host} 上 {record.name} 的 {record.kind} 记录不含 {record.now}（现有：{there or '无'}）。",
                              en=f"On {record.host} the {record.kind} record of {record.name} is not {record.now} (it is: {there or 'none'})."))
        elif str(record.then) in zone.records:
            found.append(Text(zh=f"{record.host} 上 {record.name} 已指向 {record.then}。",
                              en=f"On {record.host}, {record.name} points to {record.then} already."))
    return found


def _address_blockers(request: MigrationRequest, old: Facts, new: Facts) -> list[Text]:
    wish, source, target = request.service_address, request.source, request.destination
    address, found = str(wish.address), []

    def block(stands: object, en: str, zh: str) -> None:
        if stands:
            found.append(Text(zh=zh, en=en))

    named = set(LITERAL.findall(old.setting[1]))
    others = sorted(named & {own.partition("/")[0] for _, own in old.addresses} - {address})
    block(not _of(old, address), f"{source} does not have the address {address}.", f"{source} 没有地址 {address}。")
    block(address not in named, f"{wish.file} on {source} does not set {address}; name the file that does.",
          f"{source} 上的 {wish.file} 没有设置 {address}；请填写设置该地址的文件。")
    block(others, f"{wish.file} on {source} also sets {', '.join(others)}; give {address} a file of its own first.",
          f"{source} 上的 {wish.file} 还设置了 {'、'.join(others)}；请先为 {address} 单独建立配置文件。")
    block(_of(new, address), f"{target} has the address {address} already.", f"{target} 已有地址 {address}。")
    block(new.setting[0], f"{wish.file} is there on {target} already.", f"{target} 上已有 {wish.file}。")
    folder = wish.file.rpartition("/")[0]
    block(not new.setting_folder, f"{target} has no folder {folder}: it sets its addresses by other means than {source}.",
          f"{target} 上没有目录 {folder}：其地址配置方式与 {source} 不同。")
    block(wish.interface not in new.interfaces, f"{target} has no interface {wish.interface}.", f"{target} 没有网络接口 {wish.interface}。")
    return found


def _of(host: Facts, address: str) -> tuple[str, str] | None:
    """Interface and address with its length."""
    return next(((interface, own) for interface, own in host.addresses if own.partition("/")[0] == address), None)


def address_leaves(wish: ServiceAddress) -> tuple[str, str, str, str]:
    """Old host: command, proof, undo, and what must hold before an undo on request."""
    bare = str(wish.address)
    return service_address.leave(bare, wish.file), service_address.left(bare, wish.file), service_address.come_back(bare, wish.file), ""


def address_arrives(wish: ServiceAddress, old: Facts) -> tuple[str, str, str]:
    """New host: command, proof, undo. Its file is the old host's, with the new one's interface."""
    bare, (interface, address), (mode, content) = str(wish.address), _of(old, str(wish.address)), old.setting
    content = re.sub(rf"(?<![\w.-]){re.escape(interface)}(?![\w.-])", wish.interface, content)
    return service_address.arrive(address, wish.interface, wish.file, content, mode), service_address.arrived(bare, wish.file), \
        service_address.go(bare, wish.file)


def record_turns(record: DnsRecord) -> tuple[str, str, str, str]:
    """Name server: command, proof, undo, and what must hold before an undo on request."""
    words = (record.name, record.kind)
    return (dns_record.turn(*words, str(record.now), str(record.then)), dns_record.turned(*words, str(record.now), str(record.then)),
            dns_record.back(*words), dns_record.as_we_left_it(*words))
