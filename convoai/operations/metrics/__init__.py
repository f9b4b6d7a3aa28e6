"""Figures for Prometheus at /metrics: off until METRICS_TOKEN is set."""
