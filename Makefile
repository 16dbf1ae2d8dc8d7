# webmap : deux commandes suffisent, `make run` et `make test`. `make help` dit le reste.
# ONLY choisit les parties du banc, MINUTES la durée de celle de la page : make bench ONLY=tuiles,page MINUTES=10
# PORT, HOST, DATABASE_URL et WEBMAP_CONFIG se donnent par l'environnement : PORT=8001 make run

PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help run stop test test-long test-front test-python lint style types audit bench front clean

help: ## Cette aide
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

run: ## Prépare ce qui manque et sert l'atlas (Ctrl+C pour arrêter)
	@$(PYTHON) bin/prepare && exec $(BIN)/webmap serve

stop: ## Arrête l'atlas et sa base privée
	@if [ -x $(BIN)/webmap ]; then $(BIN)/webmap stop; else echo "Rien ne tourne : webmap n'est pas installé ici."; fi

front: ## Reconstruit la carte (static/dist) si ses sources ont changé
	@$(PYTHON) bin/prepare

lint: style types ## Vérifie le style, les types et les étages

style:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types:
	$(BIN)/mypy

test: ## Passe tous les contrôles et tous les tests, navigateur compris
	@$(PYTHON) bin/prepare --tests
	@$(MAKE) --no-print-directory style test-front
	@$(MAKE) --no-print-directory -j 2 types test-python

test-front:
	npm test --prefix static

# Whatever the machine says: each command a test runs would compile again all it imports.
test-python: export PYTHONDONTWRITEBYTECODE =
test-python:
	$(BIN)/pytest -n 3 --dist worksteal

test-long: ## Passe les tests bornés mais longs
	@$(PYTHON) bin/prepare --tests
	$(BIN)/pytest -m long

bench: ## Mesure l'atlas et ses pairs dans une même exécution, et écrit docs/benchmarks.md
	@$(PYTHON) bin/prepare --tests
	$(PYTHON) bench/prepare.py
	$(BIN)/python bench/run.py $(if $(ONLY),--only $(ONLY)) $(if $(MINUTES),--minutes $(MINUTES))

audit: ## Cherche les failles connues des dépendances ; demande un réseau ouvert
	@$(PYTHON) bin/prepare --tests
	$(BIN)/pip-audit --skip-editable
	cd static && npm audit

clean: ## Supprime tout ce que make a créé ; demande avant d'effacer les données
	@bin/clean
