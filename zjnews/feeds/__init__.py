"""Where records go: formats, storages, files that are whole or not there.

May import `state` and what that imports.
"""
