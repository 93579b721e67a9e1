"""From how much on something is claimed; below it a simpler rule stands in and pages say so."""

CASES = 30
"""Weeks of products that must have been tested before an error is claimed."""
WEEKS = 6
"""Weeks with orders below which a product sells seldom."""
CHOICES = 10
"""Order lines from which on a product's own choices outweigh what is smoothed in."""
