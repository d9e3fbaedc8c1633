"""Who trains: processes of this machine, and workers on a cluster."""

from __future__ import annotations

from tuner.workers.cluster import Cluster, connected
from tuner.workers.processes import run_workers
from tuner.workers.storage_proxy import serve

__all__ = [
    "Cluster",
    "connected",
    "run_workers",
    "serve",
]
