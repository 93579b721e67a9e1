"""Rankings are trained by the runs that they share with forecasts."""

from forecasting import runs
from recommendations import training

runs.register(training.KIND, training.train)
