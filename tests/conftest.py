def pytest_make_parametrize_id(val, argname):
    """Bytes are numbered, not spelled: a packed file holds the second it was packed in.

    Every process of a parallel run must give a test the same name.
    """
    return argname if isinstance(val, bytes) else None
