"""A real Slurm on this machine alone: one controller and one node on loopback, partitions cpu and gpu, two fake GPUs.

Everything lies in a folder of its own, with ports that are free and a munge of its own, so that a Slurm that is here
already neither harms nor is harmed. There is no accounting database: states are asked by squeue, and ``scontrol show
job`` tells all that is known of every job, finished ones included.

By hand: ``sudo python tests/slurm/cluster.py`` starts one, says how to talk to it, and ends it with Ctrl-C.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "munged", "mungekey")
PACKAGES = ("slurm-wlm", "munge")
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
START_SECONDS = 60


class Impossible(Exception):
    """Slurm cannot run here; the message says why."""


def check() -> None:
    """Check that a Slurm can be started.

    :raises Impossible: if this is not root, or a program is missing.
    """
    if os.geteuid() != 0:
        raise Impossible("Slurm's daemons want root")
    if missing := _missing():
        raise Impossible(f"{', '.join(missing)} not found; install {' and '.join(PACKAGES)}")


def _missing() -> list[str]:
    return [program for program in PROGRAMS if not shutil.which(program, path=PATH)]


class Cluster:
    """The daemons of one Slurm, from ``start`` to ``stop``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}
        #: For whoever talks to this Slurm.
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": f"{folder / 'bin'}:{PATH}"}

    def start(self) -> None:
        """Start all daemons and wait until the node takes jobs.

        :raises Impossible: with the end of the logs, if it does not.
        """
        self._write_configuration()
        munge = self.folder / "munge"
        subprocess.run([_program("mungekey"), "--create", f"--keyfile={munge / 'key'}"], check=True)
        files = [f"--{name}-file={munge / name}" for name in ("key", "log", "pid", "seed")]
        # By force: its socket is not for other users, and it says that they cannot reach it.
        self._spawn("munged", "--foreground", "--force", f"--socket={munge / 'socket'}", *files)
        self._await((munge / "socket").exists)
        self._spawn("slurmctld", "-D", "-i")
        self._spawn("slurmd", "-D", "-N", "localhost")
        self._await(lambda: self.ask("sinfo", "--noheader", "--format=%T").startswith("idle"))

    def stop(self) -> None:
        """Cancel all jobs, wait until they are gone, and end the daemons, by their process."""
        if self.daemons.get("slurmctld") and self.daemons["slurmctld"].poll() is None:
            self.ask("scancel", "--state=RUNNING")
            self.ask("scancel", "--state=PENDING")
            end = time.monotonic() + 20
            while self.ask("squeue", "--noheader") and time.monotonic() < end:
                time.sleep(0.2)
        for name in ("slurmd", "slurmctld", "munged"):
            if daemon := self.daemons.pop(name, None):
                daemon.terminate()
                try:
                    daemon.wait(15)
                except subprocess.TimeoutExpired:
                    daemon.kill()
                    daemon.wait()
        self._end_what_jobs_left()

    def _end_what_jobs_left(self) -> None:
        """Without control groups Slurm loses sight of processes whose parents have ended before them."""
        conf = f"SLURM_CONF={self.environment['SLURM_CONF']}".encode()
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):  # it may end meanwhile
                entries = path.read_bytes().split(b"\0")
                # Who talks to this Slurm by hand has the first, and jobs alone have both.
                if conf in entries and any(entry.startswith(b"SLURM_JOB_ID=") for entry in entries):
                    os.kill(int(path.parent.name), signal.SIGKILL)

    def ask(self, *command: str) -> str:
        """What a program of Slurm prints, stripped; nothing if it fails."""
        result = subprocess.run(
            [_program(command[0]), *command[1:]],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
        )
        return result.stdout.strip() if result.returncode == 0 else ""

    def jobs(self) -> list[dict[str, str]]:
        """All that Slurm knows of every job since the start, one mapping for each, tasks of arrays by themselves."""
        lines = self.ask("scontrol", "--oneliner", "show", "job").splitlines()
        return [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines if "JobId=" in line]

    def visible_gpus(self) -> dict[str, set[str]]:
        """``CUDA_VISIBLE_DEVICES`` as the processes of each job found it; empty where it was not set."""
        seen: dict[str, set[str]] = {}
        for line in (self.folder / "visible_gpus").read_text().splitlines():
            job, _, devices = line.partition(" ")
            seen.setdefault(job, set()).add(devices)
        return seen

    def _spawn(self, program: str, *arguments: str) -> None:
        with (self.folder / "log" / f"{program}.out").open("ab") as log:
            self.daemons[program] = subprocess.Popen(
                [_program(program), *arguments],
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for whoever started this, who then ends the daemons in order.
                start_new_session=True,
            )

    def _await(self, ready) -> None:
        end = time.monotonic() + START_SECONDS
        while not ready():
            dead = [name for name, daemon in self.daemons.items() if daemon.poll() is not None]
            if dead or time.monotonic() > end:
                logs = (path.read_text(errors="replace")[-1000:] for path in sorted((self.folder / "log").iterdir()))
                raise Impossible(f"Slurm does not start here ({', '.join(dead) or 'time-out'}):\n" + "\n".join(logs))
            time.sleep(0.2)

    def _write_configuration(self) -> None:
        for name in ("bin", "log", "munge", "spool", "state"):
            (self.folder / name).mkdir(parents=True, mode=0o700)
        (self.folder / "visible_gpus").touch()
        prolog = self.folder / "bin" / "prolog"
        prolog.write_text(f'#!/bin/sh\necho "$SLURM_JOB_ID $CUDA_VISIBLE_DEVICES" >> "{self.folder}/visible_gpus"\n')
        # Snakemake's job step calls srun without SLURM_CONF, since clusters have theirs in /etc.
        srun = self.folder / "bin" / "srun"
        srun.write_text(f'#!/bin/sh\nSLURM_CONF="{self.folder}/slurm.conf" exec {_program("srun")} "$@"\n')
        for script in (prolog, srun):
            script.chmod(0o755)
        # The file of a GPU has to be a device; nobody opens it.
        (self.folder / "gres.conf").write_text("NodeName=localhost Name=gpu Count=2 File=/dev/null,/dev/zero\n")
        # One more than there are: the job that a test lets hang shall not keep a core from the others.
        cpus = max(2, os.cpu_count() or 1) + 1
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        first, second = _free_ports(2)
        lines = {
            "ClusterName": "test",
            "SlurmctldHost": "localhost(127.0.0.1)",
            "SlurmctldPort": first,
            "SlurmdPort": second,
            # Listen on the address above and on no other.
            "CommunicationParameters": "NoCtldInAddrAny,NoInAddrAny",
            "AuthInfo": f"socket={self.folder / 'munge' / 'socket'}",
            "SlurmUser": "root",
            "SlurmdUser": "root",
            "SlurmctldPidFile": self.folder / "slurmctld.pid",
            "SlurmdPidFile": self.folder / "slurmd.pid",
            "StateSaveLocation": self.folder / "state",
            "SlurmdSpoolDir": self.folder / "spool",
            "SlurmctldLogFile": self.folder / "log" / "slurmctld",
            "SlurmdLogFile": self.folder / "log" / "slurmd",
            "SlurmdParameters": "config_overrides",
            "ProctrackType": "proctrack/linuxproc",
            "TaskPlugin": "task/none",
            "TaskProlog": prolog,
            "JobAcctGatherType": "jobacct_gather/none",
            "AccountingStorageType": "accounting_storage/none",
            "SelectType": "select/cons_tres",
            "SelectTypeParameters": "CR_CPU_Memory",
            "ReturnToService": 2,
            "GresTypes": "gpu",
            # Finished jobs stay known to squeue and scontrol.
            "MinJobAge": 86400,
            "KillWait": 2,
            # Jobs start at once.
            "SchedulerParameters": "batch_sched_delay=0,sched_min_interval=0,bf_interval=1",
        }
        entries = [f"{key}={value}" for key, value in lines.items()]
        node = f"NodeName=localhost NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:2 State=UNKNOWN"
        partitions = [f"PartitionName={name} Nodes=localhost MaxTime=INFINITE State=UP" for name in ("cpu", "gpu")]
        (self.folder / "slurm.conf").write_text("\n".join([*entries, node, *partitions]) + "\n")


def _program(name: str) -> str:
    return shutil.which(name, path=PATH) or name


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


if __name__ == "__main__":
    # Both ways to end it go through the end of the block below.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="slurm-") as name:
        cluster = Cluster(Path(name))
        try:
            check()
            cluster.start()
            print(f"{cluster.ask('sinfo')}\n", flush=True)
            print(f"export SLURM_CONF={name}/slurm.conf PATH={name}/bin:$PATH", flush=True)
            signal.pause()
        except Impossible as error:
            sys.exit(f"error: {error}")
        except KeyboardInterrupt:
            pass
        finally:
            cluster.stop()
