"""A process that publishes and loads: `python -m tests.hub.client`, a JSON object a line in and out.

Of its own, for HF_ENDPOINT is read when huggingface_hub is imported; long-lived, for the imports take seconds.
"""

import contextlib
import io
import json
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

from tests.standins.processes import ROOT


class Client:
    """The other end: `Client(environment)("publish", folder=..., repo=...)`."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.hub.client"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, what: str, **arguments: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([what, arguments]) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def __call__(self, what: str, **arguments: Any) -> Any:
        self.start(what, **arguments)
        return self.answer()

    def upload(self, repo: str, path: str, local: Path) -> None:
        """Somebody else puts a file on `main`."""
        where = {"repo_id": repo, "repo_type": "dataset", "path_in_repo": path}
        self("api", name="upload_file", path_or_fileobj=str(local), **where)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


class Said:
    """An observer that keeps what it hears, and commits something when it hears `when`."""

    def __init__(self, repo: str, meanwhile: dict[str, Any] | None) -> None:
        self.lines: list[str] = []
        self.repo, self.meanwhile = repo, meanwhile

    def say(self, message: str) -> None:
        self.lines.append(message)
        if self.meanwhile and self.meanwhile["when"] in message:
            self._commit()

    def sending(self, files: int, size: int) -> None:
        self.say(f"sending {files} files")

    def sent(self, files: int, size: int) -> None:
        self.say(f"sent {files} files")

    def _commit(self) -> None:
        from huggingface_hub import HfApi

        assert self.meanwhile is not None
        meanwhile, self.meanwhile = self.meanwhile, None
        HfApi().upload_file(
            path_or_fileobj=meanwhile["text"].encode(),
            path_in_repo=meanwhile["path"],
            repo_id=self.repo,
            repo_type="dataset",
            revision=meanwhile["revision"],
        )


def publish(
    folder: str,
    repo: str,
    meanwhile: Any = None,
    keep: str | None = None,
    silence: float = 300,
    **options: Any,
) -> dict[str, Any]:
    """Publish; `keep` is a text of the card on main that the published card keeps."""
    from dataclasses import asdict

    from hub.publishing import remote
    from hub.publishing.publish import publish

    def merge_card(local: str, main: dict[str, str]) -> str:
        return f"{local}{keep}\n" if str(keep) in main["README.md"] and str(keep) not in local else local

    remote.SILENCE = silence
    said = Said(repo, meanwhile)
    merge = merge_card if keep else None
    try:
        done = publish(Path(folder), repo, observer=said, merge_card=merge, **options)
    finally:
        print("\n".join(said.lines))
    return asdict(done)


def run_publish(folder: str, repo: str, **options: Any) -> None:
    from hub.commands import run_publish

    run_publish(Path(folder), repo, **options)


def verify(repo: str, commit: str) -> None:
    from huggingface_hub import HfApi

    from hub.publishing.verify import verify_loading

    verify_loading(HfApi(), repo, commit)


def load(repo: str, config: str, split: str, revision: str = "main", streaming: bool = False) -> list[Any]:
    from datasets import load_dataset

    return list(load_dataset(repo, config, split=split, revision=revision, streaming=streaming))


def features(repo: str, config: str, split: str) -> str:
    """What `datasets` says the columns are, once they are loaded."""
    from datasets import load_dataset

    return repr(dict(load_dataset(repo, config, split=split).features))


def api(name: str, **arguments: Any) -> Any:
    """Any of HfApi's methods; a list of what it gives, as text."""
    from huggingface_hub import HfApi

    result = getattr(HfApi(), name)(**arguments)
    return result if isinstance(result, str | bool) else str(result)


def disable_discussions(repo: str) -> None:
    from huggingface_hub import get_token
    from huggingface_hub.constants import ENDPOINT
    from huggingface_hub.utils import get_session

    headers = {"authorization": f"Bearer {get_token()}"}
    url = f"{ENDPOINT}/api/datasets/{repo}/settings"
    get_session().put(url, json={"discussionsDisabled": True}, headers=headers).raise_for_status()


def push(repo: str, config: str, split: str, rows: list[dict[str, Any]]) -> None:
    """What anybody does who has a dataset of their own for the repository."""
    from datasets import Dataset

    Dataset.from_list(rows).push_to_hub(repo, config_name=config, split=split)


def state(repo: str, revision: str = "main") -> dict[str, Any]:
    """Files, their content where it is text, commits, pull requests and tags."""
    from huggingface_hub import HfApi, hf_hub_download

    of: dict[str, Any] = {"repo_id": repo, "repo_type": "dataset"}
    hub = HfApi()
    files = hub.list_repo_files(**of, revision=revision)
    texts = {
        p: Path(hf_hub_download(filename=p, revision=revision, **of)) for p in files if not p.endswith(".parquet")
    }
    return {
        "files": sorted(set(files) - {".gitattributes"}),
        "texts": {path: file.read_text(encoding="utf-8") for path, file in texts.items()},
        "commits": [commit.commit_id for commit in hub.list_repo_commits(**of, revision=revision)],
        "pull_requests": {one.num: one.status for one in hub.get_repo_discussions(**of)},
        "tags": {tag.name: tag.target_commit for tag in hub.list_repo_refs(**of).tags},
        "private": hub.repo_info(**of).private,
    }


CALLS = (publish, run_publish, verify, load, features, push, api, disable_discussions, state)
COMMANDS = {call.__name__: call for call in CALLS}


def main() -> None:
    from processors.errors import SmolKalamError

    answers = sys.stdout
    for line in sys.stdin:
        what, arguments = json.loads(line)
        answer: dict[str, Any] = {"result": None, "error": None}
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            try:
                answer["result"] = COMMANDS[what](**arguments)
            except SmolKalamError as error:
                answer["error"] = f"{type(error).__name__}: {error}"
            except Exception:
                answer["error"] = traceback.format_exc()
        answer["said"] = out.getvalue() + err.getvalue()
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
