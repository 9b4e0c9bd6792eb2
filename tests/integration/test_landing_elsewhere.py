"""A landing in a bucket: the same files give the same digests as from a folder, and a second run fetches nothing.

Assumption guarded: what was delivered does not depend on where it lies (issue 4, part 7). Broken by: ingestion/places.py, or a
caller that takes a landing for a local folder. The server is moto's, over HTTP on loopback.
"""

from __future__ import annotations

import io
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from funnelcast.sales_process import SalesProcess
from funnelcast.settings import Settings, load_settings
from ingestion.land import land
from ingestion.store import stored_files
from publishing.certificate import read_certificate

pytestmark = pytest.mark.long

BUCKET = "extracts"
SECRET = "wJalrXUtnFEMI-not-a-real-secret"
DEALS = "opportunity_id,stage,created_at,amount,currency\nO1,won,2026-10-01,100,USD\nO2,closing,2026-10-02,200,USD\n"
HISTORY = "opportunity_id,stage,entered_at\nO1,prospecting,2026-10-01\nO1,won,2026-11-01\n"


@dataclass
class Bucket:
    """A bucket on a real server, and how many files were fetched from it."""

    client: object
    fetched: list[str]

    def put(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=content)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    before = dict(os.environ)
    os.environ.update(
        {
            "AWS_ACCESS_KEY_ID": "not-a-real-key",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}",
        }
    )
    yield f"http://{host}:{port}"
    os.environ.clear()
    os.environ.update(before)
    server.stop()


@pytest.fixture(scope="module")
def bucket(endpoint: str) -> Iterator[Bucket]:
    import boto3
    import s3fs

    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket=BUCKET)
    fetched: list[str] = []
    original = s3fs.S3FileSystem._get_file

    async def counted(self: object, path: str, *arguments: object, **options: object) -> object:
        fetched.append(path)
        return await original(self, path, *arguments, **options)

    s3fs.S3FileSystem._get_file = counted
    yield Bucket(client, fetched)
    s3fs.S3FileSystem._get_file = original


