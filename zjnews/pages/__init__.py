"""From bytes to a page: content coding, charset, what is lifted out of the markup, the tree; what
list pages and printed pages name; articles of several pages.

May import `site`, `text` and `items`.
"""
