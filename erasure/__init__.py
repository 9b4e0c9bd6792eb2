"""Erasing a person from everything below home: who it is, raw, the kept releases, what lies around, the next night, and the proof.

Does not belong here: what the nightly path reads of it, which stands below: the list of the forgotten (ingestion/suppression.py) and
the cells of a row that are theirs (ingestion/forgotten_cells.py).
"""