def deliver(folder: Path) -> Path:
    for name, content in {
        "generic/opportunity/opportunity_2026-11-09.csv": DEALS,
        "generic/opportunity/opportunity_2026-11-10.csv": DEALS.replace("closing", "won"),
        "generic/stage_history/it's [1]_2026-11-10.csv": HISTORY,
        "generic/user/users_2026-11-10.docx": "x",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return folder


def run(home: Path, landing: str) -> tuple[int, str]:
    """Run the command in this process; its exit code, and all that it printed."""
    import sys

    from command.cli import answer

    out = io.StringIO()
    before_environment, before_arguments = dict(os.environ), sys.argv
    sys.argv = ["funnelcast", "run", "--home", str(home), "--landing", landing]
    try:
        with redirect_stdout(out), redirect_stderr(out):
            code, _ = answer()
    finally:
        sys.argv = before_arguments
        os.environ.clear()
        os.environ.update(before_environment)
    return code, out.getvalue()


def digests(home: Path) -> dict[str, str]:
    return {name: told["digest"] for name, told in read_certificate(home / "published")["tables"].items()}


@pytest.fixture(scope="module")
def homes(bucket: Bucket, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """A run from a folder, and a run from a bucket that holds the same files; and what the second one printed."""
    folder = deliver(tmp_path_factory.mktemp("landing"))
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            bucket.put(f"nightly/{path.relative_to(folder).as_posix()}", path.read_bytes())
    local, remote = tmp_path_factory.mktemp("local"), tmp_path_factory.mktemp("remote")
    code, told = run(local, str(folder))
    assert code == 0, told
    code, told = run(remote, f"s3://{BUCKET}/nightly")
    assert code == 0, told
    return local, remote, told


def test_a_run_from_a_bucket_publishes_what_a_run_from_a_folder_does(homes: tuple[Path, Path, str]) -> None:
    local, remote, _ = homes
    assert digests(remote) == digests(local)
    assert {found.file: found.sha256 for found in stored_files(remote / "raw")[0]} == {
        found.file: found.sha256 for found in stored_files(local / "raw")[0]
    }


def test_nothing_that_was_fetched_is_left(homes: tuple[Path, Path, str]) -> None:
    assert not (homes[1] / "landing_cache").exists()


def test_a_second_run_says_nothing_new_and_fetches_nothing(homes: tuple[Path, Path, str], bucket: Bucket) -> None:
    _, remote, _ = homes
    before = digests(remote)
    bucket.fetched.clear()
    code, told = run(remote, f"s3://{BUCKET}/nightly/")
    assert code == 0, told
    assert "Nothing new was delivered" in told
    assert bucket.fetched == []
    assert digests(remote) == before


def test_only_what_is_new_is_fetched(homes: tuple[Path, Path, str], bucket: Bucket, tmp_path: Path) -> None:
    shutil.copytree(homes[1], tmp_path / "home", symlinks=True)
    settings = load_settings(home=tmp_path / "home", landing=f"s3://{BUCKET}/nightly")
    key = "nightly/generic/opportunity/opportunity_2026-11-11.csv"
    bucket.put(key, DEALS.encode())
    bucket.fetched.clear()
    landing = land(settings, SalesProcess())
    bucket.client.delete_object(Bucket=BUCKET, Key=key)  # type: ignore[attr-defined]
    assert bucket.fetched == [f"{BUCKET}/{key}"]
    assert landing.new_files == 1
    assert {found.file for found in landing.outcomes if found.outcome == "loaded"} == {
        "generic/opportunity/opportunity_2026-11-09.csv",
        "generic/opportunity/opportunity_2026-11-10.csv",
        "generic/opportunity/opportunity_2026-11-11.csv",
        "generic/stage_history/it's [1]_2026-11-10.csv",
    }


def test_no_secret_is_written_anywhere(homes: tuple[Path, Path, str]) -> None:
    _, remote, told = homes
    assert SECRET not in told
    written = [path for path in remote.rglob("*") if path.is_file() and not path.is_symlink()]
    assert written
    assert [path for path in written if SECRET.encode() in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("landing", "words"),
    [
        ("s3://no-such-bucket/nightly", ("s3://no-such-bucket/nightly", "does not exist")),
        ("s3://", ("names no bucket", "s3://bucket/folder")),
        ("nosuch://bucket/folder", ("nosuch://bucket/folder", "unknown protocol", "s3://bucket/folder")),
        ("gs://bucket/folder", ("needs a package that is not installed", "pip install 'funnelcast[gcs]'")),
        ("abfs://container/folder", ("pip install 'funnelcast[azure]'",)),
        ("sftp://ada:geheim@host.invalid/folder", ("sftp://host.invalid/folder", "pip install 'funnelcast[sftp]'")),
    ],
)
def test_a_wrong_url_is_one_sentence(endpoint: str, tmp_path: Path, landing: str, words: tuple[str, ...]) -> None:
    code, told = run(tmp_path / "home", landing)
    assert code == 2, told
    sentence = " ".join(told.split())
    for word in words:
        assert word in sentence
    assert "Traceback" not in told
    assert "geheim" not in told


def test_missing_credentials_are_one_sentence(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    # No profile, and no machine that would hand out a role.
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    code, told = run(tmp_path / "home", f"s3://{BUCKET}/nightly")
    assert code == 2, told
    assert "No credentials were found for the landing s3://extracts/nightly" in " ".join(told.split())
    assert "Traceback" not in told


def test_a_server_that_does_not_answer_is_one_sentence(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    code, told = run(tmp_path / "home", f"s3://{BUCKET}/nightly")
    assert code == 1, told
    assert "could not be listed" in told
    assert "Traceback" not in told


def test_the_config_may_name_a_url(tmp_path: Path) -> None:
    config = tmp_path / "sales_process.yml"
    config.write_text(f"run: {{landing: 's3://{BUCKET}/nightly'}}\n", encoding="utf-8")
    settings = load_settings(config=config)
    assert str(settings.landing) == f"s3://{BUCKET}/nightly"
    assert isinstance(settings, Settings)


def test_a_file_url_is_a_folder(tmp_path: Path) -> None:
    assert load_settings(landing=f"file://{tmp_path}/a%20b").landing == tmp_path / "a b"
