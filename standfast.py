"""The command line beside the UI."""

import typer

app = typer.Typer(no_args_is_help=True)
