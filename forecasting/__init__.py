"""The statistics that SQL cannot say: pure functions from small frames of counts to small frames of parameters and forecasts.

It imports none of the other packages; orchestration/fits.py calls it between dbt's builds of a night.
SQL counts before it and applies after it.
"""
