"""The key of the data folder."""

import multiprocessing

from core.workflow.secret import author_secret

FORK = multiprocessing.get_context("fork")


def make_secret(settings, start, results):
    start.wait()
    results.put(author_secret(settings))


def test_of_racing_processes_one_makes_the_secret_and_all_use_it(settings):
    start, results = FORK.Barrier(8), FORK.Queue()
    racers = [FORK.Process(target=make_secret, args=(settings, start, results)) for _ in range(8)]
    for racer in racers:
        racer.start()
    found = {results.get(timeout=20) for _ in racers}
    for racer in racers:
        racer.join()
    assert len(found) == 1
    assert len(found.pop()) == 32
    kept = [path for path in settings.data_dir.iterdir() if "author" in path.name]
    assert [path.name for path in kept] == ["author.key"]
    assert kept[0].stat().st_mode & 0o077 == 0
