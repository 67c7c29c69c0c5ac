"""What may be requested, how often, and from where it is answered: the site, robots.txt, hosts in
trouble, an archive.

May import anything but `commands`, `review` and `spiders`.
"""
