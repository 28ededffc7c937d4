# Two commands matter: `make demo` and `make test`. Both are complete in themselves and quick when run again.
.DEFAULT_GOAL := help
# Without its bytecode every one of our short processes would compile Prefect anew, which takes seconds.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help setup lab demo test test-long check lock clean down

help:
	@echo 'make demo               watch a software upgrade and a hardening on a lab host; APPROVE=yes or APPROVE=no runs it unattended'
	@echo 'make test               run all tests; ARGS="-k archive" picks some'
	@echo 'make test-long          the long matrices of breaking things, an hour and more'
	@echo 'make setup              make the virtual environment .venv'
	@echo 'make lab                bring up the lab: Debian 12 hosts in containers, a mail sink, a vendor'"'"'s releases'
	@echo 'make down               take the lab down'
	@echo 'make check              look over the code with ruff'
	@echo 'make lock               write requirements.lock anew after a change of dependencies'
	@echo 'make clean              take the lab down and remove everything that was made here'

setup:
	@sh deployments/setup.sh

lab: setup
	@.venv/bin/python -m deployments.lab up

demo: setup
	@APPROVE='$(APPROVE)' .venv/bin/python -m deployments.demo

# Without the lab its tests fail, each with the reason; the others still tell what they have to tell.
# Two processes take file after file, since tests of a file may build on each other; each has a lab of its own (tests/live/conftest.py).
test: setup
	@.venv/bin/python -m deployments.lab.browser
	@.venv/bin/python -m deployments.lab up || true
	@.venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

# The long matrices of breaking things: an hour and more.
test-long: setup
	@.venv/bin/python -m deployments.lab up || true
	@.venv/bin/python -m pytest -m long $(ARGS)

check: setup
	@.venv/bin/python -m ruff check .

lock: setup
	@UPGRADE='$(UPGRADE)' sh deployments/lock.sh

down:
	@[ ! -x .venv/bin/python ] || .venv/bin/python -m deployments.lab down
	@[ ! -d .lab/second ] || STANDFAST_LAB=.lab/second .venv/bin/python -m deployments.lab down

clean: down
	@rm -rf .venv .lab .pytest_cache .ruff_cache .hypothesis build *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
