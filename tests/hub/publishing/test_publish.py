"""Publishing to the stand-in with the real clients: what arrives, what is sent twice, what faults and kills leave."""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from builders.run_folder.folder import lock_folder
from hub.card.first_screen import loading
from hub.card.merging.kept_sections import generated
from hub.commands import dataset_folder, run_check, run_publish
from hub.publishing.difference import changed_by_others, compare
from hub.publishing.manifest import MANIFEST, Owned, read_manifest, write_manifest
from hub.publishing.portions import SMALLEST
from hub.publishing.remote import LocalFile, RemoteFile, Revision
from processors.errors import InputError
from tests.hub.client import Client
from tests.hub.small_dataset import CONFIGS, FILE, SCHEMA, SPLITS, Dataset, rows
from tests.standins.processes import wait_for
from tests.standins.standin_hub import READ_TOKEN, WRITE_TOKEN, Hub

OTHER = "hf_standin_other"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with Hub(tmp_path_factory.mktemp("hub"), "--account", f"{OTHER}:somebody") as running:
        yield running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def shared_client(hub: Hub, home: Path) -> Iterator[Client]:
    client = Client(hub.environment(home, xet=False))
    yield client
    client.kill()


@pytest.fixture
def client(hub: Hub, shared_client: Client) -> Iterator[Client]:
    hub.reset()
    yield shared_client
    hub.faults()


@pytest.fixture
def repo(request: pytest.FixtureRequest) -> str:
    return f"user/{request.node.name.translate(str.maketrans('[]', '--')).rstrip('-')[:90]}"


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """The small dataset, with statistics. No two files of all tests are alike: the Hub stores each content once."""
    made = Dataset(tmp_path / "run" / "dataset")
    for number, config in enumerate(CONFIGS):
        for place, split in enumerate(SPLITS):
            table = pa.Table.from_pylist(rows(5 + number * 2 + place, f"مرحبا {tmp_path.name}"), schema=SCHEMA)
            made.replace(table, f"{config}/{split}-00000-of-00001.parquet")
        (made.folder / "statistics").mkdir(exist_ok=True)
        statistics(made, config, 5.0)
    return made


def statistics(dataset: Dataset, config: str, tokens: float) -> None:
    means = {"rows": 5, "LR": 0.9, "SCR": 1.0, "turns": 1.0, "tokens": tokens}
    text = json.dumps({"config": config, "splits": {SPLITS[0]: means}, "summary": means})
    (dataset.folder / "statistics" / f"{config}.json").write_text(text)


def same_as(dataset: Dataset, client: Client, repo: str, **options: Any) -> None:
    """Everything that the Hub gives is what the folder has."""
    for config in CONFIGS:
        for split in SPLITS:
            loaded = client("load", repo=repo, config=config, split=split, **options)
            assert loaded["error"] is None
            assert loaded["result"] == dataset.load(config, split).to_list()


def files_of(dataset: Dataset) -> list[str]:
    """The folder's files, and the manifest that a publish puts beside them."""
    files = [str(path.relative_to(dataset.folder)) for path in dataset.folder.rglob("*") if path.is_file()]
    return sorted([*files, MANIFEST])


def sent(hub: Hub) -> dict[str, int]:
    """Requests that change something."""
    changing = ("create", "preupload", "lfs-put", "commit", "discussion-open", "status", "merge", "tag")
    return {kind: number for kind, number in hub.stats()["requests"].items() if kind in changing}


# What arrives.


def test_a_published_dataset_is_the_folder_row_for_row(dataset: Dataset, client: Client, repo: str) -> None:
    done = client("publish", folder=str(dataset.folder), repo=repo, tag="v1")
    assert done["error"] is None
    assert sorted(done["result"]["send"]) == files_of(dataset)
    state = client("state", repo=repo)["result"]
    assert state["files"] == files_of(dataset)
    assert state["tags"] == {"v1": state["commits"][0]}
    assert state["commits"][0] == done["result"]["commit"]
    assert state["pull_requests"] == {"1": "merged"}
    assert not state["private"]
    same_as(dataset, client, repo)
    same_as(dataset, client, repo, streaming=True, revision="v1")


def test_with_xet(dataset: Dataset, hub: Hub, home: Path, repo: str) -> None:
    client = Client(hub.environment(home))
    try:
        hub.reset()
        assert client("publish", folder=str(dataset.folder), repo=repo)["error"] is None
        assert hub.stats()["requests"]["xet-shard"] >= 1
        assert "lfs-put" not in hub.stats()["requests"]
        same_as(dataset, client, repo)
        hub.reset()
        assert "nothing is sent" in client("publish", folder=str(dataset.folder), repo=repo)["said"]
        assert sent(hub) == {}
    finally:
        client.kill()


