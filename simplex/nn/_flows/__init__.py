"""Networks on flows and other oriented cochains of one degree."""
