"""What differs between the procedures that change a system: one module each, with `Request` (the form) and `plan`."""
