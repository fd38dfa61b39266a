#!/usr/bin/env bash
# A Slurm cluster of this one machine, for a test: slurm_one_node.sh start FOLDER [memory], slurm_one_node.sh stop
# FOLDER. With `memory` a job over its memory is killed, as Slurm itself sees it once a second.
# Needs root and `apt-get install slurm-wlm munge`. Everything it writes is in FOLDER; SLURM_CONF=FOLDER/slurm.conf
# leads sbatch and the others to it. No systemd, no control groups, no accounting.
set -euo pipefail
folder=$(realpath "$2")
host=$(hostname -s)

if [ "$1" = stop ]; then
    for name in slurmctld slurmd munged; do
        [ -s "$folder/$name.pid" ] && kill "$(cat "$folder/$name.pid")" || true
    done
    rm -rf "$(cat "$folder/munge")"
    exit 0
fi

mkdir -p "$folder/state" "$folder/spool"
chmod 755 "$folder"
# munged wants every folder above its socket to be closed to other users' writing, as /run is and /tmp is not.
munge=$(mktemp -d /run/smolkalam-munge.XXXXXX)
chmod 755 "$munge"
echo "$munge" > "$folder/munge"
(umask 077 && head -c 128 /dev/urandom > "$munge/key")
munged --key-file="$munge/key" --socket="$munge/socket" --pid-file="$munge/munged.pid" --seed-file="$munge/seed" \
    --log-file="$munge/log"
cp "$munge/munged.pid" "$folder/munged.pid"

watched=JobAcctGatherType=jobacct_gather/none
shared=CR_Core
if [ "${3:-}" = memory ]; then
    watched="JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill"
    shared=CR_Core_Memory
fi
cat > "$folder/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$munge/socket
CredType=cred/munge
SlurmctldPort=$((20000 + RANDOM % 5000))
SlurmdPort=$((25000 + RANDOM % 5000))
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
$watched
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=$shared
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,requeue_delay=1
ReturnToService=2
MailProg=/bin/true
MaxArraySize=4
MinJobAge=3600
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 RealMemory=64000 State=UNKNOWN
PartitionName=cpu Nodes=$host Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=$host MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$folder/slurm.conf
slurmctld
slurmd
for _ in $(seq 200); do
    sinfo --noheader --format=%t 2> /dev/null | grep -q idle && exit 0
    sleep 0.1
done
echo "the node never came up; see $folder/slurmctld.log and $folder/slurmd.log" >&2
exit 1
