"""The digest of the code: what it does, not how it is commented."""

from lenet5 import provenance


def test_comments_and_docstrings_do_not_count():
    bare = "def f(x):\n    return x + 1\n"
    told = '"""A module."""\n\ndef f(x):\n    """Adds."""\n    return x + 1  # one\n'
    other = bare.replace("+ 1", "+ 2")
    digest = provenance._without_docstrings
    assert digest(bare) == digest(told) != digest(other)


def test_every_module_of_the_arithmetic_is_there(monkeypatch):
    before = provenance.code_digest()
    for name in provenance._ARITHMETIC:
        rest = tuple(one for one in provenance._ARITHMETIC if one != name)
        monkeypatch.setattr(provenance, "_ARITHMETIC", rest)
        provenance.code_digest.cache_clear()
        assert provenance.code_digest() != before, f"{name} is not found"
    monkeypatch.undo()
    provenance.code_digest.cache_clear()


def test_provenance_names_code_libraries_and_machine():
    told = provenance.provenance()
    assert {"lenet5", "code", "python", "torch", "numba", "system", "processor"} <= told.keys()
    assert all(told.values())
