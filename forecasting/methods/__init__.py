"""Forecasting methods: arrays and frozen dataclasses in, results out; no Django, no clock.

Order of work: `cleaning` → `series.Panel` → `classification` → `selection.choose`, which
backtests every method of `registry.METHODS` and returns means and quantiles. `consumption`
keeps a forecast current between retrains; `options` says which option values will be chosen.
"""
