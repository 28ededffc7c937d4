"""The security baseline: one control a file, a folder for each family. See docs/adding-a-control.md."""
