import { setTimeout as sleep } from 'node:timers/promises'

/** How often it is looked whether a process that was told to end may do so. */
const LOOK_MS = 200

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

/**
 * Puts `process.exit()` off while `isNeeded()`. Listeners of the 'exit' event can only block, so that nothing else
 * happens meanwhile; a process whose end is put off still answers those who wait for it.
 */
export function putOffExit(isNeeded: () => boolean): void {
  const exit = process.exit
  let isPutOff = false
  const whenPossible = (status?: number) => {
    if (isPutOff) return
    if (!isNeeded()) exit(status)
    isPutOff = true
    // Whoever is gone can't be answered, which must not end it before.
    process.on('uncaughtException', () => {})
    void idle(isNeeded).then(() => exit(status))
  }
  process.exit = whenPossible as typeof process.exit
}

/** Resolves some time after the last need, so that answers are on their way. */
async function idle(isNeeded: () => boolean): Promise<void> {
  for (let looks = 0; looks < 2; looks = isNeeded() ? 0 : looks + 1) await sleep(LOOK_MS)
}
