"""The command line: arguments in, one JSON object (or a table) on standard output, errors as one sentence."""

import argparse
import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from core.domain import BETTER, BUNDLED_ENCODER, QUICK, Columns, TrainingOptions
from core.errors import FULL, AppError, ran_full
from core.workflow import explain_verbs, faithfulness_verb, model_verbs, train_verbs
from core.workflow.bar import Bar
from core.workflow.import_verbs import add_verbs
from core.workflow.named_files import make_folder, read_file

FAILED = 2


class Usage(AppError):
    """The words on the command line do not fit."""


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Usage(f"{message[:1].upper()}{message[1:]}. See: {self.prog} --help")


def main(arguments: Sequence[str]) -> int:
    """Exit code 0, or 2 with one sentence on standard error."""
    try:
        chosen = parser().parse_args(arguments)
        answer = chosen.verb(chosen)
    except AppError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return FAILED
    except Exception as error:  # its words may quote cells of the data: kind and place only
        if ran_full(error):
            print(f"{FULL}, then try again.", file=sys.stderr)
            return FAILED
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
        print(f"Something went wrong ({where}). Try again; if it stays, report this line.", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Stopped. Nothing half-done was kept.", file=sys.stderr)
        return 130
    print(answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False))
    return 0


def parser() -> Parser:
    top = Parser(prog="python -m core", description="Roadlens without a screen.")
    verbs = top.add_subparsers(required=True, metavar="VERB", parser_class=Parser)
    run = verbs.add_parser("run", help="from a feedback CSV to insights and reports")
    run.set_defaults(verb=run_file)
    run.add_argument("file", type=Path, metavar="FILE.csv")
    run.add_argument("--text", required=True, metavar="COL", help="column with the comments")
    for role in ("label", "date", "rating", "account", "author", "channel"):
        run.add_argument(f"--{role}", metavar="COL")
    run.add_argument("--segment", action="append", default=[], metavar="COL")
    run.add_argument("--mode", choices=(QUICK, BETTER), default=QUICK)
    run.add_argument("--encoder", default=BUNDLED_ENCODER, metavar="ID", help="a Hugging Face encoder")
    run.add_argument("--seed", type=int, default=0)
    run.add_argument("--out", type=Path, required=True, metavar="DIR")
    add_verbs(verbs)
    train_verbs.add_verbs(verbs)
    model_verbs.add_verbs(verbs)
    explain_verbs.add_verbs(verbs)
    faithfulness_verb.add_verbs(verbs)
    return top


def run_file(chosen: argparse.Namespace) -> dict:
    """Import, train, predict, explain, build insights and all reports into `--out`."""
    from core.workflow.whole_way import walk

    data = read_file(chosen.file)
    out = make_folder(chosen.out)
    columns = Columns(
        text=chosen.text,
        label=chosen.label,
        date=chosen.date,
        rating=chosen.rating,
        author=chosen.author,
        account=chosen.account,
        channel=chosen.channel,
        segments=tuple(dict.fromkeys(chosen.segment)),
    )
    options = TrainingOptions(mode=chosen.mode, encoder=chosen.encoder, seed=chosen.seed)
    bar = Bar()
    try:
        return walk(data, chosen.file.name, columns, options, out, bar)
    finally:
        bar.close()
