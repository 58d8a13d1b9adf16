"""Forecasts with channels deleted, their scores, and what follows from them."""
