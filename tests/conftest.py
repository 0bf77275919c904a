import os

# Times, memory and device as the tests expect them are those of the CPU; a test of a GPU names it itself.
os.environ.setdefault("ROADLENS_DEVICE", "cpu")


def pytest_make_parametrize_id(val, argname):
    """Bytes are numbered, not spelled: a packed file holds the second it was packed in.

    Every process of a parallel run must give a test the same name.
    """
    return argname if isinstance(val, bytes) else None
