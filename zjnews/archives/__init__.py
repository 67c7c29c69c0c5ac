"""Pages as they were served: WARC records, their index, recording and playback, saved folders.

May import `feeds` (for writing files), `state`, `pages` and what those import.
"""
