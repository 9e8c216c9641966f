"""How tables of text are read: separators, headings, columns, and what the rows mean."""

from simplex.io._tables.build import read_content as read_content, read_rows as read_rows
from simplex.io._tables.headed import (
    VERTEX_IDS as VERTEX_IDS,
    HeadedTable as HeadedTable,
    headed_table as headed_table,
)
from simplex.io._tables.matrix import coordinates as coordinates
from simplex.io._tables.table import read_table as read_table
