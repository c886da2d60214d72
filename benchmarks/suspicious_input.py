"""How often the marking of suspicious input errs, and what it costs; on this machine.

    .venv/bin/python benchmarks/suspicious_input.py [--json] [--list]

Harmless text: what citizens and staff write, Persian and English, with the words and signs of SQL among it. Attacks:
the families of published lists, for several databases. `--list` names each text that was judged wrongly.
"""

import argparse
import json
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path[0] = str(PROJECT)
DATA = PROJECT / "common" / "tests" / "data"
ROUNDS = 20

from common.suspicious_input import check_sql_injection  # noqa: E402 (the path comes first)


def texts(name: str) -> list[str]:
    """The lines of a list."""
    return (DATA / name).read_text(encoding="utf-8").splitlines()


def measure() -> dict[str, object]:
    """The wrongly judged texts of each list, and the mean time a text takes."""
    harmless, attacks = texts("harmless.txt"), texts("attacks.txt")
    started = time.perf_counter()
    for _ in range(ROUNDS):
        for text in harmless:
            check_sql_injection(text)
    return {
        "harmless": len(harmless),
        "marked_though_harmless": [text for text in harmless if check_sql_injection(text)],
        "attacks": len(attacks),
        "missed": [text for text in attacks if not check_sql_injection(text)],
        "microseconds_a_text": round((time.perf_counter() - started) / ROUNDS / len(harmless) * 1e6, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--list", action="store_true", help="name the texts that were judged wrongly")
    options = parser.parse_args()
    found = measure()
    if options.json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
        return
    for total, wrong, words in (
        ("harmless", "marked_though_harmless", "harmless texts, marked"),
        ("attacks", "missed", "attacks, missed"),
    ):
        count = len(found[wrong])  # type: ignore[arg-type]
        sys.stdout.write(f"{found[total]:6} {words}: {count} ({count / found[total]:.1%})\n")  # type: ignore[operator]
        for text in found[wrong] if options.list else ():  # type: ignore[attr-defined]
            sys.stdout.write(f"       {text}\n")
    sys.stdout.write(f"{found['microseconds_a_text']:6} microseconds a harmless text\n")


if __name__ == "__main__":
    main()
