"""To be written."""


def badge(run) -> None:
    """Draw it."""
