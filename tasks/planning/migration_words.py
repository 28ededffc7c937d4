"""What people read of a migration beside its steps: what moves, what users notice, how risky it is, how long there is a way back. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from reports.records import Language, Risk, Survey, Text
from tasks.planning.migration_facts import Facts
from tasks.planning.moving_servers import server_of
from tasks.requests import MigrationRequest

SKEW_S = 5.0


def impact(request: MigrationRequest, old: Facts, ways: Mapping[str, str]) -> Text:
    moving = _what_moves(request, old)
    zh = f"迁移内容：{moving.zh}。数据在服务运行时复制；仅在隔离旧主机、开启新主机和切换入口期间用户无法使用，时长见演练实测。"
    en = (f"What moves: {moving.en}. Data are copied while the service runs. Users are cut off only while the old host is fenced, the new one opened and "
          "the front door turned; the rehearsal measured for how long.")
    if ways:
        zh += "数据经 SSH 在主机之间直接传输，地址为：" + "；".join(f"{name} {way}" for name, way in ways.items()) + "。"
        en += " The data go straight from host to host by SSH, at these addresses: " + "; ".join(f"{name} {way}" for name, way in ways.items()) + "."
    if door := request.front_door:
        host, to = door.host or request.source, door.then.replace("@new@", request.destination)
        zh += f"入口是 {host} 上的 {door.file}：由 {door.now} 改为 {to}，用户使用的地址不变。"
        en += f" The front door is {door.file} on {host}: {door.now} becomes {to}; users keep the address they have."
    if address := request.service_address:
        zh += f"服务地址 {address.address} 随服务移到新主机。"
        en += f" The service's address {address.address} moves to the new host with it."
    if record := request.dns_record:
        zh += f"{record.name} 的记录最后修改；此前查询过的用户在记录的 TTL 之内仍访问旧地址。"
        en += f" The record of {record.name} is changed last; who has asked for it before goes to the old address until its TTL is over."
    if not (request.front_door or request.service_address or request.dns_record):
        zh += "入口由人员切换，切换之前用户无法使用。"
        en += " People switch the traffic; until then users cannot work."
    zh += "旧主机上的数据与文件保留，不删除。"
    en += " Nothing is deleted on the old host."
    if request.afterwards:
        zh += "此后由人员执行：" + "；".join(request.afterwards) + "。"
        en += " Afterwards people do: " + "; ".join(request.afterwards) + "."
    return Text(zh=zh, en=en)


def _what_moves(request: MigrationRequest, old: Facts) -> Text:
    server = server_of(request)
    named = server.named(old) if server else Text(zh="", en="")
    parts = [("服务", "services", [*request.services, *request.ahead]), ("", "databases", [named] if server else []), ("账号", "accounts", request.accounts),
             ("配置", "configuration", [*request.configuration, *(server.paths if server else ())]), ("数据文件", "data files", request.data)]

    def said(language: Language) -> str:
        lines = [(zh if language == "zh" else en, [one.say(language) if isinstance(one, Text) else one for one in names]) for zh, en, names in parts if names]
        return "；".join(f"{what} {'、'.join(names)}".strip() for what, names in lines) if language == "zh" else "; ".join(
            f"{what}: {', '.join(names)}" for what, names in lines)

    return Text(zh=said("zh"), en=said("en"))


def way_back(request: MigrationRequest, old: Facts) -> Text:
    zh = "任一步骤或验收检查失败即按相反顺序回退；结束之后也可凭批准回退。"
    en = "The first failure of a step or an acceptance check backs it out in the opposite order; it can be backed out later, too, with an approval. "
    server = server_of(request)
    if server is None:
        return Text(zh=zh + "切换之后写入新主机“数据文件”的内容随回退带回旧主机。",
                    en=en + "What was written to the data files on the new host since the cutover comes back with it.")
    bound = server.bound_of_way_back(old)
    return Text(
        zh=zh + f"切换之后写入新主机的数据库数据与“数据文件”随回退带回旧主机，{bound.zh}；此后不再有保留数据的回退途径，回退会在改动任何内容之前停止。",
        en=en + f"What was written to the database and the data files on the new host since the cutover comes back with it, {bound.en}. "
                "Beyond that there is no way back that keeps these data, and a back-out stops before it touches anything.")


def risk(request: MigrationRequest, surveys: dict[str, Survey], old: Facts, new: Facts) -> Risk:
    reasons = [Text(zh="服务连同数据换到另一台主机，切换期间用户无法使用；旧主机被隔离但保持完整，任何时刻只有一台主机可写",
                    en="the service goes to another host with its data, and users are cut off during the cutover; the old host is fenced and stays whole, "
                       "and at no moment may both hosts write")]
    skew = abs(surveys[request.source].clock_offset_s - surveys[request.destination].clock_offset_s)
    if skew > SKEW_S:
        reasons.append(Text(zh=f"两台主机时钟相差 {skew:.0f} 秒；迁移本身不依赖时钟，但应用写入的时间会跳变",
                            en=f"the hosts' clocks differ by {skew:.0f} s; the migration relies on no clock, but the times that applications write will jump"))
    if server := server_of(request):
        reasons += server.reasons(request.source, old, new)
    return Risk(level="high" if len(reasons) > 1 else "medium", reasons=tuple(reasons))
