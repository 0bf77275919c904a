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
└── ConfigError        a setting is wrong
"""


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


class ConfigError(AppError):
    pass
