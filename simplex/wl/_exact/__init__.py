"""Canonical orders and automorphisms of coloured graphs, exactly: a room of simplex.wl.

A colouring that is stable once is cut into pieces that an automorphism moves as wholes; each piece
that holds together is searched by individualisation and refinement, with the automorphisms found on
the way; equal pieces are put together. Hashes order and prune, comparisons of the graphs decide.
"""
