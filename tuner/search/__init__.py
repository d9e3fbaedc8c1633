"""Optuna meets training: sampling, pruning, trials and the study around them."""
