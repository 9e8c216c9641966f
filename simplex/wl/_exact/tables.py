"""The tables that a graph and its pieces are kept in, by their rows."""

# Of a graph: how many neighbours there are of each node, the node at each position, the position
# and the colour of each; and of the nodes of a hub, whose edges among themselves are set aside, how
# many of these there are and where they begin.
DEGREE, NODE, PLACE, COLOR, JOINED, JOINED_FROM = 0, 1, 2, 3, 4, 5
GRAPH_ROWS = 6

# Of the pieces: first positions and those behind the last, the piece that each is cut from; how
# many are cut from it, which have numbers in a row, and the first of them.
START, STOP, ABOVE, PARTS, FIRST_PART = 0, 1, 2, 3, 4
# What is found when they are put together: where each begins in the one above, the pieces in
# canonical order, whether each equals the one before (at a hub: is the image of another), and from
# where to where its generators are.
SHIFT, SORTED, ALIKE, FIRST_END, LAST_END = 5, 6, 7, 8, 9
# The node of the hub above that each hangs at, or -1; and a hash of how the middle was coloured.
HUB, WORD = 10, 11
PIECE_ROWS = 12
