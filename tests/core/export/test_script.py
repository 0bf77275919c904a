"""The script beside an exported model, in a process of its own."""

import csv
import subprocess
import sys

import pytest

from core.export.formats import SCRIPT_SOURCE
from core.export.scoring import score_csv

WATCHED = (
    "import runpy, sys\n"
    "sys.argv = sys.argv[1:]\n"
    "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    "print('loaded', *sorted({'torch', 'transformers', 'core', 'pandas'} & set(sys.modules)))\n"
)


def run(folder, *arguments):
    call = [sys.executable, "-P", "-c", WATCHED, str(folder / "score_csv.py"), *map(str, arguments)]
    return subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", ["single", "multi"])
def test_it_scores_a_csv_without_torch_or_roadlens(request, kind, texts, tmp_path, onnx_folders):
    model = request.getfixturevalue(kind)
    folder = onnx_folders[kind]
    source = tmp_path / "new rows.csv"
    rows = [[str(number), text] for number, text in enumerate([*texts, "=1+1 slow"]) if text.strip()]
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "what they said"], *rows, ["blank", " \t"], ["short"]])
    done = run(folder, source, "--text", "what they said")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded", "neither torch nor transformers nor our code"
    with (tmp_path / "new rows.scored.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *found, blank, short = list(csv.reader(file))
    assert header[:3] == ["id", "what they said", "label"] and len(found) == len(rows)
    assert [row[2:] for row in (blank, short)] == [[""] * (1 + len(model.labels))] * 2
    wanted = model.probabilities([text for _, text in rows])
    for row, shares in zip(found, wanted, strict=True):
        assert [float(cell) for cell in row[3:]] == pytest.approx(shares, abs=2e-4)
    if not model.multi:
        best = [model.labels[number] for number in wanted.argmax(axis=1)]
        assert [row[2].removeprefix("'") for row in found] == best
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in found for cell in row)


@pytest.mark.parametrize("named", [["--text", "body", "title"], ["--text", "title", "--text", "body"]])
def test_title_and_body_are_joined_as_the_application_joins_them(single, onnx_folders, tmp_path, named):
    """In the order of the file, whichever was named first; blank cells leave no empty line."""
    rows = [
        ["Slow", "a", "the page crash"],
        ["bad", "b", ""],
        [" \u200b", "c", " login export"],
        ["price", "d"],
    ]
    source = tmp_path / "rows.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["title", "id", "body"], *rows])
    assert run(onnx_folders["single"], source, *named).returncode == 0
    with (tmp_path / "rows.scored.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *found = list(csv.reader(file))
    texts = ["Slow\n\nthe page crash", "bad", " login export", "price"]
    for row, shares in zip(found, single.probabilities(texts), strict=True):
        assert [float(cell) for cell in row[4:]] == pytest.approx(shares, abs=2e-4)
    with source.open(encoding="utf-8", newline="") as file:
        names, *cells = list(csv.reader(file))
    wanted = list(
        score_csv(single, names, cells, [name for name in named if name != "--text"], lambda cell: cell)
    )
    for row, theirs in zip(found, wanted[1:], strict=True):
        assert [float(cell) for cell in row[4:]] == pytest.approx(
            [float(cell) for cell in theirs[5:]], abs=2e-4
        )
    done = run(onnx_folders["single"], source, "--text", "title", "words")
    assert done.returncode == 1 and "No column 'words'. Choose: ['title', 'id', 'body']" in done.stderr
    assert run(onnx_folders["single"], source, "--text").returncode == 1


def test_more_cells_than_the_header_shift_no_answer(single, onnx_folders, tmp_path):
    """As `core score` does, it cuts such a row and gives it no answer; blank cells change nothing."""
    source = tmp_path / "rows.csv"
    rows = ["1,the page is slow", "2,slow, they said,again", "3,bad price,,", "4,login,"]
    source.write_text("\n".join(["id,text", *rows]), encoding="utf-8")
    assert run(onnx_folders["single"], source, "--text", "text").returncode == 0
    with (tmp_path / "rows.scored.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *found = list(csv.reader(file))
    assert {len(row) for row in found} == {len(header)} and len(found) == 4
    assert found[1][:2] == ["2", "slow"] and set(found[1][2:]) == {""}
    texts = ["the page is slow", "bad price", "login"]
    for row, shares in zip([found[0], *found[2:]], single.probabilities(texts), strict=True):
        assert [float(cell) for cell in row[3:]] == pytest.approx(shares, abs=2e-4)


def test_it_is_short_enough_to_be_read_before_it_is_run():
    code = SCRIPT_SOURCE.read_text(encoding="utf-8").split('"""')[2].splitlines()
    assert sum(bool(line.strip()) and not line.startswith(("import ", "from ")) for line in code) <= 20


def test_a_wrong_column_is_named(onnx_folders, tmp_path):
    folder = onnx_folders["single"]
    (tmp_path / "rows.csv").write_text("id,text\n1,a\n", encoding="utf-8")
    done = run(folder, tmp_path / "rows.csv", "--text", "words")
    assert done.returncode == 1 and "No column 'words'. Choose: ['id', 'text']" in done.stderr
