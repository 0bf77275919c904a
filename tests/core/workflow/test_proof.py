import gzip
import io
import json
import random
import time
import zipfile
from collections import Counter

import pytest

from core.workflow.proof import BLOCK, Search, Words, every_file, in_words, search_files

TEXT = 'Their "export" button\nlost my ünique work, twice & again'


def found(tmp_path, words, **files):
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    search = Search(words)
    places = search_files(search, tmp_path, every_file(tmp_path))
    counts = Counter()
    for (file, key), count in places.hits.items():
        counts[file, search.kinds[key]] += count
    return counts


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        b"\0\1junk" + TEXT.encode("utf-16-le"),
        b"odd" + TEXT.encode("utf-16-be"),
        json.dumps({"a": [TEXT]}).encode(),
        json.dumps({"a": [TEXT]}, ensure_ascii=False).encode(),
        f'1,"{TEXT.replace(chr(34), chr(34) * 2)}",2'.encode(),
        gzip.compress(TEXT.encode("utf-16-le"), mtime=0),  # no time: its name is the same in every process
    ],
)
def test_a_text_is_found_however_it_is_written(tmp_path, data):
    assert [kind for _, kind in found(tmp_path, Words(texts=(TEXT,)), some=data)] == ["text"]


def test_members_of_a_zip_are_searched(tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", "<t>Their &quot;export&quot; button ZOË Q. Planted</t>")
    hits = found(
        tmp_path, Words(names=("Zoë Q. Planted",), texts=('Their "export" button',)), book=file.getvalue()
    )
    assert set(hits) == {
        ("book > xl/sharedStrings.xml", "name"),
        ("book > xl/sharedStrings.xml", "text"),
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "cp1252", "gb18030", "utf-32-le"])
@pytest.mark.parametrize("written", ["Zoë Planted", "ZOË PLANTED", "zoë planted", "zOë pLanted"])
def test_a_name_is_found_in_any_case_and_encoding(tmp_path, encoding, written):
    data = b"x" * 3 + written.encode(encoding) + b"y"
    assert found(tmp_path, Words(names=("Zoë Planted",)), some=data) == {("some", "name"): 1}


def test_a_place_across_two_blocks_is_found_once(tmp_path):
    before = BLOCK - 20
    data = b"a" * before + TEXT.encode() + b"b" * 50 + b"0123456789ab" + b"c" * BLOCK + TEXT.encode()
    hits = found(tmp_path, Words(pseudonyms=("0123456789ab",), texts=(TEXT,)), some=data)
    assert hits == {("some", "text"): 2, ("some", "pseudonym"): 1}


def test_a_long_text_cut_in_two_is_found_by_its_ends(tmp_path):
    text = " ".join(f"word{i}" for i in range(900))
    cut = text[:3000].encode() + b"\0\0\0\7" + text[3000:].encode()
    hits = found(tmp_path, Words(texts=(text,)), some=cut)
    assert hits == {("some", "text"): 2}


def test_what_is_not_there_is_not_found(tmp_path):
    words = Words(("Zoë Planted",), ("0123456789ab",), (TEXT, "too short", "another text here"))
    data = TEXT[:40].encode() + b"0123456789a" + b"another text her"
    assert found(tmp_path, words, some=data, empty=b"", tiny=b"ab", cut=b"\x1f\x8b\x08junk") == {}


def test_texts_below_twelve_characters_and_tiny_names_are_not_looked_for():
    search = Search(Words(names=("Al", "1234567"), texts=("great app",)))
    assert not search and search.not_searched == ["Al", "1234567"]


def test_a_damaged_member_is_named(tmp_path):
    (tmp_path / "cut.gz").write_bytes(gzip.compress(TEXT.encode() * 99)[:60])
    places = search_files(Search(Words(texts=(TEXT,))), tmp_path, every_file(tmp_path))
    assert places.unread == ["cut.gz > unpacked"] and places.files == 1


def test_links_are_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.write_bytes(TEXT.encode())
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(outside)
    assert list(every_file(inside)) == []


def test_words_of_cells_are_told_apart():
    search = Search(Words(texts=("the first long text", "the second long text")))
    keys = in_words(search, ["nothing", "say the second long text again"])
    assert len(keys) == 1


def test_five_thousand_texts_in_ten_megabytes_take_little_time(tmp_path):
    words = [f"{a}{b}" for a in ("app", "bill", "slow", "team") for b in ("s", "ing", "ed", "er", "ly", "")]
    chance = random.Random(0)
    texts = tuple(" ".join(chance.choices(words, k=12)) + f" {i}" for i in range(5_000))
    other = " ".join(chance.choices(words, k=1_700_000)).encode()
    begun = time.process_time()
    hits = found(tmp_path, Words(texts=texts), some=other + texts[7].encode())
    assert hits == {("some", "text"): 1}
    assert time.process_time() - begun < 6
