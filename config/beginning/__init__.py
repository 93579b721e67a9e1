"""From an empty shop to a first plan: starter sets, the steps of the wizard, what each writes.

All rows are written through the sheets of the shop, so each step has its history and its undo.
"""
