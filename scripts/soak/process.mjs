// Processes of a soak: each gets an order, and prints a line of JSON for each operation.
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { killGroup, run } from '../support/command.mjs'

const worker = join(dirname(fileURLToPath(import.meta.url)), 'worker.mjs')

/**
 * Runs a process with `order`, which is kept at `path`; returns how it ended, and its `lines`. With `kill`, it gets that
 * `signal` `after` so many milliseconds; after `timeout` it hangs.
 */
export async function runProcess(path, order, { environment, timeout, kill }) {
  writeFileSync(path, JSON.stringify(order))
  const outcome = await run(process.execPath, [worker, path], {
    timeout,
    env: { ...process.env, ...environment },
    onStart: child =>
      kill && setTimeout(() => child.exitCode === null && killGroup(child, kill.signal), kill.after).unref(),
  })
  const lines = outcome.stdout.split('\n').filter(line => line.endsWith('}'))
  return { ...outcome, kill, lines: lines.map(line => JSON.parse(line)) }
}
