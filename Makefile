# make demo    presses through a perception node: a live table and one picture; then simulator,
#              perception node and shift check as three processes: a verdict and an HTML page
# make replay  the first half alone
# make test    ruff, mypy and pytest
# make bench   every benchmark, about 15 minutes on a machine that does nothing else; ARGS=--quick: 2
# make soak    the closed loop for two minutes: are all frames counted, does memory grow, do answers
#              slow down? ARGS="--minutes 60 --warm-up 120 --decide": for an hour, which decides
# make fuzz    malformed messages, parameters and files, about a quarter of an hour of one core;
#              ARGS=--short: half a minute (docs/fuzzing.md)
# make audit-dependencies    every dependency pinned, and what is known against each of them
# All make their environment first; PYTHON=python3.12 chooses the interpreter, ARGS= adds options.
.PHONY: demo replay test bench soak fuzz audit-dependencies environment

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

soak:
	@$(RUN) python -m tactile_equiv_sim.soak $(ARGS)

fuzz:
	@$(RUN) python -m fuzz $(ARGS)

audit-dependencies:
	@$(RUN) python environment/audit_dependencies.py

environment:
	@$(RUN)
