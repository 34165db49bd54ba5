import { closeSync, openSync, writeSync } from 'node:fs'
import { devNull } from 'node:os'

const STDERR = 2
const ATTEMPTS = 200
const PAUSE_MS = 5

/**
 * Writes all of `text` to stderr before it returns, past `process.stderr.write`, which Nx replaces by a no-op while
 * its terminal UI is up and after Ctrl-C. A reader that is gone loses the text; one that is slow is waited for.
 */
export function writeNow(text: string): void {
  let rest: Uint8Array = Buffer.from(text)
  for (let attempt = 0; attempt < ATTEMPTS && rest.length > 0; attempt++) {
    try {
      rest = rest.subarray(writeSync(STDERR, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
    }
  }
}

/**
 * Lets stderr lead nowhere, for threads that go on drawing on the terminal while the process ends. (A file that is
 * opened gets the lowest number that is free.)
 */
export function closeStderr(): void {
  closeSync(STDERR)
  openSync(devNull, 'w')
}
