"""Rankings are trained by the runs that they share with forecasts."""

from forecasting import runs

runs.register(runs.TrainingRun.Kind.RANKING, runs.later("recommendations.training.train"))
