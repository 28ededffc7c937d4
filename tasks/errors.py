"""What can go wrong, by what has to be done about it. Every message is one sentence: what is wrong and what to do."""

from __future__ import annotations

from reports.records import Text


class ProcedureError(Exception):
    """The root of everything a procedure raises on purpose. As a string it is English; `text` is what papers and pages say.

    zh: the same sentence in Chinese. Whatever may end a change needs one; a mistake of our own in programming does not.
    """

    def __init__(self, en: str = "", zh: str = "") -> None:
        super().__init__(en)
        self.zh = zh

    @property
    def text(self) -> Text:
        return Text(zh=self.zh or str(self), en=str(self))


class HostUnreachable(ProcedureError):
    """No connection, or it broke; trying again later may help."""


class NoSession(HostUnreachable):
    """It answers, and no SSH session comes about: something else listens there, or it is too busy (sshd's MaxStartups)."""


class HostKeyRefused(ProcedureError):
    """The host showed another key than the pinned one, or none is pinned; never connect."""


class LoginRefused(ProcedureError):
    """The host does not let us in, or not become root."""


class UnreadableOutput(ProcedureError):
    """A host's answer could not be understood; nothing may be concluded from it."""


class CommandFailed(ProcedureError):
    """A command on a host said no."""


class OutOfTime(ProcedureError):
    """A wait reached its limit."""


class BlockersFound(ProcedureError):
    """The change must not go on; nothing has been touched."""


class TargetBusy(BlockersFound):
    """Another change holds the host's lock."""


class Drifted(BlockersFound):
    """The target is no longer as it was when the change was approved."""


class NoLeave(BlockersFound):
    """The customer's leave to log in was not given, or has run out."""
