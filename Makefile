# make demo    simulator, perception node and shift check as three processes: verdict and HTML page
# make replay  recorded presses through a perception node: a live table and one picture
# make test    ruff, mypy and pytest
# Both make their environment first; PYTHON=python3.12 chooses the interpreter, ARGS= adds options.
.PHONY: demo replay test environment

RUN = PYTHON="$(PYTHON)" sh environment/run

demo:
	@$(RUN) python -m tactile_equiv.console closed-loop --report-dir demo_report $(ARGS)

replay:
	@$(RUN) python -m tactile_equiv_sim.demo $(ARGS)

test:
	@$(RUN) ruff check .
	@$(RUN) mypy
	@$(RUN) python -m pytest $(ARGS)

environment:
	@$(RUN)
