"""A training on a Slurm cluster: one job of all its nodes, which is requeued until the training is over.

The job is `accelerate launch` on each node, or of one GPU the training itself. That goes on from its last checkpoint
by the same command, so a job that reaches its time limit, is preempted or loses a node needs only to be begun again.
"""

import hashlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from builders.recipes.base import Strict
from processors.atomic_files import replacing_text
from processors.errors import InputError, RecipeError, SmolKalamError

# With an underscore in front: TRL's `push_to_hub` leaves such files of the output folder out.
FOLDER = "_slurm"
# So many seconds before its time limit the job's shell gets this signal, on which it requeues the job.
SIGNAL, EARLY_S = "USR1", 120


def _one_line(text: str) -> str:
    if not text.isprintable() or '"' in text or "\\" in text:
        raise ValueError("expected one line without quotes, for it becomes a line of the script")
    return text


def _time(given: Any) -> Any:
    if isinstance(given, int):
        raise ValueError('expected a text such as "24:00:00", in quotes: YAML takes it for a number without')
    if isinstance(given, str) and not re.fullmatch(r"(\d+-)?\d+(:\d\d){0,2}", given):
        raise ValueError("expected a time such as 24:00:00 or 2-12:00:00")
    return given


_Line = Annotated[str, AfterValidator(_one_line)]


class SlurmTraining(Strict):
    """The block `slurm` of a training's YAML: what its job asks of the cluster; `--slurm key=value` for each."""

    partition: _Line | None = Field(None, description="the cluster's default where not given")
    account: _Line | None = Field(None, description="who pays; the user's default where not given")
    time: Annotated[str, BeforeValidator(_time)] = Field(
        "24:00:00",
        description='limit of one life of the job, quoted in YAML: "24:00:00"; at it the job is requeued',
    )
    nodes: int = Field(1, ge=1, description="machines")
    gpus: int = Field(1, ge=0, description="GPUs of each; 0 trains on the CPU of one")
    cpus: int | None = Field(None, ge=1, description="cores of each [default: 8 for each GPU]")
    mem_gb: int | None = Field(None, ge=1, description="memory of each; the cluster's default where not given")
    sbatch: dict[Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")], _Line] = Field(
        {}, description="further options of sbatch, such as {qos: long}"
    )
    setup: str | None = Field(
        None, description="command that makes the environment ready [default: activate that of `smolkalam train`]"
    )

    @property
    def processes(self) -> int:
        """How many processes train, on all nodes together."""
        return self.nodes * max(self.gpus, 1)


def as_settings(pairs: Sequence[str]) -> list[str]:
    """Each `key=value` of `--slurm` as a `--set` of the block. A value is a text where its key's is: `time=24:00:00`
    is 86400 to YAML.

    >>> as_settings(["nodes=2", "time=24:00:00"])
    ['slurm.nodes=2', 'slurm.time="24:00:00"']
    """
    numbers = {key for key, field in SlurmTraining.model_fields.items() if field.annotation in (int, int | None)}
    found = []
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise RecipeError(f"--slurm {pair}: expected KEY=VALUE, such as nodes=2")
        quoted = value if key in numbers else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        found.append(f"slurm.{key}={quoted}")
    return found


