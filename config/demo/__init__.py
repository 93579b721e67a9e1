"""The demo shop: Lumen & Oak, a maker of customised lamps, furniture, prints and gifts."""