def test_nothing_changed_nothing_sent(dataset: Dataset, client: Client, repo: str, hub: Hub) -> None:
    first = client("publish", folder=str(dataset.folder), repo=repo, tag="v1")
    hub.reset()
    done = client("publish", folder=str(dataset.folder), repo=repo, tag="v1")
    assert "has all 8 files already: nothing is sent" in done["said"]
    assert done["result"] == {**first["result"], "send": [], "remove": [], "pull_request": None}
    assert sent(hub) == {}


def test_one_changed_row_sends_its_shard_the_card_and_the_statistics(
    dataset: Dataset, client: Client, repo: str, hub: Hub
) -> None:
    client("publish", folder=str(dataset.folder), repo=repo)
    hub.reset()
    changed = rows(5)
    changed[2]["messages"][0]["content"] = "سؤال آخر"
    dataset.replace(pa.Table.from_pylist(changed, schema=SCHEMA))
    (dataset.folder / "statistics" / f"{CONFIGS[0]}.json").write_text("{}")
    done = client("publish", folder=str(dataset.folder), repo=repo)
    assert done["result"]["send"] == [FILE, MANIFEST, f"statistics/{CONFIGS[0]}.json", "README.md"]
    assert hub.stats()["requests"]["lfs-put"] == 1
    same_as(dataset, client, repo)


def test_stale_files_go_and_what_people_added_stays(dataset: Dataset, client: Client, repo: str) -> None:
    client("publish", folder=str(dataset.folder), repo=repo)
    theirs = ["LICENSE", "data/train-00000-of-00001.parquet", "pictures/logo.txt", f"{CONFIGS[0]}/notes.txt"]
    # By its name our card would read it as rows of a split of ours.
    within_ours = FILE.replace("00000-of-00001", "extra")
    for path in (*theirs, within_ours):
        client.upload(repo, path, dataset.folder / "statistics" / f"{CONFIGS[0]}.json")
    renamed = FILE.replace("of-00001", "of-00002")
    (dataset.folder / FILE).rename(dataset.folder / renamed)
    done = client("publish", folder=str(dataset.folder), repo=repo)
    assert done["result"]["send"] == [renamed, MANIFEST]
    assert done["result"]["remove"] == [FILE, within_ours]
    assert all(path in done["said"] for path in theirs)
    assert client("state", repo=repo)["result"]["files"] == sorted([*files_of(dataset), *theirs])


def test_a_config_that_somebody_pushed_stays_and_loads(dataset: Dataset, client: Client, repo: str, hub: Hub) -> None:
    folder = str(dataset.folder)
    client("publish", folder=folder, repo=repo)
    pushed = [{"question": "ما عاصمة مصر؟", "answer": "القاهرة"}, {"question": "كم 2 + 2؟", "answer": "4"}]
    assert client("push", repo=repo, config="my_eval", split="test", rows=pushed)["error"] is None
    # `datasets` has written the card's front matter in its own way: that goes once, and nothing the next time.
    assert client("publish", folder=folder, repo=repo)["result"]["send"] == ["README.md"]
    hub.reset()
    assert "nothing is sent" in client("publish", folder=folder, repo=repo)["said"]
    assert sent(hub) == {}
    dataset.replace(pa.Table.from_pylist(rows(9), schema=SCHEMA))
    for direct in (False, True):
        done = client("publish", folder=folder, repo=repo, direct=direct)
        assert done["error"] is None
        assert not any("my_eval" in path for path in [*done["result"]["send"], *done["result"]["remove"]])
        assert client("load", repo=repo, config="my_eval", split="test")["result"] == pushed
        same_as(dataset, client, repo)
        dataset.replace(pa.Table.from_pylist(rows(4), schema=SCHEMA))
    # A config of ours that is no longer built goes, and its entry with it.
    gone = CONFIGS[1]
    for path in [*(dataset.folder / gone).iterdir(), dataset.folder / "statistics" / f"{gone}.json"]:
        path.unlink()
    for key in ("configs", "dataset_info"):
        dataset.data[key] = [entry for entry in dataset.data[key] if entry["config_name"] != gone]
    dataset.card()
    assert client("publish", folder=folder, repo=repo)["error"] is None
    state = client("state", repo=repo)["result"]
    assert not any(gone in path for path in state["files"])
    front = yaml.safe_load(state["texts"]["README.md"].split("---\n")[1])
    for key in ("configs", "dataset_info"):
        assert [entry["config_name"] for entry in front[key]] == [CONFIGS[0], "my_eval"]
    assert [bool(entry.get("default")) for entry in front["configs"]] == [True, False]


