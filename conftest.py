"""What holds for the tests and for the examples in docstrings alike."""

from __future__ import annotations

import os

# Before anything imports Keras, whose default backend is not among our dependencies.
os.environ.setdefault("KERAS_BACKEND", "jax")
