"""The error tree. Each message tells a product manager what to do next.

AppError
├── BadFile            the uploaded file cannot become feedback
│   ├── NotText        it is not a text file
│   ├── TooLarge       it is over a limit
│   └── BadColumns     the chosen columns do not fit the file
├── NotFound           a dataset, run, job or report that is not there (any more)
├── CannotTrain        the labels or settings do not allow a training
├── ModelError
│   ├── UnsafeModel    a model id or folder that is refused before loading
│   ├── ModelMissing   not on this machine and not reachable
│   └── Damaged        a stored artifact does not match its recorded hash
├── JobStopped
│   ├── Cancelled      a person cancelled the job
│   ├── Paused         a person paused it: it keeps what it has and goes on later
│   └── LeaseLost      another worker owns the job now
├── StoreError         the database is busy, newer than the code or unreadable
│   └── DiskFull       there is no room left to save anything
└── ConfigError        a setting is wrong
"""

import errno

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NO_ROOM_WORDS = tuple(f"(os error {number})" for number in NO_ROOM)  # of libraries with kinds of their own
FULL = "The disk is full. What was saved before is whole. Free some space"


class AppError(Exception):
    """Shown to the person as it is: one or two sentences with the next step."""


class BadFile(AppError):
    pass


class NotText(BadFile):
    pass


class TooLarge(BadFile):
    pass


class BadColumns(BadFile):
    pass


class NotFound(AppError):
    pass


class CannotTrain(AppError):
    pass


class ModelError(AppError):
    pass


class UnsafeModel(ModelError):
    pass


class ModelMissing(ModelError):
    pass


class Damaged(ModelError):
    pass


class JobStopped(AppError):
    pass


class Cancelled(JobStopped):
    pass


class Paused(JobStopped):
    pass


class LeaseLost(JobStopped):
    pass


class StoreError(AppError):
    pass


class DiskFull(StoreError):
    pass


class ConfigError(AppError):
    pass


def ran_full(error: BaseException) -> bool:
    """Whether a full disk is what stands behind an error, or behind those that it came of."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, DiskFull) or (isinstance(seen, OSError) and seen.errno in NO_ROOM):
            return True
        if any(words in str(seen) for words in NO_ROOM_WORDS):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
