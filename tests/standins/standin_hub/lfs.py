"""Git LFS: the batch request, the storage that takes files whole or in parts, and the verification."""

import hashlib
import re
import shutil

from tests.standins.standin_hub.accounts import Accounts
from tests.standins.standin_hub.errors import HubError, repo_not_found
from tests.standins.standin_hub.store import Store
from tests.standins.standin_hub.web import Answer, Request, Route

_MEDIA_TYPE = "application/vnd.git-lfs+json"


class Lfs:
    def __init__(self, store: Store, accounts: Accounts, part_size: int) -> None:
        self.store, self.accounts, self.part_size = store, accounts, part_size

    def routes(self) -> list[Route]:
        repo = r"/(?:(?P<kind>datasets|spaces)/)?(?P<repo_id>[^/]+/[^/]+)\.git/info/lfs"
        sha256 = "(?P<sha256>[0-9a-f]{64})"
        return [
            Route("POST", "lfs-batch", re.compile(f"{repo}/objects/batch"), self.batch),
            Route("POST", "lfs-verify", re.compile(f"{repo}/objects/verify"), self.verify),
            Route("PUT", "lfs-put", re.compile(f"/storage/{sha256}"), self.put),
            Route(
                "PUT", "lfs-part", re.compile(f"/storage/{sha256}/(?P<upload>[0-9a-f]+)/(?P<part>[0-9]+)"), self.part
            ),
            Route("POST", "lfs-complete", re.compile(f"/storage/{sha256}/(?P<upload>[0-9a-f]+)"), self.complete),
            Route("GET", "cdn", re.compile(f"/storage/{sha256}"), self.get),
        ]

    def batch(self, request: Request, repo_id: str, kind: str = "models") -> Answer:
        asked = request.json()
        if asked.get("hash_algo", "sha256") != "sha256" or asked["operation"] != "upload":
            raise HubError(400, "Only uploads by SHA-256 are served")
        if self.store.find(kind, repo_id) is None:
            raise repo_not_found()
        if not asked.get("ref", {}).get("name", "").startswith("refs/pr/"):
            self.accounts.may_write(request.token, repo_id)
        else:
            self.accounts.signed_in(request.token)
        verify = f"{request.base}/{kind}/{repo_id}.git/info/lfs/objects/verify".replace("/models/", "/")
        objects = []
        for thing in asked["objects"]:
            sha256, size = thing["oid"], thing["size"]
            answer: dict[str, object] = {"oid": sha256, "size": size}
            if not self.store.blob(sha256).exists():
                upload: dict[str, object] = {"href": f"{request.storage}/storage/{sha256}", "expires_in": 86400}
                if size > self.part_size and "multipart" in asked.get("transfers", []):
                    upload = self._parts(request, sha256, size)
                answer |= {"authenticated": True, "actions": {"upload": upload, "verify": {"href": verify}}}
            objects.append(answer)
        return Answer({"transfer": "basic", "objects": objects}, headers={"Content-Type": _MEDIA_TYPE})

    def _parts(self, request: Request, sha256: str, size: int) -> dict[str, object]:
        folder = self.store.temporary()
        folder.mkdir()
        count = -(-size // self.part_size)
        address = f"{request.storage}/storage/{sha256}/{folder.name}"
        header = {f"{part:05d}": f"{address}/{part}" for part in range(1, count + 1)}
        # The parts go to the storage; their completion is asked of the Hub itself.
        complete = f"{request.base}/storage/{sha256}/{folder.name}"
        return {"href": complete, "header": {"chunk_size": str(self.part_size), **header}}

    def put(self, request: Request, sha256: str) -> Answer:
        temporary = self.store.temporary()
        request.save(temporary)
        self.store.adopt_blob(temporary, sha256)
        return Answer(headers={"ETag": f'"{sha256[:32]}"'})

    def part(self, request: Request, sha256: str, upload: str, part: str) -> Answer:
        folder = self.store.folder / "uploads" / upload
        if not folder.is_dir():
            raise HubError(404, "NoSuchUpload")
        temporary = self.store.temporary()
        request.save(temporary)
        with temporary.open("rb") as file:
            etag = hashlib.file_digest(file, "md5").hexdigest()
        temporary.replace(folder / f"{int(part)}-{etag}")
        return Answer(headers={"ETag": f'"{etag}"'})

    def complete(self, request: Request, sha256: str, upload: str) -> Answer:
        asked = request.json()
        folder = self.store.folder / "uploads" / upload
        if not folder.is_dir():
            if self.store.blob(sha256).exists():
                return Answer({"success": True})
            raise HubError(404, "NoSuchUpload")
        parts = [folder / "{partNumber}-{etag}".format(**part).replace('"', "") for part in asked["parts"]]
        if missing := [path.name for path in parts if not path.exists()]:
            raise HubError(400, f"InvalidPart: {missing}")
        whole = self.store.temporary()
        with whole.open("wb") as out:
            for path in parts:
                with path.open("rb") as file:
                    shutil.copyfileobj(file, out, 1 << 20)
        self.store.adopt_blob(whole, sha256)
        shutil.rmtree(folder)
        return Answer({"success": True})

    def verify(self, request: Request, repo_id: str, kind: str = "models") -> Answer:
        self.accounts.signed_in(request.token)
        asked = request.json()
        path = self.store.blob(asked["oid"])
        if not path.exists() or path.stat().st_size != asked["size"]:
            raise HubError(404, "Object not found or of another size")
        return Answer({"message": "ok"}, headers={"Content-Type": _MEDIA_TYPE})

    def get(self, request: Request, sha256: str) -> Answer:
        """A file's content, to whoever has its address, as a signed address of the Hub's storage gives it."""
        path = self.store.blob(sha256)
        if not path.exists():
            raise HubError(404, "NoSuchKey")
        return Answer(path, headers={"ETag": f'"{sha256}"', "Content-Type": "application/octet-stream"})
