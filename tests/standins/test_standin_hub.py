"""The stand-in for the Hub against the real clients, each in a process of its own: HF_ENDPOINT is read at import."""

import io
import json
import subprocess
import sys
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.standins.standin_hub import READ_TOKEN, Hub
from tests.standins.standin_hub.card import validate
from tests.standins.standin_hub.faults import Faults, Rule
from tests.standins.standin_hub.web import byte_range
from tests.standins.standin_hub.xet import Term, read_chunks, text_hash, unpack, within

_CARD = """---
license: apache-2.0
language: [ar]
configs:
- config_name: one
  data_files:
  - split: a.b
    path: one/a.b-*.parquet
---
# بطاقة
"""
_PRELUDE = """
import io, json, sys, warnings
warnings.filterwarnings("ignore")
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi, HfFileSystem
from huggingface_hub.errors import *
api, arguments = HfApi(), json.loads(sys.argv[1])
repo = dict(repo_id=arguments["repo"], repo_type="dataset")
def fails(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except Exception as error:
        response = getattr(error, "response", None)
        return [type(error).__name__, response.status_code if response is not None else None]
def answer(value):
    print("ANSWER" + json.dumps(value))
"""

Client = Callable[..., Any]


def start(hub: Hub, home: Path, code: str, *, xet: bool = True, token: str | None = None, **arguments: Any) -> Any:
    """A client's process that runs the code; what it passes to `answer` comes back from `finish`."""
    environment = hub.environment(home, token, xet=xet) if token is not None else hub.environment(home, xet=xet)
    command = [sys.executable, "-c", _PRELUDE + code, json.dumps(arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: Any) -> Any:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return next(json.loads(line.removeprefix("ANSWER")) for line in out.splitlines() if line.startswith("ANSWER"))


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    with Hub(folder, "--part-size", "300000", "--page-size", "3", "--account", "hf_other:other") as running:
        yield running


@pytest.fixture
def client(hub: Hub, tmp_path: Path) -> Client:
    hub.faults()
    hub.reset()
    return lambda code, **arguments: finish(start(hub, tmp_path / "home", code, **arguments))


def parquet(rows: int, seed: int) -> bytes:
    import numpy
    import pyarrow
    import pyarrow.parquet

    noise = numpy.random.default_rng(seed)
    columns = {"id": range(rows), "text": [f"نص {n} {noise.bytes(100).hex()}" for n in range(rows)]}
    buffer = io.BytesIO()
    table = pyarrow.table({name: list(values) for name, values in columns.items()})
    pyarrow.parquet.write_table(table, buffer, row_group_size=1000)
    return buffer.getvalue()


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    path = tmp_path / "a.b-0.parquet"
    # Its own content in each test: the Hub asks only for what it has not got.
    path.write_bytes(parquet(5000, seed=zlib.crc32(str(tmp_path).encode())))
    return path


def test_accounts_and_repositories(client: Client) -> None:
    found = client(
        """
found = {"name": api.whoami()["name"], "role": api.whoami()["auth"]["accessToken"]["role"]}
found["url"] = [str(api.create_repo(**repo, private=True)), str(api.create_repo(**repo, exist_ok=True))]
found["again"] = fails(api.create_repo, **repo)
found["elsewhere"] = fails(api.create_repo, "somebody/x", repo_type="dataset")
found["private"] = api.dataset_info(arguments["repo"]).private
found["other"] = fails(HfApi(token="hf_other").dataset_info, arguments["repo"])
found["anonymous"] = fails(HfApi(token=False).dataset_info, arguments["repo"])
reader = HfApi(token=arguments["reader"])
found["reader"] = [reader.dataset_info(arguments["repo"]).id]
found["readers commit"] = fails(reader.upload_file, path_or_fileobj=b"x", path_in_repo="x", **repo)
found["wrong token"] = fails(HfApi(token="hf_nobody").dataset_info, arguments["repo"])
api.update_repo_settings(**repo, private=False)
found["public"] = HfApi(token=False).dataset_info(arguments["repo"]).private
api.delete_repo(**repo)
found["deleted"] = [fails(api.dataset_info, arguments["repo"]), api.repo_exists(**repo)]
api.delete_repo(**repo, missing_ok=True)
answer(found)
""",
        repo="user/accounts",
        reader=READ_TOKEN,
    )
    assert found["name"] == "user"
    assert found["role"] == "write"
    assert found["url"][0] == found["url"][1]
    assert found["url"][0].endswith("/datasets/user/accounts")
    assert found["again"] == ["HfHubHTTPError", 409]
    assert found["elsewhere"] == ["HfHubHTTPError", 403]
    assert found["private"] is True
    assert found["other"] == found["anonymous"] == ["RepositoryNotFoundError", 404]
    assert found["reader"] == ["user/accounts"]
    assert found["readers commit"] == ["HfHubHTTPError", 403]
    assert found["wrong token"] == ["HfHubHTTPError", 401]
    assert found["public"] is False
    assert found["deleted"] == [["RepositoryNotFoundError", 404], False]


@pytest.mark.parametrize("xet", [True, False], ids=["xet", "lfs"])
def test_publish_load_merge_and_tag(client: Client, hub: Hub, shard: Path, xet: bool) -> None:
    """A pull request is read by plain and streaming loads before `main` knows of it; then merged and tagged."""
    found = client(
        """
import datasets
name = arguments["repo"]
api.create_repo(**repo)
shard = arguments["shard"]
def publish(**options):
    contents = {"README.md": arguments["card"].encode(), "one/a.b-0.parquet": shard}
    operations = [CommitOperationAdd(path, content) for path, content in contents.items()]
    return api.create_commit(operations=operations, commit_message="Publish", **repo, **options)
commit = publish(create_pr=True)
found = {"revision": commit.pr_revision, "before": api.list_repo_files(**repo)}
# Before the other loads: `datasets` falls back on what it has cached of any revision.
found["main"] = fails(datasets.load_dataset, name, "one")
plain = datasets.load_dataset(name, "one", split="a.b", revision=commit.pr_revision)
found["plain"] = [len(plain), plain[4999]["text"][:3]]
streamed = datasets.load_dataset(name, "one", split="a.b", revision=commit.pr_revision, streaming=True)
found["streamed"] = sum(row["id"] for row in streamed)
details = api.get_discussion_details(discussion_num=commit.pr_num, **repo)
found["status"] = [details.status, details.is_pull_request, details.conflicting_files, details.target_branch]
api.merge_pull_request(discussion_num=commit.pr_num, comment="done", **repo)
api.create_tag(tag="v1", **repo)
found["tag twice"] = [fails(api.create_tag, tag="v1", **repo), api.create_tag(tag="v1", exist_ok=True, **repo)]
for revision in (None, "v1", api.dataset_info(name).sha):
    found[str(revision)[:2]] = len(datasets.load_dataset(name, "one", split="a.b", revision=revision))
found["merged"] = api.get_discussion_details(discussion_num=commit.pr_num, **repo).status
fs = HfFileSystem()
with fs.open(f"datasets/{name}/one/a.b-0.parquet", block_size=2**16) as file:
    file.seek(123_456)
    found["range"] = file.read(1000).hex()
local = api.hf_hub_download(filename="one/a.b-0.parquet", force_download=True, **repo)
found["download"] = open(local, "rb").read() == open(shard, "rb").read()
before = api.list_repo_commits(**repo)
publish()
found["nothing changed"] = len(api.list_repo_commits(**repo)) == len(before)
answer(found)
""",
        repo=f"user/publish-{xet}",
        card=_CARD,
        shard=str(shard),
        xet=xet,
    )
    content = shard.read_bytes()
    assert found["revision"] == "refs/pr/1"
    assert found["before"] == [".gitattributes"]
    assert found["plain"] == [5000, "نص "]
    assert found["streamed"] == sum(range(5000))
    assert found["main"] is not None
    assert found["status"] == ["open", True, [], "refs/heads/main"]
    assert found["tag twice"] == [["HfHubHTTPError", 409], None]
    assert found["No"] == found["v1"] == 5000
    assert found["merged"] == "merged"
    assert bytes.fromhex(found["range"]) == content[123_456:124_456]
    assert found["download"]
    assert found["nothing changed"]
    stats = hub.stats()
    if xet:
        assert stats["requests"]["xet-shard"] >= 1
        assert stats["received"]["xet-xorb"] < 1.1 * len(content)
        assert stats["requests"]["xet-get"] >= 1
        assert "lfs-batch" not in stats["requests"]
    else:
        assert stats["requests"]["lfs-part"] == -(-len(content) // 300_000)
        assert stats["received"]["lfs-part"] == len(content)
        assert stats["requests"]["lfs-verify"] == 1
        assert not any(kind.startswith("xet") for kind in stats["requests"])


def test_small_lfs_file_in_one_piece_and_regular_file_in_the_commit(client: Client, hub: Hub) -> None:
    found = client(
        """
api.create_repo(**repo)
api.upload_file(path_or_fileobj=b"\\0binary" * 100, path_in_repo="data/x.dat", **repo)
api.upload_file(path_or_fileobj="نص".encode(), path_in_repo="data/x.txt", **repo)
files = api.get_paths_info(paths=["data/x.dat", "data/x.txt", "no"], **repo)
answer({file.path: [file.size, bool(file.lfs)] for file in files})
""",
        repo="user/small",
        xet=False,
    )
    assert found == {"data/x.dat": [700, True], "data/x.txt": [4, False]}
    assert hub.stats()["requests"]["lfs-put"] == 1


def test_files_by_hf_uri_with_polars_and_duckdb(client: Client, shard: Path) -> None:
    pytest.importorskip("polars")
    pytest.importorskip("duckdb")
    found = client(
        """
import duckdb, polars
api.create_repo(**repo)
api.upload_file(path_or_fileobj=arguments["shard"], path_in_repo="one/0.parquet", **repo)
uri = f"hf://datasets/{arguments['repo']}/one/0.parquet"
with HfFileSystem().open(uri) as file:
    rows = polars.read_parquet(file)["id"].sum()
with duckdb.connect() as connection:
    connection.register_filesystem(HfFileSystem())
    total = connection.execute(f"select sum(id) from read_parquet('{uri}')").fetchall()[0][0]
answer([rows, int(total)])
""",
        repo="user/uris",
        shard=str(shard),
    )
    assert found == [sum(range(5000))] * 2


def test_trees_by_pages_copies_deletions_and_history(client: Client, hub: Hub) -> None:
    found = client(
        """
api.create_repo(**repo)
add, names = CommitOperationAdd, [f"a/{n % 2}/{n}.txt" for n in range(8)]
api.create_commit(operations=[add(name, name.encode()) for name in names], commit_message="eight", **repo)
operations = [CommitOperationCopy("a/0/0.txt", "b/0.txt"), CommitOperationDelete("a/1/"), add("a/0/2.txt", b"2")]
api.create_commit(operations=operations, commit_message="change", commit_description="why", **repo)
tree = list(api.list_repo_tree(recursive=True, expand=True, **repo))
found = {"tree": {entry.path: entry.last_commit.title for entry in tree}}
found["one level"] = sorted(entry.path for entry in api.list_repo_tree(path_in_repo="a", **repo))
found["commits"] = [[commit.title, commit.message] for commit in api.list_repo_commits(**repo)]
api.create_branch(branch="x/y", revision=api.list_repo_commits(**repo)[1].commit_id, **repo)
found["branch"] = api.list_repo_files(revision="x/y", **repo)
api.delete_branch(branch="x/y", **repo)
found["gone"] = fails(api.list_repo_files, revision="x/y", **repo)
found["no file"] = fails(api.hf_hub_download, filename="nothing", **repo)
found["no folder"] = fails(lambda: list(api.list_repo_tree(path_in_repo="nothing", **repo)))
found["glob"] = sorted(HfFileSystem().glob(f"datasets/{arguments['repo']}/**/*.txt"))
answer(found)
""",
        repo="user/trees",
    )
    assert found["tree"] == {
        ".gitattributes": "initial commit",
        "a": "change",
        "a/0": "change",
        "a/0/0.txt": "eight",
        "a/0/2.txt": "change",
        "a/0/4.txt": "eight",
        "a/0/6.txt": "eight",
        "b": "change",
        "b/0.txt": "change",
    }
    assert found["one level"] == ["a/0"]
    assert found["commits"] == [["change", "why"], ["eight", ""], ["initial commit", ""]]
    assert len(found["branch"]) == 9
    assert found["gone"] == ["RevisionNotFoundError", 404]
    assert found["no file"][0] == "RemoteEntryNotFoundError"
    assert found["no folder"] == ["RemoteEntryNotFoundError", 404]
    assert len(found["glob"]) == 5
    assert hub.stats()["requests"]["tree"] > 5


def test_concurrent_changes(client: Client) -> None:
    found = client(
        """
api.create_repo(**repo)
def write(path, text, **options):
    operations = [CommitOperationAdd(path, text.encode())]
    return api.create_commit(operations=operations, commit_message="w", **repo, **options)
parent = api.dataset_info(arguments["repo"]).sha
write("x", "one", parent_commit=parent)
found = {"stale": fails(write, "x", "two", parent_commit=parent)}
quiet = api.create_pull_request(title="quiet", **repo)
found["draft"] = [quiet.status, fails(api.merge_pull_request, discussion_num=quiet.num, **repo)]
write("y", "theirs", revision=quiet.git_reference)
loud = write("x", "theirs", create_pr=True)
write("x", "ours")
write("z", "ours")
found["conflict"] = [api.get_discussion_details(discussion_num=loud.pr_num, **repo).conflicting_files]
found["conflict"].append(fails(api.merge_pull_request, discussion_num=loud.pr_num, **repo))
api.change_discussion_status(discussion_num=quiet.num, new_status="open", **repo)
api.merge_pull_request(discussion_num=quiet.num, **repo)
found["files"] = sorted(api.list_repo_files(**repo))
found["late"] = fails(write, "y", "late", revision=quiet.git_reference)
api.change_discussion_status(discussion_num=loud.pr_num, new_status="closed", **repo)
api.comment_discussion(discussion_num=loud.pr_num, comment="no", **repo)
found["all"] = [[one.num, one.status] for one in api.get_repo_discussions(**repo)]
stranger = HfApi(token="hf_other")
found["stranger"] = stranger.upload_file(path_or_fileobj=b"s", path_in_repo="s", create_pr=True, **repo).pr_num
found["strangers merge"] = fails(stranger.merge_pull_request, discussion_num=3, **repo)
answer(found)
""",
        repo="user/concurrent",
    )
    assert found["stale"] == ["HfHubHTTPError", 412]
    assert found["draft"] == ["draft", ["BadRequestError", 400]]
    assert found["conflict"] == [["x"], ["HfHubHTTPError", 409]]
    assert found["files"] == [".gitattributes", "x", "y", "z"]
    assert found["late"] == ["HfHubHTTPError", 403]
    assert found["all"] == [[2, "closed"], [1, "merged"]]
    assert found["stranger"] == 3
    assert found["strangers merge"] == ["HfHubHTTPError", 403]


def test_a_wrong_card_is_refused_by_the_client_and_by_the_commit(client: Client, hub: Hub) -> None:
    wrong = _CARD.replace("apache-2.0", "my-own")
    found = client(
        """
api.create_repo(**repo)
answer(fails(api.upload_file, path_or_fileobj=arguments["card"].encode(), path_in_repo="README.md", **repo))
""",
        repo="user/card",
        card=wrong,
    )
    assert found[0] == "ValueError"
    assert "commit" not in hub.stats()["requests"]


@pytest.mark.parametrize(
    ("card", "word"),
    [
        (_CARD, ""),
        (_CARD.replace("[ar]", "[Arabic]"), "language"),
        (_CARD.replace("- config_name: one\n  data_files", "- data_files"), "config_name"),
        (_CARD.replace("    path:", "    file:"), "data_files"),
        ("---\na: [\n---\n", "YAML"),
        ("---\n- a\n---\n", "metadata"),
    ],
)
def test_card_rules(card: str, word: str) -> None:
    errors, warnings = validate(card)
    assert not warnings
    assert (word in errors[0]) if word else not errors


@pytest.mark.parametrize("xet", [True, False], ids=["xet", "lfs"])
def test_clients_get_over_faults(client: Client, hub: Hub, xet: bool) -> None:
    hub.faults(
        {"fault": "429", "kind": "preupload", "times": 1, "seconds": 0},
        {"fault": "503", "kind": "xet-xorb", "times": 1},
        {"fault": "drop-half", "kind": "lfs-put", "times": 1},
        {"fault": "drop", "kind": "lfs-batch", "times": 1},
        {"fault": "slow", "kind": "resolve", "times": 1, "seconds": 0.1},
        {"fault": "cut", "kind": "cdn", "times": 1},
        {"fault": "cut", "kind": "xet-get", "times": 1},
    )
    found = client(
        """
api.create_repo(**repo)
content = arguments["repo"].encode() + bytes(range(256)) * 1000
api.upload_file(path_or_fileobj=content, path_in_repo="x.bin", **repo)
answer(open(api.hf_hub_download(filename="x.bin", **repo), "rb").read() == content)
""",
        repo=f"user/faults-{xet}",
        xet=xet,
    )
    assert found is True
    met = hub.stats()["faults"]
    wanted = {"429 preupload", "slow resolve"}
    wanted |= {"503 xet-xorb", "cut xet-get"} if xet else {"drop lfs-batch", "drop-half lfs-put", "cut cdn"}
    assert met == dict.fromkeys(wanted, 1)


def test_a_commit_whose_answer_was_lost_was_made(client: Client, hub: Hub) -> None:
    hub.faults({"fault": "drop-answer", "kind": "commit", "times": 1}, {"fault": "412", "kind": "commit", "times": 1})
    found = client(
        """
api.create_repo(**repo)
def write():
    api.create_commit(operations=[CommitOperationAdd("x", b"x")], commit_message="w", **repo)
lost = fails(write)
made = api.list_repo_files(**repo)
answer([lost, made, fails(api.upload_file, path_or_fileobj=b"y", path_in_repo="y", **repo)])
""",
        repo="user/lost",
    )
    assert found[0][1] is None
    assert found[1] == [".gitattributes", "x"]
    assert found[2] == ["HfHubHTTPError", 412]


def test_killed_and_restarted_in_the_middle_of_uploads(tmp_path: Path) -> None:
    """The client waits and goes on; everything that was acknowledged before the kill is there after it."""
    hub = Hub(tmp_path / "hub").start()
    try:
        code = """
api.create_repo(exist_ok=True, **repo)
for n in range(6):
    api.upload_file(path_or_fileobj=bytes([n]) * 500_000, path_in_repo=f"{n}.bin", **repo)
answer(sorted(api.list_repo_files(**repo)))
"""
        hub.faults({"fault": "slow", "kind": "lfs-put", "path": "*", "seconds": 0.2})
        writer = start(hub, tmp_path / "home", code, repo="user/killed", xet=False)
        while hub.stats()["requests"].get("lfs-put", 0) < 3:
            assert writer.poll() is None, writer.communicate()
        known = json.loads(urllib.request.urlopen(f"{hub.url}/api/datasets/user/killed", timeout=10).read())
        hub.kill()
        hub.start()
        again = json.loads(urllib.request.urlopen(f"{hub.url}/api/datasets/user/killed", timeout=10).read())
        assert again["sha"] == known["sha"] or len(again["siblings"]) > len(known["siblings"])
        assert finish(writer) == [".gitattributes", *(f"{n}.bin" for n in range(6))]
        assert not list((tmp_path / "hub" / "uploads").iterdir())
    finally:
        hub.stop()


def test_accounts_and_faults_by_the_command_line(tmp_path: Path) -> None:
    with Hub(tmp_path, "--account", "t:somebody:read:acme", "--fault", "503:whoami=1") as hub:
        request = urllib.request.Request(f"{hub.url}/api/whoami-v2", headers={"Authorization": "Bearer t"})
        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(request, timeout=10)
        hub.faults()
        with urllib.request.urlopen(request, timeout=10) as answer:
            found = json.loads(answer.read())
    assert (found["name"], found["orgs"][0]["name"]) == ("somebody", "acme")
    assert found["auth"]["accessToken"]["role"] == "read"


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=40), st.integers(0, 5), st.randoms())
def test_faults_do_not_depend_on_the_order_of_arrival(paths: list[str], seed: int, shuffler: Any) -> None:
    def met(order: list[str]) -> list[tuple[str, int]]:
        faults, seen, hits = Faults([Rule("503", kind="x", rate=0.5)], seed), dict.fromkeys("abc", 0), []
        for path in order:
            seen[path] += 1
            if faults.draw("x", path):
                hits.append((path, seen[path]))
        return sorted(hits)

    shuffled = list(paths)
    shuffler.shuffle(shuffled)
    assert met(paths) == met(shuffled)


