"""Prints the closing line that CI looks for, and says what was not run."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    counts = {outcome: len(reporter.stats.get(outcome, [])) for outcome in ("passed", "failed", "error")}
    for skipped in reporter.stats.get("skipped", []):
        print(f"NOT RUN: {skipped.nodeid}: {skipped.longrepr[2]}")
    print(f"{counts['passed']} passed, {counts['failed'] + counts['error']} failed")
