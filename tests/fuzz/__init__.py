"""Random calls against brute force: what nobody thought of writing down as a case."""