@given(st.binary(min_size=1, max_size=50), st.integers(0, 60), st.integers(0, 60))
def test_ranges(content: bytes, first: int, last: int) -> None:
    def read(wanted: str) -> tuple[int, bytes]:
        status, start, end = byte_range(wanted, len(content), {})
        return status, content[start:end]

    inside = first <= last and first < len(content)
    assert read(f"bytes={first}-{last}") == ((206, content[first : last + 1]) if inside else (416, b""))
    assert read(f"bytes={first}-") == ((206, content[first:]) if first < len(content) else (416, b""))
    if last:
        assert read(f"bytes=-{last}") == (206, content[-last:])
    assert read("bytes=x") == (200, content)


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=300), st.integers(0, 2)), min_size=1, max_size=5))
def test_xorbs_of_every_scheme_unpack(chunks: list[tuple[bytes, int]]) -> None:
    import pyarrow

    xorb = b""
    for content, scheme in chunks:
        body = b"".join(content[place::4] for place in range(4)) if scheme == 2 else content
        body = pyarrow.compress(body, codec="lz4", asbytes=True) if scheme else body
        xorb += b"\0" + len(body).to_bytes(3, "little") + bytes([scheme]) + len(content).to_bytes(3, "little") + body
    assert [unpack(xorb, chunk) for chunk in read_chunks(xorb)] == [content for content, _ in chunks]


def test_xet_hashes_are_written_as_the_specification_says() -> None:
    assert text_hash(bytes(range(32))) == "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918"


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.data())
def test_a_range_of_a_file_takes_the_terms_that_it_touches(sizes: list[int], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, sum(sizes) - 1))
    end = data.draw(st.integers(start + 1, sum(sizes)))
    whole = [(number, place) for number, size in enumerate(sizes) for place in range(size)]
    kept, skipped = within([Term(str(n), size, 0, 1) for n, size in enumerate(sizes)], start, end)
    joined = [(int(term.xorb), place) for term in kept for place in range(term.size)]
    assert joined[skipped : skipped + end - start] == whole[start:end]
    assert skipped < kept[0].size
