"""Rankings are trained by the runs that they share with forecasts."""

from recommendations import training

__all__ = ["training"]
