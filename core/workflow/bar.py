"""Progress of the command line, on standard error."""

import sys


class Bar:
    """A progress bar on standard error: one line that is written over on a terminal, and a line for
    each new step elsewhere."""

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()
        self.last = ""

    def __call__(self, pct: float, message: str) -> None:
        done = int(pct / 5)
        if self.terminal:
            line = f"\r[{'#' * done}{'.' * (20 - done)}] {pct:3.0f} % {message[:60]:60}"
            sys.stderr.write(line)
        elif (step := message.split(":", maxsplit=1)[0].split(",", maxsplit=1)[0]) != self.last:
            sys.stderr.write(f"{pct:3.0f} % {step}\n")
            self.last = step
        sys.stderr.flush()

    def close(self) -> None:
        if self.terminal:
            sys.stderr.write("\n")
