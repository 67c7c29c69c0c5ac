"""Watching: the figures of each run, what they say of the site, whom to tell.

May import `state` and what is below it; it fetches nothing and reads no pages.
"""
