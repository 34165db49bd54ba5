// One measured run in a process of its own: `one-run.mjs SPECIFICATION` (JSON). Starts all tasks as Nx does: every
// retrieve at once, stores as many at a time as Nx runs tasks. Writes what it took to the file `result`.
import { writeFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { begin } from './measures.mjs'

/** Nx spends more than this between opening its cache and asking it for the first time. */
const SETTLE_MS = 150

const { client, action, hashes, directory, atOnce, result, ...settings } = JSON.parse(process.argv[2])
const { open } = await import(`./clients/${client}.mjs`)
const cache = await open(settings)
await pause(SETTLE_MS)
globalThis.gc?.()

const measured = begin()
const outcome = { hits: 0, misses: 0, stored: 0 }
// After all who listen already: what nx-s3-cache still uploads at the end is part of the run.
process.on('exit', () => {
  if (process.exitCode) return
  writeFileSync(result, JSON.stringify({ ...outcome, ...measured.end() }))
})
try {
  await { retrieve, store }[action]()
} catch (error) {
  process.stderr.write(`${error.stack}\n`)
  process.exitCode = 1
}
measured.stopWatchingLoop()
process.exit()

async function retrieve() {
  if (cache.retrieveAll) {
    await cache.retrieveAll(directory)
    outcome.hits = hashes.length
    return
  }
  const one = async hash => ((await cache.retrieve(hash, directory)) ? outcome.hits++ : outcome.misses++)
  await inTurns(hashes, atOnce ?? hashes.length, one)
}

async function store() {
  const took = []
  await inTurns(hashes, atOnce, async hash => {
    const started = performance.now()
    if (await cache.store(hash, directory)) outcome.stored++
    took.push(performance.now() - started)
  })
  outcome.storeMs99 = took.sort((a, b) => a - b)[Math.ceil(took.length * 0.99) - 1]
  await cache.finish?.()
}

/** Does `task` for all items, `limit` at a time. */
async function inTurns(items, limit, task) {
  const queue = items.values()
  const worker = async () => {
    for (const item of queue) await task(item)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
}
