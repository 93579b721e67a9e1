"""Models on disk are what was written, or are refused."""

import numpy as np
import pytest

from forecasting import artefacts


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


def test_what_is_saved_is_read_back():
    path, digest = artefacts.save("run-1", {"means": np.arange(6.0).reshape(2, 3)}, {"ids": [4]})
    arrays, facts = artefacts.load(path, digest)
    assert arrays["means"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert facts == {"ids": [4]}


def test_a_file_that_was_changed_is_refused(data_dir):
    path, digest = artefacts.save("run-1", {"means": np.arange(6.0)}, {})
    content = bytearray((data_dir / path).read_bytes())
    content[40] ^= 1
    (data_dir / path).write_bytes(content)
    with pytest.raises(artefacts.CorruptArtefact, match="digest differs"):
        artefacts.load(path, digest)


def test_a_file_that_is_gone_is_named(data_dir):
    with pytest.raises(artefacts.CorruptArtefact, match="cannot be read"):
        artefacts.load("models/run-9.npz", "0" * 64)


def test_objects_are_never_pickled():
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        artefacts.save("run-1", {"bad": np.array([{}], dtype=object)}, {})