def test_a_card_merged_with_the_one_on_main(dataset: Dataset, client: Client, repo: str, hub: Hub) -> None:
    client("publish", folder=str(dataset.folder), repo=repo)
    card = dataset.folder / "README.md"
    edited = dataset.folder.parent / "edited.md"
    edited.write_text(card.read_text() + "كتبه إنسان\n")
    client.upload(repo, "README.md", edited)
    dataset.replace(pa.Table.from_pylist(rows(9), schema=SCHEMA))
    client("publish", folder=str(dataset.folder), repo=repo, keep="كتبه إنسان")
    text = client("state", repo=repo)["result"]["texts"]["README.md"]
    assert text == card.read_text() + "كتبه إنسان\n"
    hub.reset()
    client("publish", folder=str(dataset.folder), repo=repo, keep="كتبه إنسان")
    assert sent(hub) == {}


def test_the_command_keeps_what_people_wrote_and_says_what_changed(
    dataset: Dataset, client: Client, repo: str, hub: Hub
) -> None:
    folder = str(dataset.folder.parent)
    first = client("run_publish", folder=folder, repo=repo)
    assert first["error"] is None
    assert f"{hub.url}/datasets/{repo} is at" in first["said"]
    edited = dataset.folder.parent / "edited.md"
    edited.write_text((dataset.folder / "README.md").read_text() + "\n## ملاحظات\n\nكتبه إنسان\n")
    client.upload(repo, "README.md", edited)
    statistics(dataset, CONFIGS[0], 6.0)
    assert client("run_publish", folder=folder, repo=repo, tag="v2")["error"] is None
    text = client("state", repo=repo)["result"]["texts"]["README.md"]
    assert "كتبه إنسان" in text
    assert "### v2" in text
    hub.reset()
    again = client("run_publish", folder=folder, repo=repo, tag="v2")
    assert "nothing is sent" in again["said"]
    assert sent(hub) == {}


def test_the_published_snippets_load_what_was_published(dataset: Dataset, client: Client, repo: str, hub: Hub) -> None:
    """Whatever outputs.repo says; and a second publish finds its own card."""
    size = {"rows": 5, "bytes": 9, "files": [{"bytes": 9}]}
    splits = [{"config": CONFIGS[0], "split": SPLITS[0], **size}]
    front = yaml.safe_dump(dataset.data, sort_keys=False)
    built = generated(front, ["# كلام", loading("user/SmolKalam", splits)])
    (dataset.folder / "README.md").write_text(built)
    folder = str(dataset.folder.parent)
    assert client("run_publish", folder=folder, repo=repo)["error"] is None
    card = client("state", repo=repo)["result"]["texts"]["README.md"]
    assert "user/SmolKalam" not in card
    snippet = "".join(re.findall(r"```python\n(.*?)```", card, re.S))
    loaded = client("load", repo=repo, config=CONFIGS[0], split=SPLITS[0])["result"]
    assert f'REPO = "{repo}"\nCONFIG = "{CONFIGS[0]}"\nSPLIT = "{SPLITS[0]}"\n' in snippet and len(loaded) == 5
    assert "load_dataset(REPO, CONFIG, split=SPLIT)" in snippet and "{REPO}/{CONFIG}/{SPLIT}-" in snippet
    hub.reset()
    assert "nothing is sent" in client("run_publish", folder=folder, repo=repo)["said"]
    # Written by hand, they stay as they are.
    (dataset.folder / "README.md").write_text(built.replace("import duckdb", "import duckdb as db"))
    assert f"do not name {repo}" in client("run_publish", folder=folder, repo=repo, dry_run=True)["said"]


def test_a_licence_corrected_on_the_hub_is_not_replaced_in_silence(
    dataset: Dataset, client: Client, repo: str
) -> None:
    folder = str(dataset.folder.parent)
    client("run_publish", folder=folder, repo=repo)
    dataset.data["license"] = "cc-by-4.0"
    dataset.card()
    done = client("run_publish", folder=folder, repo=repo)
    assert "`license` is 'apache-2.0' on main's card and becomes 'cc-by-4.0'" in done["said"]


def test_many_commits_and_one_merge(dataset: Dataset, client: Client, repo: str, hub: Hub) -> None:
    plots = dataset.folder / "plots"
    plots.mkdir()
    for number in range(210):
        (plots / f"{number:03d}.svg").write_text(f"<svg>{number}</svg>")
    done = client("publish", folder=str(dataset.folder), repo=repo)
    assert len(done["result"]["send"]) == 218
    assert hub.stats()["requests"]["commit"] == 3
    assert hub.stats()["requests"]["merge"] == 1


def test_private_dry_run_and_direct(dataset: Dataset, client: Client, repo: str, hub: Hub) -> None:
    folder = str(dataset.folder)
    dry = client("publish", folder=folder, repo=repo, dry_run=True)
    assert dry["error"] is None
    assert sorted(dry["result"]["send"]) == files_of(dataset)
    assert sent(hub) == {}
    done = client("publish", folder=folder, repo=repo, private=True, direct=True)
    assert "before it has been loaded" in done["said"]
    state = client("state", repo=repo)["result"]
    assert state["private"]
    assert state["pull_requests"] == {}
    assert hub.stats()["requests"]["commit"] == 1
    same_as(dataset, client, repo)
    # What is public does not become private by being published again.
    public = f"{repo}-public"
    client("api", name="create_repo", repo_id=public, repo_type="dataset")
    assert "is public" in client("publish", folder=folder, repo=public, private=True)["error"]


