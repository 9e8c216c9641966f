"""Data that users have: tables, graphs of PyG, hypergraphs and folders of the TU collection."""

from simplex.datasets._own.reading import FileData as FileData, read_dataset as read_dataset
