"""Files of graphs, complexes and points, both ways, by one registry of formats."""

from simplex.io._content import Contents
from simplex.io._flow import read_flow
from simplex.io._read import read, read_data
from simplex.io._registry import Format, formats
from simplex.io._write import write


# isort: split
# Shared with the other packages of this library; not part of the public surface.
from simplex.io._content import Content as Content
from simplex.io._directions import said_of_directions as said_of_directions
from simplex.io._families.benson import (
    TimedSimplices as TimedSimplices,
    read_benson as read_benson,
    timed_simplices as timed_simplices,
)
from simplex.io._families.hif import (
    Attributes as Attributes,
    Hypergraph as Hypergraph,
    read_hif as read_hif,
)
from simplex.io._families.listed import numbers_of as numbers_of
from simplex.io._families.stored import parts_of as parts_of, read_saved as read_saved
from simplex.io._flow import flow_in as flow_in
from simplex.io._graph_complex import (
    graph_complex as graph_complex,
    lengths_of as lengths_of,
    with_edge_filtration as with_edge_filtration,
    with_lengths as with_lengths,
)
from simplex.io._options import DEFAULT_MAX_DIM as DEFAULT_MAX_DIM, Reading as Reading
from simplex.io._read import (
    content_of as content_of,
    contents_of as contents_of,
    holds_graphs as holds_graphs,
    kind_of_file as kind_of_file,
)
from simplex.io._registry import NAMES as NAMES, ending_of as ending_of
from simplex.io._source import (
    STDIN as STDIN,
    read_text as read_text,
    require_regular as require_regular,
)
from simplex.io._tables import (
    VERTEX_IDS as VERTEX_IDS,
    HeadedTable as HeadedTable,
    headed_table as headed_table,
    read_table as read_table,
)
from simplex.io._write import write_noting as write_noting, written_format as written_format


__all__ = ["Contents", "Format", "formats", "read", "read_data", "read_flow", "write"]