def batch_script(
    name: str, asked: SlurmTraining, launch_file: Path | None, command: Sequence[str], folder: Path
) -> str:
    """The batch script of the training `command` (`-m module` and its words), whose output folder is `folder`.

    Without `launch_file` it is one process, and needs no launcher.
    """
    logs = folder.resolve() / FOLDER
    launch, where = [sys.executable], ""
    if launch_file:
        launch += ["-m", "accelerate.commands.launch", "--config_file", str(launch_file.resolve())]
        launch += ["--num_machines", str(asked.nodes), "--num_processes", str(asked.processes)]
        where = '--machine_rank "$SLURM_NODEID" --main_process_ip "$MAIN_IP" --main_process_port "$MAIN_PORT" '
    given = _options(name, asked, logs).items()
    options = "\n".join(f"#SBATCH --{key}={_value(value)}" if value else f"#SBATCH --{key}" for key, value in given)
    cores = _cores(asked)
    return f"""#!/bin/bash
{options}

# What happens to the job, and its environment; each node's training writes beside it.
set -e
cd {shlex.quote(str(Path.cwd()))}
{asked.setup or f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH"}
MAIN_IP=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
MAIN_PORT=$((20000 + SLURM_JOB_ID % 20000))
export MAIN_IP MAIN_PORT PYTHONUNBUFFERED=1
set +e

train() {{
    exec {shlex.join(launch)} \\
        {where}{shlex.join(command)}
}}
export -f train

# Before its time limit, or before it is preempted. A job that was cancelled is not running any more.
again() {{
    if [ "$(squeue --noheader --jobs="$SLURM_JOB_ID" --format=%T)" = RUNNING ]; then
        echo "$(date): requeued"
        scontrol requeue "$SLURM_JOB_ID"
    fi
}}
trap again {SIGNAL} TERM

echo "$(date): begins on $SLURM_JOB_NODELIST"
# It is written down how it ends: after a wait that a trapped signal ended, bash may say -1 (5.2, one try of six).
ended={shlex.quote(str(logs))}/$SLURM_JOB_ID.code
rm -f "$ended"
(
    trap : {SIGNAL} TERM
    srun --ntasks={asked.nodes} --ntasks-per-node=1 --cpus-per-task={cores} --kill-on-bad-exit=1 --open-mode=append \\
        --output={shlex.quote(_pattern(logs) + "/%j-node%n.log")} bash -c train
    echo "$?" > "$ended"
) &
step=$!
while kill -0 "$step" 2> /dev/null; do wait "$step"; done
code=$(cat "$ended" || echo 1)
echo "$(date): ended with exit code $code"
exit "$code"
"""


def _options(name: str, asked: SlurmTraining, logs: Path) -> dict[str, str]:
    # One name a folder, and one job of a name at a time: the same command given twice does not train twice at once.
    digest = hashlib.sha256(str(logs).encode()).hexdigest()[:8]
    given = {
        "job-name": f"smolkalam-{name}-{digest}",
        "dependency": "singleton",
        "partition": asked.partition,
        "account": asked.account,
        "time": asked.time,
        "nodes": str(asked.nodes),
        "ntasks-per-node": "1",
        "cpus-per-task": str(_cores(asked)),
        "gpus-per-node": str(asked.gpus) if asked.gpus else None,
        "mem": f"{asked.mem_gb}G" if asked.mem_gb else None,
        "output": f"{_pattern(logs)}/%j.log",
        "open-mode": "append",
        "requeue": "",
        "signal": f"B:{SIGNAL}@{EARLY_S}",
    }
    return {key: value for key, value in given.items() if value is not None} | asked.sbatch


def _cores(asked: SlurmTraining) -> int:
    return asked.cpus or 8 * max(asked.gpus, 1)


def _value(text: str) -> str:
    """A value as sbatch reads it in a script: in quotes where a sign of it may end it."""
    return text if re.fullmatch(r"[\w./:@%+,=-]+", text) else f'"{text}"'


def _pattern(folder: Path) -> str:
    """A folder in a name of a log, where Slurm takes % for the beginning of a number of the job's."""
    return str(folder).replace("%", "%%")


def submit(
    name: str, asked: SlurmTraining, launch_file: Path | None, command: Sequence[str], folder: Path
) -> tuple[Path, str | None]:
    """Write the batch script and hand it to sbatch; returns it and what sbatch said, None where there is none here.

    Raises InputError for what cannot be asked or written, SmolKalamError where sbatch refuses.
    """
    if not asked.gpus and (launch_file or asked.nodes > 1):
        raise InputError("slurm.gpus: 0 is a training on the CPU of one node; set it, or leave --launch and nodes out")
    try:
        _one_line(str(folder.resolve()))
    except ValueError as error:
        raise InputError(f"output_dir: {folder}: {error}") from None
    script = folder.resolve() / FOLDER / "train.sh"
    try:
        script.parent.mkdir(parents=True, exist_ok=True)
        with replacing_text(script) as stream:
            stream.write(batch_script(name, asked, launch_file, command, folder))
    except OSError as error:
        raise InputError(f"output_dir: {folder}: cannot be written ({error.strerror}); choose another") from None
    if shutil.which("sbatch") is None:
        return script, None
    done = subprocess.run(["sbatch", str(script)], capture_output=True, text=True)
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise SmolKalamError(f"sbatch refused {script}: {said}")
    return script, done.stdout.strip()
