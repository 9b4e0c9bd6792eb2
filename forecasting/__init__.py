"""The statistics that SQL cannot say: pure functions from small frames of counts to small frames of parameters and forecasts.

It imports none of the other packages; dbt Python models call it. SQL counts before it and applies after it.
"""
