"""`python -m tests.standins.standin_hub --port 0 --folder DIR`: run the stand-in and print its address."""

import argparse
import signal
import sys
from pathlib import Path

from tests.standins.standin_hub.accounts import ROLES, Account, Accounts
from tests.standins.standin_hub.admin import admin_routes
from tests.standins.standin_hub.commits import Commits
from tests.standins.standin_hub.discussions import Discussions
from tests.standins.standin_hub.faults import FAULTS, Faults, parse_rule
from tests.standins.standin_hub.files import Files
from tests.standins.standin_hub.lfs import Lfs
from tests.standins.standin_hub.process import READ_TOKEN, WRITE_TOKEN
from tests.standins.standin_hub.repos import Repos
from tests.standins.standin_hub.store import Store
from tests.standins.standin_hub.web import Route, Server
from tests.standins.standin_hub.xet import Xet


def account(text: str) -> Account:
    """`TOKEN:NAME:ROLE:ORG,ORG` as on the command line; role and organizations may be missing."""
    token, name, role, organizations = [*text.split(":"), "", "", ""][:4]
    if not token or not name or role not in ("", *ROLES):
        raise argparse.ArgumentTypeError(f"{text!r} is not TOKEN:NAME[:{'|'.join(ROLES)}[:ORG,...]]")
    return Account(token, name, role or "write", tuple(filter(None, organizations.split(","))))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.standins.standin_hub", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--folder", type=Path, required=True, help="where all state lies")
    parser.add_argument("--account", type=account, action="append", default=[], help="TOKEN:NAME[:ROLE[:ORG,...]]")
    parser.add_argument(
        "--fault", type=parse_rule, action="append", default=[], help=f"FAULT[:KIND][=RATE], of {FAULTS}"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--page-size", type=int, default=1000, help="entries in a page of a tree; 50 with `expand`")
    parser.add_argument("--part-size", type=int, default=16_000_000, help="LFS files above this are sent in parts")
    parser.add_argument("--no-xet-reads", action="store_true", help="serve files sent with Xet by plain HTTP only")
    parser.add_argument("--verbose", action="store_true", help="log requests to stderr")
    options = parser.parse_args()

    store = Store(options.folder)
    store.forget_uploads()
    builtin = [Account(WRITE_TOKEN, "user", "write", ("org",)), Account(READ_TOKEN, "user", "read", ("org",))]
    accounts = Accounts([*builtin, *options.account])
    faults = Faults(options.fault, options.seed)
    xet = Xet(store, accounts, reads=not options.no_xet_reads)
    routes: list[Route] = [
        *admin_routes(faults),
        *Repos(store, accounts).routes(),
        *Files(store, accounts, xet, options.page_size).routes(),
        *Commits(store, accounts).routes(),
        *Discussions(store, accounts).routes(),
        *Lfs(store, accounts, options.part_size).routes(),
        *xet.routes(),
    ]
    server = Server(options.port, routes, faults)
    server.verbose = options.verbose
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever()


if __name__ == "__main__":
    main()
