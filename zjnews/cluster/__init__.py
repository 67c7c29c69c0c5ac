"""Crawls as jobs on several machines: Procrastinate's queue beside the state in PostgreSQL.

May import what is below it (`watch`, `state`, `site`, `text`), no spiders: a crawl is a process of
its own.
"""
