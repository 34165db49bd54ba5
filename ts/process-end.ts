/**
 * Calls `listener` when the process ends, before all who listen already: in Nx 20 one of them calls `process.exit()`
 * again, and those after it are never called.
 */
export function beforeExit(listener: (status: number) => void): void {
  process.prependOnceListener('exit', listener)
}

/** Calls `listener` after all who listen already; not in Nx 20, for the same reason. */
export function afterOthers(listener: () => void): void {
  process.once('exit', listener)
}
