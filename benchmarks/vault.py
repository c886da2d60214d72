"""How fast files of exports are encrypted and decrypted; on this machine, in one run with the alternatives.

    .venv/bin/python benchmarks/vault.py [--megabytes 512] [--folder /tmp] [--quick] [--json]

Each way writes the same Persian text in pieces of 64 KiB, as exports do, has it reach the disk (fsync), and reads it
again as a download does; the file is in the system's cache then. The ways go in turn for several rounds, each time in
a process of its own, so that the memory it takes beyond what its libraries do is its own; told are medians. First
byte: from opening the file to the first piece in clear. The alternatives: a plain file, Fernet (AES-128-CBC with
HMAC-SHA256, a token for each mebibyte, as it can't stream), and Tink's own library in the vault's format.
"""

import argparse
import base64
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

PROJECT = Path(__file__).resolve().parent.parent
sys.path[0] = str(PROJECT)  # this file's own folder would make `import vault` find this file

PIECE_BYTES, MEBIBYTE = 1 << 16, 1 << 20
LINE = "نام و نام خانوادگی,تهران,1404/09/01 14:30,98912\n".encode()
NUMBER = UUID("0190c0de-0000-4000-8000-000000000001")
KEY = base64.b64encode(bytes(range(32))).decode()
LENGTH_BYTES = 4


