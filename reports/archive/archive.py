"""The archive of changes: register, journal, records, evidence, codes, and the chain of sealed bundles.

Whatever a method returns is on the disk when it returns. Several processes may use one archive at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, func, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from reports.archive import database as databases
from reports.archive.bundle import Sealer, content_of
from reports.archive.codes import CodeAnswer, hash_code, judge
from reports.archive.errors import AlreadyClosed, AlreadyFiled, ArchiveDamaged, ArchiveUnavailable, Unfit, UnknownChange
from reports.archive.keys import load_or_create
from reports.archive.manifest import sha256
from reports.archive.plain import plain, refuse_constant
from reports.archive.rows import Bundle, ChangeRow, Evidence, Verdict
from reports.archive.store import Store
from reports.archive.tables import BundleTable, ChangeTable, CodeTable, EvidenceTable, JournalTable, PaperTable, whole
from reports.archive.verification import verify_chain
from reports.records import Closure, JournalEntry, Record, Text, canonical, same

R = TypeVar("R", bound=Record)
KIND = re.compile(r"[a-z][a-z0-9 _-]{0,63}")
CHAIN = "chain"


class Archive:
    """Open it with `Archive.open`. All methods raise ArchiveUnavailable if database or store do not answer."""

    def __init__(self, engine: Engine, store: Store, key: Ed25519PrivateKey) -> None:
        self._engine = engine
        self._reading_engine = engine.execution_options(standfast_reading=True)
        self._store = store
        self._sealer = Sealer(store, key)

    @classmethod
    def open(cls, database: str, store: Path | str, signing_key: Path | str | None = None) -> Archive:
        """Opens the archive, makes what is missing: tables, folders, key pair.

        database: "postgresql://user:password@host/name", "sqlite:////path/file.db" or a path.
        signing_key: where the secret key lies; by default keys/signing-key.pem in the store.
        Raises ArchiveUnavailable, ArchiveDamaged (a key that has signed bundles is gone), Unfit (a key that is no key).
        """
        engine = databases.connect(database)
        databases.migrate(engine)
        place = Store(Path(store).expanduser().absolute(), Path(signing_key).expanduser().absolute() if signing_key else None)
        with Session(engine.execution_options(standfast_reading=True)) as session:
            sealed = session.scalar(select(func.count()).select_from(BundleTable))
        return cls(engine, place, load_or_create(place.signing_key, create=not sealed))

    @property
    def public_key(self) -> Path:
        """The PEM file that auditors get."""
        return self._store.public_key

    @property
    def bundle_folder(self) -> Path:
        """The folder that holds the chain."""
        return self._store.bundles

    @property
    def root(self) -> Path:
        """The store's folder."""
        return self._store.root

    def dispose(self) -> None:
        """Closes all connections to the database; the archive can still be used and opens new ones."""
        self._engine.dispose()

    # The register of changes

    def new_change(self, *, procedure: str, customer: str, requester: str, operator: str, reason: str, request: dict,
                   opened_at: datetime, run_id: str = "", prefix: str = "CHG") -> str:
        """Registers a change and returns its number, CHG-YYYYMMDD-NNN by the date of `opened_at` in its own zone.

        prefix: INS for an inspection, DIA for a diagnosis, which change nothing and are kept like changes (docs/decisions/0004-inspections.md).
        The same run_id again returns the number that it has, and registers nothing.
        """
        day = f"{prefix}-{_zoned(opened_at):%Y%m%d}-"
        with self.writing("numbers") as session:
            if run_id:
                known = session.scalar(select(ChangeTable.number).where(ChangeTable.opened_by_run == run_id)) or session.scalar(
                    select(ChangeTable.number).where(ChangeTable.run_id == run_id).order_by(ChangeTable.number).limit(1))
                if known:
                    return known
            taken = session.scalars(select(ChangeTable.number).where(ChangeTable.number.startswith(day, autoescape=True)))
            number = f"{day}{max((int(one.removeprefix(day)) for one in taken), default=0) + 1:03d}"
            session.add(ChangeTable(
                number=number, procedure=procedure, customer=customer, requester=requester, operator=operator, reason=reason,
                request=canonical(plain(request)), opened_at=opened_at, closure_reason="", closure_reason_zh="", opened_by_run=run_id or None,
                run_id=run_id, phase="opened"))
        return number

    def change(self, number: str) -> ChangeRow:
        """The change as it is registered; raises UnknownChange."""
        with self.reading() as session:
            return _change_row(self._known(session, number))

    def changes(self, *, open_only: bool = False, customer: str = "", procedure: str = "", since: datetime | None = None, limit: int = 50) -> list[ChangeRow]:
        """The changes, newest first; of one customer or procedure, or opened since then, if that is said."""
        query = select(ChangeTable).order_by(ChangeTable.opened_at.desc(), ChangeTable.number.desc()).limit(limit)
        if open_only:
            query = query.where(ChangeTable.closure.is_(None))
        if customer:
            query = query.where(ChangeTable.customer == customer)
        if procedure:
            query = query.where(ChangeTable.procedure == procedure)
        if since:
            query = query.where(ChangeTable.opened_at >= since)
        with self.reading() as session:
            return [_change_row(row) for row in session.scalars(query)]

    def change_of_run(self, run_id: str) -> str:
        """The number of the change that this run opened or works on; empty if there is none."""
        query = select(ChangeTable.number).where(or_(ChangeTable.opened_by_run == run_id, ChangeTable.run_id == run_id))
        with self.reading() as session:
            return session.scalar(query.order_by(ChangeTable.number).limit(1)) or "" if run_id else ""

    def attach_run(self, number: str, run_id: str) -> None:
        """The newest flow run that works on the change."""
        with self.writing(number) as session:
            self._known(session, number).run_id = run_id

    def close(self, number: str, closure: Closure, reason: Text | str, at: datetime) -> None:
        """Ends the change, once. The same closure again is harmless (reason and time stay); another raises AlreadyClosed.

        Only a change that failed, which is stuck and no end, may be taken up again and get another closure.
        """
        with self.writing(number) as session:
            row = self._known(session, number)
            if row.closure is None or (row.closure == Closure.FAILED.value and closure is not Closure.FAILED):
                row.closure, row.closed_at, row.phase = Closure(closure).value, _zoned(at), "closed"
                both = same(reason) if isinstance(reason, str) else reason
                row.closure_reason, row.closure_reason_zh = both.en, both.zh if both.zh != both.en else ""
            elif row.closure != closure:
                raise AlreadyClosed(f"{number} is closed as {row.closure!r} already and cannot be closed as {closure!s} too; "
                                    "open a new change for what is still to be done.")

    # The journal

    def note(self, number: str, event: str, *, target: str = "", step: int | None = None, attempt: int | None = None,
             at: datetime | None = None, **detail: object) -> JournalEntry:
        """Writes one line into the change's journal; on the disk when it returns, never altered. at: default now.

        detail: anything; what JSON does not know is written as text. Raises UnknownChange.
        """
        moment = _zoned(at or datetime.now(UTC)).astimezone(UTC)
        with self.writing(number) as session:
            self._known(session, number)
            last = session.scalar(select(func.max(JournalTable.sequence)).where(JournalTable.number == number)) or 0
            row = JournalTable(number=number, sequence=last + 1, at=moment, event=whole(event), target=whole(target), step=step,
                               attempt=attempt, detail=canonical(plain(detail)))
            session.add(row)
        return _entry(row)

    def journal(self, number: str, *, event: str | None = None, target: str | None = None) -> tuple[JournalEntry, ...]:
        """The journal in order, all of it or the lines of one event or target; raises UnknownChange."""
        query = select(JournalTable).where(JournalTable.number == number).order_by(JournalTable.sequence)
        if event is not None:
            query = query.where(JournalTable.event == event)
        if target is not None:
            query = query.where(JournalTable.target == target)
        with self.reading() as session:
            self._known(session, number)
            return tuple(_entry(row) for row in session.scalars(query))

    # Records

    def save(self, number: str, kind: str, key: str, record: Record) -> str:
        """Files a record under change, kind ("plan", "survey"...) and key, and returns its fingerprint.

        The same record again changes nothing; another one under the same key raises AlreadyFiled.
        """
        if not KIND.fullmatch(kind):
            raise Unfit(f"The kind {kind!r} is no kind of record; use small letters, digits and spaces, "
                        "such as 'request for approval'.")
        if len(key) > 255 or whole(key) != key:
            raise Unfit(f"The key of the {kind} is too long or holds what is no text; use at most 255 characters.")
        text = record.canonical()
        try:
            json.loads(text, parse_constant=refuse_constant)
            data = text.encode()
        except ValueError as error:
            raise Unfit(f"The {kind} {key!r} cannot be filed, it holds what JSON has no form for: {error}.") from error
        fingerprint = sha256(data)
        with self.writing(number) as session:
            self._known(session, number)
            filed = session.scalar(select(PaperTable).where(
                PaperTable.number == number, PaperTable.kind == kind, PaperTable.key == key))
            if filed is not None:
                if filed.fingerprint == fingerprint or _reads_as(filed.json, record):
                    return filed.fingerprint
                raise AlreadyFiled(f"Another {kind} is filed for {number} under {key!r} ({filed.fingerprint[:16]}, not "
                                   f"{fingerprint[:16]}); what is filed is never replaced, file it under another key.")
            last = session.scalar(select(func.max(PaperTable.position)).where(PaperTable.number == number)) or 0
            session.add(PaperTable(number=number, position=last + 1, kind=kind, key=key, fingerprint=fingerprint, json=text,
                                   saved_at=datetime.now(UTC)))
        return fingerprint

    def load(self, number: str, kind: str, key: str, model: type[R]) -> R | None:
        """The record filed there, None if there is none; raises UnknownChange, ArchiveDamaged."""
        with self.reading() as session:
            self._known(session, number)
            row = session.scalar(select(PaperTable).where(
                PaperTable.number == number, PaperTable.kind == kind, PaperTable.key == key))
            return None if row is None else _record(row, model)

    def load_all(self, number: str, kind: str, model: type[R]) -> list[tuple[str, R]]:
        """All records of one kind with their keys, in the order in which they were filed."""
        with self.reading() as session:
            self._known(session, number)
            rows = session.scalars(select(PaperTable).where(PaperTable.number == number, PaperTable.kind == kind)
                                   .order_by(PaperTable.position))
            return [(row.key, _record(row, model)) for row in rows]

    # Evidence

    def file_evidence(self, number: str, name: str, content: bytes, media_type: str = "text/plain") -> Evidence:
        """Keeps the bytes for the change.

        The same bytes under the same name again change nothing; other bytes are kept beside them.
        """
        if not name or len(name) > 255 or whole(name) != name:
            raise Unfit(f"Evidence of {number} needs a name of 1 to 255 characters, for example 'step 3 output.txt'.")
        self.change(number)
        digest = self._store.put(name, content)
        with self.writing(number) as session:
            row = session.scalar(select(EvidenceTable).where(
                EvidenceTable.number == number, EvidenceTable.name == name, EvidenceTable.sha256 == digest))
            if row is None:
                last = session.scalar(select(func.max(EvidenceTable.position)).where(EvidenceTable.number == number)) or 0
                row = EvidenceTable(number=number, position=last + 1, name=name, sha256=digest, size=len(content),
                                    media_type=media_type, filed_at=datetime.now(UTC))
                session.add(row)
        return _evidence(row)

    def evidence(self, number: str) -> tuple[Evidence, ...]:
        """All evidence of the change, in the order in which it was filed."""
        with self.reading() as session:
            self._known(session, number)
            return tuple(_evidence(row) for row in session.scalars(
                select(EvidenceTable).where(EvidenceTable.number == number).order_by(EvidenceTable.position)))

    def read_evidence(self, evidence: Evidence) -> bytes:
        """The bytes, their digest checked; raises ArchiveDamaged."""
        return self._store.read(evidence)

    def evidence_path(self, evidence: Evidence) -> Path:
        """Where the bytes lie, to be opened and never written; whether they are whole only `read_evidence` says."""
        return self._store.place(evidence.sha256, evidence.name)

    # One-time codes

    def store_code(self, number: str, gate: str, digest: str, code: str, expires_at: datetime,
                   sent_to: str | Sequence[str]) -> None:
        """Remembers that `code` was sent for exactly this gate and digest. Several may be sent, one to each approver."""
        salt, hashed = hash_code(code)
        to = sent_to if isinstance(sent_to, str) else ", ".join(sent_to)
        with self.writing(number) as session:
            self._known(session, number)
            session.add(CodeTable(number=number, gate=gate, digest=digest, salt=salt, hash=hashed, sent_to=to,
                                  expires_at=_zoned(expires_at), stored_at=datetime.now(UTC)))

    def check_code(self, number: str, gate: str, digest: str, code: str, now: datetime) -> CodeAnswer:
        """What the code is worth now; "none" if no code was sent for this gate. Does not use it up."""
        with self.reading() as session:
            return judge(self._codes(session, number, gate), digest, code, now)[0]

    def burn_code(self, number: str, gate: str, digest: str, code: str, now: datetime) -> CodeAnswer:
        """Uses the code up: "right" for exactly one caller, whoever else tries at the same moment gets "used"."""
        with self.reading() as session:
            answer, row = judge(self._codes(session, number, gate), digest, code, now)
        if answer != "right" or row is None:
            return answer
        with self.writing(number) as session:
            burn = update(CodeTable).where(CodeTable.id == row.id, CodeTable.used_at.is_(None)).values(used_at=now)
            return "right" if session.execute(burn).rowcount == 1 else "used"  # type: ignore[attr-defined]

    # Bundles

    def seal(self, number: str, at: datetime) -> Bundle:
        """Seals the closed change as the next bundle of the chain.

        Sealed already and nothing new: returns that bundle. Something was filed since: seals another edition with everything.
        Killed at any point and called again, it completes or repeats. Raises NotClosed, ArchiveDamaged.
        """
        moment = _zoned(at).astimezone(UTC)
        with self.reading() as session:
            self._known(session, number)
            evidence = content_of(session, number)[1]
        try:
            with self._sealer.staged(evidence) as folder, self.writing(CHAIN, number) as session:
                row = self._sealer.seal(session, number, moment, folder)
                self._known(session, number).phase = "sealed"
        except OSError as error:
            raise ArchiveUnavailable(f"{number} cannot be sealed in {self._store.root}: {error.strerror}; "
                                     "nothing is lost, put that right and seal again.") from error
        return self._bundle(row)

    def bundles(self, number: str | None = None) -> list[Bundle]:
        """The chain in order, or the editions of one change; the last is the one that counts."""
        query = select(BundleTable).order_by(BundleTable.sequence)
        with self.reading() as session:
            return [self._bundle(row) for row in session.scalars(query.where(BundleTable.number == number) if number else query)]

    def verify(self) -> Verdict:
        """Verifies the whole chain, its end against the database too."""
        with self.reading() as session:
            last = session.scalar(select(BundleTable).order_by(BundleTable.sequence.desc()).limit(1))
        return verify_chain(self._store.bundles, self._store.public_key, last=last.sequence if last else 0,
                            last_manifest=last.manifest if last else "")

    # For people

    def show(self, number: str) -> dict:
        """All that is known of a change in plain JSON values: the register, and lists of what is filed."""
        with self.reading() as session:
            row = self._known(session, number)
            papers = session.execute(select(PaperTable.kind, PaperTable.key, PaperTable.fingerprint, PaperTable.saved_at)
                                     .where(PaperTable.number == number).order_by(PaperTable.position)).all()
            change = _change_row(row).model_dump(mode="json")
        return {
            **change,
            "papers": [{"kind": paper.kind, "key": paper.key, "fingerprint": paper.fingerprint,
                        "saved_at": paper.saved_at.isoformat()}
                       for paper in papers],
            "evidence": [e.model_dump(mode="json", exclude={"number"}) for e in self.evidence(number)],
            "journal": [e.model_dump(mode="json") for e in self.journal(number)],
            "bundles": [b.model_dump(mode="json", exclude={"number"}) for b in self.bundles(number)],
        }

    # The door to the tables for the other modules of this package

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads; raises ArchiveUnavailable, as everything here."""
        with self._answering(), Session(self._reading_engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self, *locks: str) -> Iterator[Session]:
        """A transaction that commits at the end, alone for each of the locks; always taken in the order given."""
        with self._answering(), Session(self._engine, expire_on_commit=False) as session, session.begin():
            for name in locks:
                databases.lock(session.connection(), name)
            yield session

    # Inside

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            reason = " ".join(str(error.orig).split())
            raise ArchiveUnavailable(f"The archive's database {self._engine.url.render_as_string(hide_password=True)} "
                                     f"does not answer: {reason}. Nothing was written; try again when it does.") from error

    @staticmethod
    def _known(session: Session, number: str) -> ChangeTable:
        row = session.get(ChangeTable, number)
        if row is None:
            raise UnknownChange(f"There is no change {number!r} in the archive; numbers look like CHG-20261122-001.")
        return row

    @staticmethod
    def _codes(session: Session, number: str, gate: str) -> Sequence[CodeTable]:
        return session.scalars(select(CodeTable).where(CodeTable.number == number, CodeTable.gate == gate)
                               .order_by(CodeTable.id.desc())).all()

    def _bundle(self, row: BundleTable) -> Bundle:
        return Bundle(sequence=row.sequence, number=row.number, edition=row.edition, path=self._store.bundles / row.folder,
                      manifest=row.manifest, previous=row.previous, sealed_at=row.sealed_at)


def _zoned(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise Unfit(f"The time {moment.isoformat()} needs its zone, for example 2026-11-22T20:00:00+08:00.")
    return moment


def _change_row(row: ChangeTable) -> ChangeRow:
    return ChangeRow(
        number=row.number, procedure=row.procedure, customer=row.customer, requester=row.requester, operator=row.operator,
        reason=row.reason, request=json.loads(row.request), opened_at=row.opened_at, closed_at=row.closed_at,
        closure=Closure(row.closure) if row.closure else None, closure_reason=row.closure_reason,
        closure_reason_zh=row.closure_reason_zh, run_id=row.run_id, phase=row.phase)


def _entry(row: JournalTable) -> JournalEntry:
    return JournalEntry(sequence=row.sequence, at=row.at, event=row.event, target=row.target, step=row.step, attempt=row.attempt,
                        detail=json.loads(row.detail))


def _evidence(row: EvidenceTable) -> Evidence:
    return Evidence(number=row.number, position=row.position, name=row.name, sha256=row.sha256, size=row.size,
                    media_type=row.media_type, filed_at=row.filed_at)


def _record(row: PaperTable, model: type[R]) -> R:
    if sha256(row.json.encode()) != row.fingerprint:
        raise ArchiveDamaged(f"The {row.kind} {row.key!r} of {row.number} is not what was filed: its fingerprint does not fit; "
                             "bring the database back from its backup.")
    return model.model_validate_json(row.json)


def _reads_as(filed: str, record: Record) -> bool:
    """Whether a record filed by an older version, with fewer fields, is this one."""
    try:
        return type(record).model_validate_json(filed) == record
    except ValueError:
        return False
