"""Measurements. Timing belongs here and never into a test."""
