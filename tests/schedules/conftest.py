"""Hypothesis without a stop-watch: a busy machine is no failure."""

from hypothesis import HealthCheck, settings

settings.register_profile("tuner", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tuner")
