// What happened in a soak, counted.

export class Tally {
  processes = 0
  killed = 0
  operations = 0
  hits = 0
  misses = 0
  stores = 0
  /** Uploads that were named as unfinished when their process ended. */
  unfinished = 0
  warnings = {}
  /** What must not happen, with enough words to find out why. */
  mismatches = []
  rejected = []
  crashed = []
  hung = []
  leftovers = []
  /** Artifacts that could not be restored when all was calm again. */
  missing = 0
  /** Milliseconds. */
  slowest = { retrieve: 0, store: 0, vanish: 0, flush: 0 }

  /** Counts a process that has ended, see `runProcess`. */
  process({ code, kill, timedOut, stderr, lines }) {
    this.processes++
    if (timedOut) this.hung.push(lines.at(-1))
    else if (kill && code !== 0) this.killed++
    else if (code !== 0) this.crashed.push(`exit code ${code}: ${stderr.slice(-500)}`)
    for (const line of lines) this.#line(line)
  }

  #line({ action, hash, outcome, ms }) {
    if (action in this.slowest) this.slowest[action] = Math.max(this.slowest[action], Math.round(ms))
    if (action === 'warning') this.warnings[outcome] = (this.warnings[outcome] ?? 0) + 1
    else if (action === 'flush') this.unfinished += outcome
    else if (action !== 'end') this.#operation(action, hash, outcome)
  }

  #operation(action, hash, outcome) {
    this.operations++
    if (action !== 'retrieve') this.stores++
    if (outcome === 'hit') this.hits++
    if (outcome === 'miss') this.misses++
    if (outcome === 'MISMATCH') this.mismatches.push(hash)
    if (String(outcome).startsWith('rejected')) this.rejected.push(`${action} ${hash}: ${outcome}`)
  }

  get injected() {
    return Object.values(this.faults).reduce((sum, count) => sum + count, 0)
  }

  /** What the processes did, in lines for people. */
  get calls() {
    const seconds = Object.entries(this.slowest).map(([action, ms]) => `${action} ${(ms / 1000).toFixed(1)} s`)
    return [
      `${this.operations} operations in ${this.processes} processes, ${this.killed} of them killed`,
      `${this.stores} stores, ${this.hits} hits, ${this.misses} misses; uploads named as unfinished: ${this.unfinished}`,
      `slowest: ${seconds.join(', ')}`,
      `warnings: ${counted(this.warnings) || 'none'}`,
      `mismatches ${this.mismatches.length}, rejected ${this.rejected.length}, crashed ${this.crashed.length}, hung ${this.hung.length}`,
    ]
  }

  /** What no weather excuses, in lines for people. */
  get broken() {
    const broken = [...this.mismatches, ...this.rejected, ...this.crashed, ...this.hung, ...this.leftovers]
    return broken.map(each => (typeof each === 'string' ? each : JSON.stringify(each)))
  }

  /** For people. */
  get text() {
    return [
      ...this.calls,
      `${this.injected} faults in ${this.requests} requests: ${counted(this.faults)}`,
      `afterwards: ${this.survived} of ${this.artifacts} artifacts were in the bucket, ${this.missing} could not be stored and restored again, ${this.leftovers.length} leftovers`,
    ].join('\n')
  }
}

function counted(object) {
  return Object.entries(object)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}
