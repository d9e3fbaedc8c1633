"""Ridge regression on few examples, with how sure it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_PENALTY = 1.0


class Ridge(NamedTuple):
    """A linear function of standardized features, fitted with a ridge penalty of 1.

    Example:
        >>> x = np.arange(20.0)[:, np.newaxis]
        >>> Ridge.fit(x, 3 * x[:, 0] + 1)(np.array([[9.5], [19.5]])).round(1)
        array([29.5, 58.1])
    """

    mean: Array
    spread: Array
    weights: Array
    offset: float
    covariance: Array

    @classmethod
    def fit(cls, features: Array, values: Array) -> Ridge:
        """Fit it to examples (n, k) and their values (n,).

        The covariance is that of the weights' posterior, with the residuals' variance as noise.
        """
        mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
        scaled = (features - mean) / spread
        offset = float(values.mean())
        inverse = np.linalg.inv(scaled.T @ scaled + _PENALTY * np.eye(scaled.shape[1]))
        weights = inverse @ scaled.T @ (values - offset)
        noise = float(np.mean((values - offset - scaled @ weights) ** 2))
        return cls(mean, spread, weights, offset, noise * inverse)

    def __call__(self, features: Array) -> Array:
        """Return the values (n,) of features (n, k)."""
        found: Array = (features - self.mean) / self.spread @ self.weights + self.offset
        return found

    def drawn(self, chance: np.random.Generator, exploration: float = 1.0) -> Ridge:
        """Return one that the examples leave possible, drawn at random.

        Args:
            chance: Draws it.
            exploration: Of the posterior's standard deviations; 0 draws the likeliest one.
        """
        root = exploration * np.linalg.cholesky(
            self.covariance + 1e-12 * np.eye(len(self.weights))
        )
        return self._replace(
            weights=self.weights + root @ chance.standard_normal(len(self.weights))
        )
