"""``python -m realtime_adapter explain 4000``: what a close code or an error code means, and what to do."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence

from realtime_adapter.explanations import Explanation, explain, names

UNKNOWN = 1
_WIDTH = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, or 1 when a code is unknown; 2 is wrong usage."""
    given = _parser().parse_args(arguments)
    try:
        found = [each for word in given.code or names() for each in explain(word)]
    except LookupError as unknown:
        sys.stderr.write(f"{unknown}\n")
        return UNKNOWN
    shown = list(dict.fromkeys(found))
    sys.stdout.write("\n".join(_shown(each) for each in shown))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m realtime_adapter",
        description="What to know of the Realtime adapter without any code.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser(
        "explain",
        help="say what a close code, an error code or a close reason means",
        description="Say what a code means, what to do about it, and whether the same again may succeed.",
        epilog=f"exit codes: 0 explained, {UNKNOWN} a code that nobody here knows, 2 wrong usage",
    )
    command.add_argument(
        "code",
        nargs="*",
        help="like 4000, session_expired or invalid_request_error.missing_model; none: all that are known",
    )
    return parser


def _shown(explanation: Explanation) -> str:
    again = "may succeed" if explanation.again else "ends alike"
    lines = [explanation.name]
    for label, words in (("cause", explanation.cause), ("remedy", explanation.remedy), ("again", again)):
        lines += textwrap.wrap(
            words, _WIDTH, initial_indent=f"  {label:<8}", subsequent_indent=" " * 10, break_long_words=False
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
