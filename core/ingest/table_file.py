"""The one door to a file of any kind that holds a table."""

from collections.abc import Mapping
from pathlib import Path

from core.ingest.csv_file import CsvFile
from core.ingest.file_type import HEAD, file_kind
from core.ingest.raw import Limits, RawTable, TableFile, whole
from core.ingest.source import ByteSource

NO_ANSWERS: Mapping[str, str] = {}


def open_table(source: Path | bytes, limits: Limits, answers: Mapping[str, str] = NO_ANSWERS) -> TableFile:
    """Look at a file by its content, never its name; it takes one pass over its bytes.

    `answers`: what a person said to the questions of an earlier look. Raises NotText, TooLarge or
    BadFile, each with the cause and the next step.
    """
    bytes_of = ByteSource(source, limits)
    kind = file_kind(bytes_of.head(HEAD))
    if kind == "xlsx":
        from core.ingest.workbook import open_workbook

        return open_workbook(source, limits, answers)
    if kind == "jsonl":
        from core.ingest.json_lines import open_json_lines

        return open_json_lines(source, limits, answers)
    return CsvFile(bytes_of, limits, answers)


def read_csv(
    data: Path | bytes, limits: Limits | None = None, answers: Mapping[str, str] = NO_ANSWERS
) -> RawTable:
    """A whole delimited file at once; open questions get their likeliest answer."""
    return whole(CsvFile(ByteSource(data, limits or Limits()), limits or Limits(), answers))