# What is refused, and when.


def test_a_broken_rule_stops_before_anything_is_created(dataset: Dataset, client: Client, repo: str, hub: Hub) -> None:
    (dataset.folder / FILE).unlink()
    done = client("publish", folder=str(dataset.folder), repo=repo)
    assert done["error"].startswith("InputError")
    assert FILE.split("-0")[0] in done["error"]
    assert "\n" not in done["error"]
    assert hub.stats()["requests"].keys() <= {"admin", "whoami"}


@pytest.mark.parametrize(
    ("token", "repo", "says"),
    [
        (READ_TOKEN, "user/name", "may only read"),
        ("hf_nonsense", "user/name", "not valid"),
        (OTHER, "user/name", "may not write to user/name"),
        (WRITE_TOKEN, "name", "give the owner"),
        (WRITE_TOKEN, "user/a--b..", "cannot be the name"),
    ],
)
def test_no_write_access(dataset: Dataset, client: Client, hub: Hub, token: str, repo: str, says: str) -> None:
    done = client("publish", folder=str(dataset.folder), repo=repo, token=token)
    assert done["error"].startswith("InputError")
    assert says in done["error"]
    assert token not in done["error"] + done["said"]
    assert hub.stats()["requests"].keys() <= {"admin", "whoami"}


def test_no_token(dataset: Dataset, hub: Hub, tmp_path: Path) -> None:
    client = Client(hub.environment(tmp_path, token=None))
    try:
        assert (
            "export HF_TOKEN or run `hf auth login`"
            in client("publish", folder=str(dataset.folder), repo="user/x")["error"]
        )
        hub.reset()
        dry = client("publish", folder=str(dataset.folder), repo="user/x", dry_run=True)
        assert dry["error"] is None
        assert sorted(dry["result"]["send"]) == files_of(dataset)
        assert "no token: what is private counts as missing" in dry["said"]
        assert "whoami" not in hub.stats()["requests"]
    finally:
        client.kill()


def test_the_token_is_never_shown(dataset: Dataset, client: Client, repo: str, hub: Hub) -> None:
    shown = ""
    for fault, kind in (("412", "commit"), ("drop", "create"), ("503", "merge"), ("drop-half", "lfs-put")):
        hub.faults({"fault": fault, "kind": kind, "times": 4 if fault == "412" else 1})
        done = client("publish", folder=str(dataset.folder), repo=f"{repo}-{kind}")
        shown += f"{done['error']} {done['said']}"
    assert "PublishError" in shown
    shown += str(client("run_publish", folder=str(dataset.folder.parent), repo=repo))
    assert len(shown) > 500
    assert WRITE_TOKEN not in shown


def test_a_card_that_the_hub_refuses(dataset: Dataset, client: Client, repo: str, hub: Hub) -> None:
    dataset.data["license"] = "our-own"
    dataset.card()
    done = client("publish", folder=str(dataset.folder), repo=repo)
    assert done["error"].startswith("InputError: README.md: the Hub refuses the front matter")
    assert "our-own" in done["error"]
    assert "preupload" not in sent(hub)


def test_a_tag_that_is_taken(dataset: Dataset, client: Client, repo: str, hub: Hub) -> None:
    client("publish", folder=str(dataset.folder), repo=repo, tag="v1")
    dataset.replace(pa.Table.from_pylist(rows(9), schema=SCHEMA))
    hub.reset()
    assert "has the tag 'v1' already" in client("publish", folder=str(dataset.folder), repo=repo, tag="v1")["error"]
    assert sent(hub) == {}


@pytest.mark.parametrize("tag", ["", "a tag", "v1..2", "-v1", "v1.lock", "v1~1", "v:1", "نسخة\n", "@"])
def test_a_tag_that_cannot_be_one_stops_before_anything_is_sent(
    dataset: Dataset, client: Client, repo: str, hub: Hub, tag: str
) -> None:
    done = client("publish", folder=str(dataset.folder), repo="user/never", tag=tag)
    assert done["error"].startswith("InputError") and "cannot be the name of a tag" in done["error"]
    assert hub.stats()["requests"].keys() <= {"admin"}


