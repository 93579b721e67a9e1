import pytest

from forecasting import outlook


@pytest.fixture(autouse=True)
def own_models(settings, tmp_path):
    """Each test keeps its models apart; nothing read by another test is remembered."""
    settings.DATA_DIR = tmp_path
    outlook._model.cache_clear()
    return tmp_path
