"""Graphs with features, lifted: many of them by one kernel call."""
