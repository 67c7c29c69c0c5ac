"""What a line of text says: dates, names, captions, furniture of a page, near copies.

Knows no markup and no address. May import `items`.
"""
