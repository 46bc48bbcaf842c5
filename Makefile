# make demo    presses through a perception node: a live table and one picture; then simulator,
#              perception node and shift check as three processes: a verdict and an HTML page
# make replay  the first half alone
# make test    ruff, mypy and pytest
# make bench   every benchmark, about 15 minutes on a machine that does nothing else; ARGS=--quick: 2
# All make their environment first; PYTHON=python3.12 chooses the interpreter, ARGS= adds options.
.PHONY: demo replay test bench environment

RUN = PYTHON="$(PYTHON)" sh environment/run

demo: replay
	@$(RUN) python -m tactile_equiv.console closed-loop --script array_28x50 --model simulated_textures \
	    --report-dir demo_report

replay:
	@$(RUN) python -m tactile_equiv_sim.demo $(ARGS)

test:
	@$(RUN) ruff check .
	@$(RUN) mypy
	@$(RUN) python -m pytest $(ARGS)

bench:
	@$(RUN) python benchmarks/run.py --plot docs/latency.png --page docs/speed.md $(ARGS)

environment:
	@$(RUN)