def test_somebody_s_dataset_is_not_replaced(dataset: Dataset, client: Client, repo: str, hub: Hub) -> None:
    theirs = {
        "data/train-00000-of-00001.parquet": dataset.folder / FILE,
        "README.md": dataset.folder.parent / "theirs",
    }
    theirs["README.md"].write_text("---\nlicense: mit\n---\n# Precious\n")
    client("api", name="create_repo", repo_id=repo, repo_type="dataset")
    for path, local in theirs.items():
        client.upload(repo, path, local)
    hub.reset()
    for options in ({}, {"dry_run": True}, {"direct": True}):
        error = client("publish", folder=str(dataset.folder), repo=repo, **options)["error"]
        assert error.startswith("InputError") and "did not publish" in error and "data/train-0" in error
    assert sent(hub) == {}
    # A card that somebody wrote before the first publish is none.
    client("api", name="delete_file", repo_id=repo, repo_type="dataset", path_in_repo=next(iter(theirs)))
    assert client("publish", folder=str(dataset.folder), repo=repo)["error"] is None


def test_pull_requests_that_are_not_allowed(dataset: Dataset, client: Client, repo: str, hub: Hub) -> None:
    client("api", name="create_repo", repo_id=repo, repo_type="dataset")
    client("disable_discussions", repo=repo)
    assert "--direct" in client("publish", folder=str(dataset.folder), repo=repo)["error"]
    # Nor are they listed.
    hub.faults({"fault": "403", "kind": "discussions"})
    assert client("publish", folder=str(dataset.folder), repo=repo, direct=True)["error"] is None


def test_loading_is_verified_before_the_merge(dataset: Dataset, client: Client, repo: str) -> None:
    """What the check would have stopped is put there by another way, and does not pass the second gate either."""
    dataset.data["dataset_info"][0]["splits"][0]["num_examples"] = 77
    dataset.card()
    client("api", name="create_repo", repo_id=repo, repo_type="dataset")
    client("api", name="upload_folder", repo_id=repo, repo_type="dataset", folder_path=str(dataset.folder))
    commit = client("state", repo=repo)["result"]["commits"][0]
    assert "5 rows in its files, 77 in its card" in client("verify", repo=repo, commit=commit)["error"]


# Others at the same time.


def test_another_commit_beside_ours_is_kept(dataset: Dataset, client: Client, repo: str) -> None:
    note = {"when": "loading it", "revision": "main", "path": "NOTES.md", "text": "ملاحظة"}
    done = client("publish", folder=str(dataset.folder), repo=repo, meanwhile=note)
    assert done["error"] is None
    state = client("state", repo=repo)["result"]
    assert state["files"] == sorted([*files_of(dataset), "NOTES.md"])
    same_as(dataset, client, repo)


def test_another_commit_to_our_files_stops_the_merge(dataset: Dataset, client: Client, repo: str, hub: Hub) -> None:
    other = {"when": "loading it", "revision": "main", "path": "README.md", "text": "---\nlicense: mit\n---\n"}
    done = client("publish", folder=str(dataset.folder), repo=repo, meanwhile=other)
    assert done["error"].startswith("PublishError")
    assert "was changed meanwhile (README.md)" in done["error"]
    assert client("state", repo=repo)["result"]["texts"]["README.md"] == other["text"]
    # Asked again, it goes over it, and no file a second time.
    hub.reset()
    done = client("publish", folder=str(dataset.folder), repo=repo)
    assert done["error"] is None
    assert "lfs-put" not in hub.stats()["requests"]
    assert client("state", repo=repo)["result"]["pull_requests"] == {"1": "closed", "2": "merged"}
    same_as(dataset, client, repo)


def test_a_commit_to_our_pull_request(dataset: Dataset, client: Client, repo: str) -> None:
    other = {"when": "sending", "revision": "refs/pr/1", "path": FILE, "text": "not ours"}
    done = client("publish", folder=str(dataset.folder), repo=repo, meanwhile=other)
    assert f"being changed by somebody else ({FILE})" in done["error"]
    assert client("state", repo=repo)["result"]["files"] == []
    beside = {"when": "sending", "revision": "refs/pr/1", "path": "NOTES.md", "text": "ملاحظة"}
    done = client("publish", folder=str(dataset.folder), repo=f"{repo}-2", meanwhile=beside)
    assert done["error"] is None
    assert "NOTES.md" in client("state", repo=f"{repo}-2")["result"]["files"]


