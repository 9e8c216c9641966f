"""Diffusion of signals on a complex: noise that knows Hodge theory, subspaces, heat flow."""
