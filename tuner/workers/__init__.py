"""Who trains: processes of this machine, and workers on a cluster."""

from __future__ import annotations

from tuner.workers.cluster import Cluster, connected
from tuner.workers.machine import Machine
from tuner.workers.passing import task_from_above
from tuner.workers.storage_proxy import serve
from tuner.workers.workplace import workplace

__all__ = [
    "Cluster",
    "Machine",
    "connected",
    "serve",
    "task_from_above",
    "workplace",
]
