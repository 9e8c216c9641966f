"""The formats of files, one family a file: how each is read and written."""