def test_an_endless_412_ends(dataset: Dataset, client: Client, repo: str, hub: Hub) -> None:
    hub.faults({"fault": "412", "kind": "commit"})
    done = client("publish", folder=str(dataset.folder), repo=repo)
    assert "is being changed by somebody else" in done["error"]
    assert hub.stats()["requests"]["commit"] == 4
    # Of main nobody can say that: ours may be there, beneath the other.
    direct = client("publish", folder=str(dataset.folder), repo=repo, direct=True)["error"]
    assert "is being changed by somebody else" in direct and "nothing of ours" not in direct
    hub.faults({"fault": "412", "kind": "commit", "times": 2})
    assert client("publish", folder=str(dataset.folder), repo=repo)["error"] is None
    same_as(dataset, client, repo)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"HF_ENDPOINT": "hub.test"}, "HF_ENDPOINT is 'hub.test', which is no address; write it as https://"),
        ({"HF_HOME": "/dev/null/home"}, "this machine, not the Hub: make room, or point HF_HOME"),
    ],
)
def test_what_this_machine_lacks_is_said_at_once(
    dataset: Dataset, hub: Hub, home: Path, changed: dict[str, str], says: str
) -> None:
    # Where it cannot write its logs, Xet's client writes them to its standard output.
    client = Client(hub.environment(home, xet=False) | changed)
    try:
        done = client("publish", folder=str(dataset.folder), repo="user/local")
    finally:
        client.kill()
    assert done["error"].startswith("InputError")
    assert says in done["error"]
    assert "\n" not in done["error"]
    assert "waiting" not in done["said"]


# Faults that pass.


def test_faults_are_waited_out(dataset: Dataset, client: Client, repo: str, hub: Hub) -> None:
    hub.faults(
        {"fault": "429", "kind": "commit", "times": 1, "seconds": 2},
        {"fault": "503", "kind": "whoami", "times": 1},
        {"fault": "503", "kind": "validate-yaml", "times": 1},
        {"fault": "drop", "kind": "create", "times": 1},
        {"fault": "drop-half", "kind": "lfs-put", "times": 1},
        {"fault": "429", "kind": "merge", "times": 1},
        {"fault": "drop", "kind": "tag", "times": 1},
    )
    done = client("publish", folder=str(dataset.folder), repo=repo, tag="v1")
    assert done["error"] is None
    assert len(hub.stats()["faults"]) == 7
    same_as(dataset, client, repo)


def test_what_arrived_without_an_answer_is_not_done_twice(
    dataset: Dataset, client: Client, repo: str, hub: Hub
) -> None:
    hub.faults(
        *({"fault": "drop-answer", "kind": kind, "times": 1} for kind in ("commit", "merge", "tag", "discussion-open"))
    )
    done = client("publish", folder=str(dataset.folder), repo=repo, tag="v1")
    assert done["error"] is None
    assert sum(hub.stats()["faults"].values()) == 4
    state = client("state", repo=repo)["result"]
    assert state["pull_requests"] == {"1": "merged"}
    assert state["tags"] == {"v1": state["commits"][0]}
    assert hub.stats()["requests"]["commit"] == 1
    same_as(dataset, client, repo)


def test_a_silent_hub_is_asked_again(dataset: Dataset, client: Client, repo: str, hub: Hub) -> None:
    """The commit is made while nobody listens any more: it is found, and not made twice."""
    hub.faults({"fault": "slow", "kind": "commit", "times": 1, "seconds": 2})
    done = client("publish", folder=str(dataset.folder), repo=repo, silence=1)
    assert done["error"] is None
    assert len(client("state", repo=repo, revision="refs/pr/1")["result"]["commits"]) == 2
    same_as(dataset, client, repo)


# Kills.


@pytest.mark.parametrize(("kind", "before"), [("lfs-put", 2), ("commit", 0), ("merge", 0)])
def test_killed_and_run_again(
    dataset: Dataset, client: Client, hub: Hub, home: Path, repo: str, kind: str, before: int
) -> None:
    """Killed while a request is under way, `before` of its kind being done: main is old or new, nothing goes twice."""
    under_way = [{"fault": "slow", "kind": kind, "seconds": 0, "times": before}] if before else []
    hub.faults(*under_way, {"fault": "slow", "kind": kind, "seconds": 1})
    killed = Client(hub.environment(home, xet=False))
    killed.start("publish", folder=str(dataset.folder), repo=repo, tag="v1")
    wait_for(
        lambda: (
            hub.stats()["requests"].get(kind, 0) > before and hub.stats()["answers"].get(f"200 {kind}", 0) >= before
        ),
        f"a {kind}",
    )
    lost = hub.stats()["requests"][kind] - before
    killed.kill()
    hub.faults()
    assert client("state", repo=repo)["result"]["files"] in ([], files_of(dataset))
    done = client("publish", folder=str(dataset.folder), repo=repo, tag="v1")
    assert done["error"] is None
    state = client("state", repo=repo)["result"]
    assert state["pull_requests"] == {"1": "merged"}
    assert state["tags"] == {"v1": state["commits"][0]}
    shards = [path for path in files_of(dataset) if path.endswith(".parquet")]
    assert hub.stats()["requests"]["lfs-put"] <= len(shards) + (lost if kind == "lfs-put" else 0)
    same_as(dataset, client, repo)


