/** Counts tests, and keeps what was skipped with the reason, for the last words of a run. */
export class ClosingReporter {
  counts = { passed: 0, failed: 0, skipped: 0 };
  /** Suite to reason. */
  #skipped = new Map();

  /** @param {ReadonlyArray<import('vitest/node').TestModule>} modules */
  onTestRunEnd(modules, unhandledErrors) {
    this.counts.failed += unhandledErrors.length;
    for (const module of modules) {
      // A file that could not even be loaded has no tests to count and has failed all the same.
      this.counts.failed += module.errors().length;
      for (const suite of module.children.allSuites()) this.counts.failed += suite.errors().length;
      for (const test of module.children.allTests()) this.#count(module, test);
    }
  }

  /** The loud list. */
  report() {
    for (const [suite, reason] of this.#skipped) console.log(`SKIPPED  ${suite}: ${reason}`);
  }

  #count(module, test) {
    const { state, note } = test.result();
    if (state === 'passed' || state === 'failed') {
      this.counts[state] += 1;
      return;
    }
    this.counts.skipped += 1;
    const suites = ancestors(test);
    const told = suites.find((suite) => suite.meta().skipped !== undefined);
    const name = [module.relativeModuleId, ...suites.map((suite) => suite.name), ...(told ? [] : [test.name])];
    this.#skipped.set(name.join(' > '), told?.meta().skipped ?? note ?? 'no reason given');
  }
}

function ancestors(test) {
  const found = [];
  for (let parent = test.parent; parent.type === 'suite'; parent = parent.parent) found.unshift(parent);
  return found;
}
