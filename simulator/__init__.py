"""The example company: a seeded simulator of a B2B SaaS sales team, its CRM and its e-mail tool.

It imports nothing of Funnelcast, and Funnelcast imports nothing of it: what it writes is read back only
through the files that a company would deliver. Benchmarks make other companies through the same few names.
"""

from simulator.company import Company
from simulator.extracts import write_extracts
from simulator.simulate import DealHistories, Histories, simulate, simulate_births, simulate_deals
from simulator.truth import truth_of, write_truth

__all__ = [
    "Company",
    "DealHistories",
    "Histories",
    "simulate",
    "simulate_births",
    "simulate_deals",
    "truth_of",
    "write_extracts",
    "write_truth",
]
