"""A delimited text file: opened in one pass, read in chunks whose cells are exactly those of the file."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from core.domain import Answer, Question
from core.errors import BadFile, TooLarge
from core.ingest import structure
from core.ingest.columns_kept import columns_kept
from core.ingest.csv_rows import Plan, RowReader
from core.ingest.dialect import SAMPLE_CHARS, find_dialect, quotes_question, sample
from core.ingest.encoding import Encoding, find_encoding
from core.ingest.file_type import refuse_markup
from core.ingest.header import NONE, find_header
from core.ingest.preview import preview
from core.ingest.raw import Limits, RawChunk
from core.ingest.records import (
    BACKSLASH,
    CSV,
    PLAIN,
    Block,
    Dialect,
    record_blocks,
    split_lines,
)
from core.ingest.source import LONGEST_LINE, ByteSource, text_blocks, utf8_blocks
from core.ingest.titles import unique_names


class CsvFile:
    """See raw.TableFile. Opening raises NotText, TooLarge or BadFile, each with cause and next step."""

    format = "csv"

    def __init__(self, source: ByteSource, limits: Limits, answers: Mapping[str, str]) -> None:
        self._source, self._limits = source, limits
        self._questions: list[Question] = []
        self._warnings: list[str] = []
        self.answers = dict(answers)
        self._encoding = find_encoding(source, answers.get("encoding"))
        self._warnings += self._encoding.warnings
        text, whole = self._begin()
        self._find_dialect(text, whole, answers)
        self._find_header(text, whole, answers)
        self._look_at_all(text, whole, answers)
        self._choose_table(answers)
        if self._encoding.readings:
            self._questions.insert(0, self._encoding_question())
        self.encoding, self.delimiter = self._encoding.name, self._dialect.delimiter
        self.questions, self.warnings = tuple(self._questions), tuple(self._warnings)
        self.answers["encoding"] = self.encoding
        for question in self.questions:
            self.answers.pop(question.key, None)

    # ---- opening ------------------------------------------------------------------------------

    def _begin(self) -> tuple[str, bool]:
        """The first part of the text, and whether it is all."""
        parts: list[str] = []
        size = 0
        blocks = self._texts()
        for block in blocks:
            parts.append(block)
            size += len(block)
            if size > SAMPLE_CHARS:
                break
        text = "".join(parts)
        whole = size <= SAMPLE_CHARS
        if not text[: 4 * SAMPLE_CHARS].strip(' \t\r\n\f\v,;|"\x00\ufeff'):
            raise BadFile("The file holds only blank cells. Choose a CSV file with column names and rows.")
        refuse_markup(text)
        return text[:SAMPLE_CHARS], whole

    def _texts(self) -> Iterator[str]:
        longest = max(LONGEST_LINE, 2 * self._limits.max_cell_chars)
        return text_blocks(self._source, self._encoding.codec, self._encoding.skip, longest)

    def _blocks(self) -> Iterator[Block]:
        longest = max(LONGEST_LINE, 2 * self._limits.max_cell_chars)
        plain = (
            self._encoding.valid_utf8 and len(self._dialect.delimiter) == 1 and self._dialect.quotes == CSV
        )
        texts = utf8_blocks(self._source, self._encoding.skip, longest) if plain else self._texts()
        return record_blocks(texts, self._dialect, longest, len(self._names))

    def _find_dialect(self, text: str, whole: bool, answers: Mapping[str, str]) -> None:
        found = find_dialect(text, whole, answers)
        self._dialect = found.dialect
        self._above = int(found.named_above)
        self._warnings += found.warnings
        self._questions += [found.question] if found.question else []
        self.answers["delimiter"] = {"\t": "tab", "": NONE}.get(
            found.dialect.delimiter, found.dialect.delimiter
        )

    def _find_header(self, text: str, whole: bool, answers: Mapping[str, str]) -> None:
        block = sample(text, self._dialect, whole)
        if not block.records:
            first = block.rejected[0].line if block.rejected else 1
            raise BadFile(
                f"The quotation marks in the line of column names do not match (line {first}). "
                "Correct that line."
            )
        header = find_header(block.records, block.lines, answers.get("header"), self._above)
        if header.index >= len(block.records):
            raise BadFile("The file holds only blank cells. Choose a CSV file with column names and rows.")
        if block.rejected and block.rejected[0].line < block.lines[header.index] and "header" not in answers:
            raise BadFile(
                "The quotation marks in the line of column names do not match "
                f"(line {block.rejected[0].line}). Correct that line."
            )
        self._line, self._named = block.lines[header.index], header.named
        self._names = block.records[header.index]
        self._names[0] = self._names[0].lstrip("\ufeff") if header.named else self._names[0]
        self._warnings += header.warnings
        self._questions += [header.question] if header.question else []
        self.answers["header"] = str(self._line) if header.named else NONE
        if len(self._names) > self._limits.refuse_columns:
            raise TooLarge(
                f"The file has {len(self._names):,} columns; at most {self._limits.refuse_columns:,} can be "
                "read. Keep the columns you need (text, label, date ...) and upload the file again."
            )

    def _survey(self) -> structure.Structure:
        return structure.survey(self._blocks(), self._line, self._names, self._named, self._limits)

    def _look_at_all(self, text: str, whole: bool, answers: Mapping[str, str]) -> None:
        found = self._survey()
        if found.escaped and "quotes" not in answers and self._dialect.quotes == CSV:
            usual, self._dialect = self._dialect, Dialect(self._dialect.delimiter, BACKSLASH)
            escaped = self._survey()
            if escaped.broken <= found.broken / 4:
                found = escaped
                self._warnings.append('Quotation marks that are written as \\" were read as quotation marks.')
            else:
                self._dialect = usual
        self._structure = found
        self.answers["quotes"] = self._dialect.quotes
        asked = any(question.key == "quotes" for question in self._questions)
        if found.unclosed and "quotes" not in answers and not asked:
            self._questions.append(self._unclosed_question(text, whole))
            if self._questions[-1].answers[0].value == PLAIN:
                self._dialect = Dialect(self._dialect.delimiter, PLAIN)
                self._structure = self._survey()
                self.answers["quotes"] = PLAIN

    def _unclosed_question(self, text: str, whole: bool) -> Question:
        found = self._structure
        row = found.unclosed[0]
        words = (
            f"A quotation mark opened on line {row.line:,} is never closed. Correct the file, "
            "or choose how to read it."
        )
        question = quotes_question(text, whole, self._dialect.delimiter, words, found.broken == found.rows)
        plain = preview(self._names, [row.cells for row in found.unclosed])
        answers = tuple(
            Answer(answer.value, answer.words, plain if answer.value == PLAIN else answer.rows)
            for answer in question.answers
        )
        return Question(question.key, question.words, answers)

    def _choose_table(self, answers: Mapping[str, str]) -> None:
        tables = self._structure.tables
        chosen = structure.chosen_table(tables, answers.get("table"))
        if len(tables) > 1 and "table" not in answers:
            self._questions.append(structure.table_question(tables))
        if len(tables) > 1:
            self.answers["table"] = str(chosen + 1)
        table = tables[chosen]
        width = table.width - table.spare
        named = self._named or chosen > 0
        names = table.names[:width] if named else [""] * width
        kept = self._name_columns(table, names, named)
        short, question, warnings = structure.short_rows(table, width, answers.get("short_rows"))
        self._questions += [question] if question else []
        self._warnings += warnings
        if any(0 < cells < width for cells in table.widths):
            self.answers["short_rows"] = short
        if table.surplus or table.spare:
            self._warnings.append("Empty cells beyond the last column name were left out.")
        self._plan = Plan(
            header=self.header,
            kept=kept,
            names=tuple(cell.strip() for cell in names) if named else None,
            width=width,
            above=self._line + int(self._named),
            first=table.line + int(named),
            last=tables[chosen + 1].line if chosen + 1 < len(tables) else None,
            tables=tuple(found.line for found in tables),
            pad=short == structure.PAD,
        )

    def _name_columns(
        self, table: structure.Table, names: Sequence[str], named: bool
    ) -> tuple[int, ...] | None:
        """Set the header; which columns are kept."""
        header, renamed = unique_names(names)
        self._warnings += renamed if named else ()
        kept = columns_kept(header, table.rows, self._limits, self.answers.get("columns"))
        self._warnings += kept.warnings
        self._questions += [kept.question] if kept.question else []
        self.header = header if kept.positions is None else tuple(header[i] for i in kept.positions)
        return kept.positions

    def _encoding_question(self) -> Question:
        answers = tuple(
            Answer(reading.encoding, reading.name, self._read_as(self._encoding, reading.encoding))
            for reading in self._encoding.readings
        )
        return Question("encoding", "Which of these looks right?", answers, free=True)

    def _read_as(self, encoding: Encoding, codec: str) -> tuple[tuple[str, ...], ...]:
        """Rows in which the encodings differ."""
        names = [name.encode(encoding.codec, "replace").decode(codec, "replace") for name in self._names]
        text = self._dialect.prepare(encoding.sample.decode(codec, "replace"))
        rows = islice((self._dialect.split(line) for line in split_lines(text)), 6)
        return preview(names, (row for row in rows if list(row) != names))

    # ---- reading ------------------------------------------------------------------------------

    def chunks(self) -> Iterator[RawChunk]:
        """Raises BadFile when no row fits the column names."""
        return RowReader(self._plan).chunks(self._blocks())