def test_with_xet_a_kill_within_a_file_loses_a_piece_of_it(
    dataset: Dataset, hub: Hub, home: Path, repo: str, tmp_path: Path
) -> None:
    noise = random.Random(str(tmp_path))
    large = [row | {"id": noise.randbytes(25_000).hex()} for row in rows(100)]
    dataset.replace(pa.Table.from_pylist(large, schema=SCHEMA))
    size = (dataset.folder / FILE).stat().st_size
    assert size > 4 * SMALLEST
    hub.reset()
    hub.faults(
        {"fault": "slow", "kind": "xet-xorb", "seconds": 0, "times": 3},
        {"fault": "slow", "kind": "xet-xorb", "seconds": 1},
    )
    killed = Client(hub.environment(home))
    killed.start("publish", folder=str(dataset.folder), repo=repo)
    wait_for(lambda: hub.stats()["requests"].get("xet-xorb", 0) > 3, "a piece")
    killed.kill()
    hub.faults()
    client = Client(hub.environment(home))
    try:
        assert client("publish", folder=str(dataset.folder), repo=repo)["error"] is None
        # The piece under way goes again, and the chunk through which each of the four cuts went (256 KiB at most).
        # Were the three pieces before it lost, it would be four portions.
        assert hub.stats()["received"]["xet-xorb"] < size + 2.5 * SMALLEST
        assert client("load", repo=repo, config=CONFIGS[0], split=SPLITS[0])["result"] == large
    finally:
        client.kill()


def test_a_newer_build_after_a_kill_closes_the_old_pull_request(
    dataset: Dataset, client: Client, hub: Hub, home: Path, repo: str
) -> None:
    hub.faults({"fault": "slow", "kind": "commit", "seconds": 0.7})
    killed = Client(hub.environment(home, xet=False))
    killed.start("publish", folder=str(dataset.folder), repo=repo)
    wait_for(lambda: hub.stats()["requests"].get("commit", 0) >= 1, "a commit")
    killed.kill()
    hub.faults()
    dataset.replace(pa.Table.from_pylist(rows(9), schema=SCHEMA))
    done = client("publish", folder=str(dataset.folder), repo=repo)
    assert "a newer publish replaces this one" in done["said"]
    assert client("state", repo=repo)["result"]["pull_requests"] == {"1": "closed", "2": "merged"}
    same_as(dataset, client, repo)


# What an interrupted publish left, and `--direct`.


def interrupted(dataset: Dataset, hub: Hub, home: Path, repo: str, at: str) -> None:
    """A publish killed while the Hub was too busy for its request."""
    hub.faults({"fault": "503", "kind": at})
    before = hub.stats()["requests"].get(at, 0)
    killed = Client(hub.environment(home, xet=False))
    killed.start("publish", folder=str(dataset.folder), repo=repo)
    wait_for(lambda: hub.stats()["requests"].get(at, 0) > before, at)
    killed.kill()
    hub.faults()


@pytest.mark.parametrize("newer", [False, True])
@pytest.mark.parametrize("at", ["commit", "merge"])
def test_a_direct_publish_closes_what_an_interrupted_one_left(
    dataset: Dataset, client: Client, hub: Hub, home: Path, repo: str, at: str, newer: bool
) -> None:
    """Merged later by somebody, the pull request would bring the older dataset back."""
    interrupted(dataset, hub, home, repo, at)
    assert client("state", repo=repo)["result"]["pull_requests"]["1"] in ("draft", "open")
    arrived = hub.stats()["requests"]["lfs-put"]
    if newer:
        dataset.replace(pa.Table.from_pylist(rows(9, repo), schema=SCHEMA))
    done = client("publish", folder=str(dataset.folder), repo=repo, direct=True)
    assert done["error"] is None
    assert "closing pull request 1" in done["said"]
    state = client("state", repo=repo)["result"]
    assert state["pull_requests"] == {"1": "closed"} and state["files"] == files_of(dataset)
    assert hub.stats()["requests"]["lfs-put"] == arrived + newer
    same_as(dataset, client, repo)


def test_a_pull_request_is_closed_where_main_has_all_already(
    dataset: Dataset, client: Client, hub: Hub, home: Path, repo: str
) -> None:
    folder = str(dataset.folder)
    client("publish", folder=folder, repo=repo)
    was = (dataset.folder / FILE).read_bytes(), (dataset.folder / "README.md").read_bytes()
    dataset.replace(pa.Table.from_pylist(rows(9), schema=SCHEMA))
    interrupted(dataset, hub, home, repo, "merge")
    (dataset.folder / FILE).write_bytes(was[0])
    (dataset.folder / "README.md").write_bytes(was[1])
    assert client("publish", folder=folder, repo=repo, dry_run=True)["error"] is None
    assert client("state", repo=repo)["result"]["pull_requests"]["2"] == "open"
    done = client("publish", folder=folder, repo=repo)
    assert "nothing is sent" in done["said"] and done["result"]["pull_request"] is None
    assert client("state", repo=repo)["result"]["pull_requests"] == {"1": "merged", "2": "closed"}


