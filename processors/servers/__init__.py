"""Servers that a build starts on its own machine: the process and its end, whose GPUs it gets, one file a kind.

To add a kind: a file with its client, which gets the server from `keep_server` and starts it when it is first asked
(`vllm.py` is the model), and an engine in `builders/engines` whose `make_server` makes that client.
"""

from processors.servers.gpus import gpu_groups
from processors.servers.process import ServerProcess, find_interpreter, keep_server, stop_server

__all__ = ["ServerProcess", "find_interpreter", "gpu_groups", "keep_server", "stop_server"]
