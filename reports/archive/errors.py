"""What can go wrong with the archive; every message is one sentence that says what is wrong and what to do."""


class ArchiveError(Exception):
    """Root of all the archive's errors."""


class UnknownChange(ArchiveError):
    """There is no change of that number."""


class AlreadyFiled(ArchiveError):
    """Another record is filed under the same change, kind and key; what is filed is never replaced."""


class AlreadyClosed(ArchiveError):
    """The change was closed with another closure."""


class NotClosed(ArchiveError):
    """Only a closed change can be sealed."""


class Unfit(ArchiveError):
    """What was handed in cannot be kept: an empty name, a number that is not a number."""


class ArchiveDamaged(ArchiveError):
    """What is kept is not what was filed: a digest does not fit, a key or a file is gone."""


class ArchiveUnavailable(ArchiveError):
    """Database or store cannot be reached or written."""