def pieces(megabytes: int) -> Iterator[bytes]:
    piece = (LINE * (PIECE_BYTES // len(LINE) + 1))[:PIECE_BYTES]
    for _turn in range(megabytes * 1_000_000 // PIECE_BYTES):
        yield piece


def reach_the_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


class Plain:
    label = "a plain file"

    def write(self, path: Path, megabytes: int) -> None:
        with path.open("wb") as file:
            for piece in pieces(megabytes):
                file.write(piece)
        reach_the_disk(path)

    def read(self, path: Path) -> Iterator[bytes]:
        with path.open("rb") as file:
            while piece := file.read(MEBIBYTE):
                yield piece


class Vault:
    label = "the vault"

    def __init__(self) -> None:
        os.environ["DJANGO_SETTINGS_MODULE"] = "electionsite.settings"
        import django

        django.setup()
        from exports.vault.files import associated_data
        from exports.vault.local import LocalVaultStorage
        from exports.vault.reader import VaultReader
        from exports.vault.writer import VaultWriter

        self._storage = LocalVaultStorage
        self._reader, self._writer = VaultReader, VaultWriter
        self._bound_to = associated_data(NUMBER)

    def write(self, path: Path, megabytes: int) -> None:
        with self._storage(location=path.parent).new_file(path.name, keep_free_bytes=0) as sink:
            writer = self._writer(sink, storage_name=path.name, key=KEY, associated_data=self._bound_to)
            for piece in pieces(megabytes):
                writer.write(piece)
            writer.finish()

    def read(self, path: Path) -> Iterator[bytes]:
        source = self._storage(location=path.parent).open_file(path.name)
        with self._reader(source, key=KEY, associated_data=self._bound_to) as reader:
            yield from reader.read_range()


class Tink:
    label = "Tink's library, the same format"

    def __init__(self) -> None:
        import tink
        from tink import secret_key_access, streaming_aead
        from tink.proto import aes_gcm_hkdf_streaming_pb2 as messages

        streaming_aead.register()
        template = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB
        form = messages.AesGcmHkdfStreamingKeyFormat.FromString(template.value)
        key = messages.AesGcmHkdfStreamingKey(params=form.params, key_value=base64.b64decode(KEY))
        value = base64.b64encode(key.SerializeToString()).decode()
        data = {"typeUrl": template.type_url, "value": value, "keyMaterialType": "SYMMETRIC"}
        entry = {"keyData": data, "status": "ENABLED", "keyId": 1, "outputPrefixType": "RAW"}
        keyset = json.dumps({"primaryKeyId": 1, "key": [entry]})
        handle = tink.json_proto_keyset_format.parse(keyset, secret_key_access.TOKEN)
        self._cipher = handle.primitive(streaming_aead.StreamingAead)
        self._bound_to = str(NUMBER).encode()

    def write(self, path: Path, megabytes: int) -> None:
        with self._cipher.new_encrypting_stream(path.open("wb"), self._bound_to) as stream:
            for piece in pieces(megabytes):
                stream.write(piece)
        reach_the_disk(path)

    def read(self, path: Path) -> Iterator[bytes]:
        with self._cipher.new_decrypting_stream(path.open("rb"), self._bound_to) as stream:
            while piece := stream.read(MEBIBYTE):
                yield piece


class FernetTokens:
    label = "Fernet, a token each mebibyte"

    def __init__(self) -> None:
        from cryptography.fernet import Fernet

        self._cipher = Fernet(base64.urlsafe_b64encode(bytes(range(32))))

    def write(self, path: Path, megabytes: int) -> None:
        waiting = bytearray()
        with path.open("wb") as file:
            for piece in pieces(megabytes):
                waiting += piece
                if len(waiting) >= MEBIBYTE:
                    self._put(file, waiting)
            self._put(file, waiting)
        reach_the_disk(path)

    def _put(self, file: Any, waiting: bytearray) -> None:
        token = self._cipher.encrypt(bytes(waiting))
        file.write(len(token).to_bytes(LENGTH_BYTES, "big") + token)
        waiting.clear()

    def read(self, path: Path) -> Iterator[bytes]:
        with path.open("rb") as file:
            while length := file.read(LENGTH_BYTES):
                yield self._cipher.decrypt(file.read(int.from_bytes(length, "big")))


WAYS: dict[str, Callable[[], Any]] = {"plain": Plain, "vault": Vault, "tink": Tink, "fernet": FernetTokens}


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(name: str, folder: Path, megabytes: int) -> dict[str, Any]:
    """Seconds of one way, in this process."""
    way, path = WAYS[name](), folder / name
    loaded = peak_bytes()
    worked, started = time.process_time(), time.perf_counter()
    way.write(path, megabytes)
    written = time.perf_counter()
    stream = way.read(path)
    count = len(next(stream))
    first = time.perf_counter()
    count += sum(map(len, stream))
    ended = time.perf_counter()
    path.unlink()
    if count != sum(map(len, pieces(megabytes))):
        raise SystemExit(f"{way.label}: {count} bytes came back")
    seconds = {"write": written - started, "read": ended - written, "first": first - written}
    seconds["cpu"] = time.process_time() - worked
    return {"way": way.label, "grown_bytes": peak_bytes() - loaded, **seconds}


def run_all(folder: Path, megabytes: int, rounds: int) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in WAYS}
    for _round in range(rounds):
        for name, results in found.items():
            command = [sys.executable, __file__, "--measure", name, "--folder", str(folder)]
            command += ["--megabytes", str(megabytes)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            results.append(json.loads(done.stdout.splitlines()[-1]))
    rows = []
    for name, results in found.items():
        middle = {
            key: statistics.median(result[key] for result in results) for key in ("write", "read", "first", "cpu")
        }
        rows.append(
            {
                "key": name,
                "way": results[0]["way"],
                "write_mb_per_second": round(megabytes / middle["write"]),
                "read_mb_per_second": round(megabytes / middle["read"]),
                "first_byte_ms": round(middle["first"] * 1000, 1),
                "cpu_seconds": round(middle["cpu"], 2),
                "memory_mb": round(max(result["grown_bytes"] for result in results) / 1e6, 1),
            }
        )
    return {"benchmark": "vault", "megabytes": megabytes, "rounds": rounds, "ways": rows}


def show(figures: dict[str, Any]) -> None:
    print(f"A file of {figures['megabytes']} MB, {figures['rounds']} rounds")  # noqa: T201
    print(f"{'':<34}{'Write MB/s':>11}{'Read MB/s':>11}{'First byte':>12}{'CPU s':>8}{'Memory MB':>11}")  # noqa: T201
    for row in figures["ways"]:
        speeds = f"{row['write_mb_per_second']:>11,}{row['read_mb_per_second']:>11,}"
        print(f"{row['way']:<34}{speeds}{row['first_byte_ms']:>9} ms{row['cpu_seconds']:>8}{row['memory_mb']:>11}")  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=512)
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    parser.add_argument("--quick", action="store_true", help="a smaller file and fewer rounds, under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--measure", choices=sorted(WAYS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.folder, options.megabytes)))  # noqa: T201
        return
    megabytes, rounds = (128, 3) if options.quick else (options.megabytes, 5)
    with tempfile.TemporaryDirectory(prefix="electionsite-benchmark-", dir=options.folder) as folder:
        # The settings make secrets where none are given: not in this checkout's data.
        os.environ["ELECTIONSITE_DATA_DIR"] = folder
        figures = run_all(Path(folder), megabytes, rounds)
    if options.json:
        print(json.dumps(figures))  # noqa: T201
    else:
        show(figures)


if __name__ == "__main__":
    main()
