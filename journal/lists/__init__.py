"""Outlet: the lists of staff, one design for all: filters, order, saved views and exports.

An app describes a list (`described.Listing`) and gets its page from `pages.list_page`. What a list
is about stays in the app; like the guard of `journal.access`, the door lies on the lowest floor
because every app opens it in the same way.
"""
