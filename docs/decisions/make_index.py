"""Write docs/decisions.md, the index of the decisions: `python docs/decisions/make_index.py`.

Belongs here: reading the heads of the files beside this one. A decision's file is `<date>-<words of its title>.md`: its title as a
heading, a line `Status: accepted` or `Status: superseded by <file>`, and a paragraph that gives the reason.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
INDEX = FOLDER.parent / "decisions.md"
HEAD = """# Decisions

One file each in `decisions/`, newest first; made by `python docs/decisions/make_index.py`.

"""
_FILE = re.compile(r"# (?P<title>[^\n]+)\n\nStatus: (?P<status>accepted|superseded by [\w.-]+\.md)\n\n\S")


def index() -> str:
    """The text of the index. Raises `ValueError` naming a file that is not written as a decision."""
    lines = []
    for path in sorted(FOLDER.glob("*.md"), reverse=True):
        found = _FILE.match(path.read_text(encoding="utf-8"))
        if found is None:
            raise ValueError(
                f"{path.name} does not begin with a heading and its status (accepted, or superseded by another file)"
            )
        status = "" if found["status"] == "accepted" else f" ({found['status']})"
        lines.append(f"- {path.name[:10]} [{found['title']}](decisions/{path.name}){status}")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    INDEX.write_text(index(), encoding="utf-8")
