"""What the site is: its hosts, channels and newspapers, what an address means, the window of a
crawl.

Reads no page and asks for none. May import `text` and `items`.
"""