def test_a_direct_publish_that_does_not_load_is_not_finished_by_the_next(
    dataset: Dataset, client: Client, hub: Hub, repo: str
) -> None:
    """As after a kill between its commit and the loading: nothing is left to send, and nobody has loaded it."""
    folder = str(dataset.folder)
    hub.faults({"fault": "404", "kind": "resolve", "path": "*.parquet"})
    for _ in range(2):
        done = client("publish", folder=folder, repo=repo, direct=True, tag="v1")
        assert done["error"].startswith("PublishError") and "\n" not in done["error"]
        assert "main has it already" in done["error"]
        assert client("state", repo=repo)["result"]["tags"] == {}
    assert hub.stats()["requests"]["commit"] == 1
    hub.faults()
    done = client("publish", folder=folder, repo=repo, direct=True, tag="v1")
    assert done["error"] is None and "nothing is sent" in done["said"]
    state = client("state", repo=repo)["result"]
    assert state["tags"] == {"v1": state["commits"][0]}


# Without a server.


def test_what_to_send_and_to_remove() -> None:
    files = {"README.md": LocalFile(b"card"), "a/x-0.parquet": LocalFile(b"rows"), "plots/a.svg": LocalFile(b"<svg/>")}
    remote = {path: RemoteFile(file.size, file.git_id, None) for path, file in files.items()}
    owned = Owned(frozenset({"b/y.parquet"}), ("a/x-*",))
    assert not compare(files, Revision("0", remote), owned)
    stored_outside_git = remote | {"a/x-0.parquet": RemoteFile(4, "pointer", files["a/x-0.parquet"].sha256)}
    assert not compare(files, Revision("0", stored_outside_git), owned)
    plan = compare(
        files,
        Revision(
            "0",
            {
                "README.md": RemoteFile(4, "other", None),
                "a/x-1.parquet": RemoteFile(1, "", None),
                "b/y.parquet": RemoteFile(1, "", None),
                "b/z.parquet": RemoteFile(1, "", None),
                "c": RemoteFile(1, "", None),
            },
        ),
        owned,
    )
    assert plan.send == ["a/x-0.parquet", "plots/a.svg", "README.md"]
    assert (plan.remove, plan.left) == (["a/x-1.parquet", "b/y.parquet"], ["b/z.parquet", "c"])


def test_a_manifest_lists_all_but_the_card() -> None:
    files = {"README.md": LocalFile(b"card"), "a/x-0.parquet": LocalFile("صف".encode())}
    text = write_manifest(files).read(0, 10**6).decode()
    assert json.loads(text) == {"files": {"a/x-0.parquet": files["a/x-0.parquet"].sha256}}
    assert read_manifest(text) == {"a/x-0.parquet", MANIFEST}
    for theirs in ("", "not JSON", "[]", '{"files": [1]}', '{"name": "an app"}'):
        assert read_manifest(theirs) == set()


def test_whose_changes_count_as_others() -> None:
    files = {"README.md": LocalFile(b"card"), "a/x.parquet": LocalFile(b"rows")}
    ours = {path: RemoteFile(file.size, file.git_id, None) for path, file in files.items()}
    owned = Owned(frozenset({"b/y.parquet"}))
    before = {"README.md": RemoteFile(3, "old", None)}

    def changed(before: dict[str, RemoteFile], after: dict[str, RemoteFile]) -> list[str]:
        return changed_by_others(files, Revision("0", before), Revision("1", after), owned)

    assert changed(before, before) == []
    assert changed(before, ours) == []
    assert changed(before, before | {"LICENSE": RemoteFile(1, "", None)}) == []
    assert changed(before, {"README.md": RemoteFile(3, "new", None)}) == ["README.md"]
    assert changed(ours, {}) == ["README.md", "a/x.parquet"]
    assert changed(ours, ours | {"b/y.parquet": RemoteFile(1, "", None)}) == ["b/y.parquet"]
    assert changed(ours, ours | {"b/z.parquet": RemoteFile(1, "", None)}) == []


def test_two_publishes_of_one_folder(dataset: Dataset) -> None:
    run = dataset.folder.parent
    for name, says in (
        (".publish.lock", "another publish of this folder is running"),
        (".lock", "a build is running"),
    ):
        lock = lock_folder(run, busy="", name=name)
        try:
            with pytest.raises(InputError, match=says):
                run_publish(run, "user/name")
        finally:
            lock.release()


def test_check_prints_and_fails(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    run = dataset.folder.parent
    run_check(run)
    assert "no errors, 0 warnings" in capsys.readouterr().out
    assert dataset_folder(dataset.folder) == dataset.folder
    (dataset.folder / FILE).unlink()
    with pytest.raises(InputError, match="1 errors, 0 warnings"):
        run_check(run)
    assert "error [data-files]" in capsys.readouterr().out
    with pytest.raises(InputError, match="no dataset in it"):
        run_check(run.parent)
