"""Complexes and edge lists on disk, opened as memory maps, and work on them in tasks."""

from simplex.storage._complex import open_complex, save_complex
from simplex.storage._edges import Edges, edges_to_disk, open_edges


# isort: split
# Shared with the other packages of this library; not part of the public surface.
from simplex.storage._complex import (
    COMPLEX as COMPLEX,
    complex_facts as complex_facts,
    opened_in as opened_in,
)
from simplex.storage._edges import EDGES as EDGES
from simplex.storage._folder import (
    Site as Site,
    under_construction as under_construction,
)
from simplex.storage._labels import label_tables as label_tables
from simplex.storage._manifest import (
    Folder as Folder,
    Format as Format,
    form_of as form_of,
    read_folder as read_folder,
)
from simplex.storage._place import (
    Place as Place,
    absolute as absolute,
    place_of as place_of,
)
from simplex.storage._tables import (
    new_table as new_table,
    read_header as read_header,
    save_table as save_table,
    table_to_read as table_to_read,
    table_to_write as table_to_write,
    write_rows as write_rows,
)
from simplex.storage._tasks import (
    pointer_ranges as pointer_ranges,
    require_executor as require_executor,
    row_ranges as row_ranges,
    run_tasks as run_tasks,
)


__all__ = ["Edges", "edges_to_disk", "open_complex", "open_edges", "save_complex"]
