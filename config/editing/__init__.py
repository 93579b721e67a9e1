"""Edit the shop as forms: rows of its tables, their checks and their history.

A form turns into the lines of tables, so the editor, the wizard and files cannot disagree.
"""
