// One process of a soak. Reads its work as JSON from its arguments, prints a JSON line for each operation.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { isDeepStrictEqual } from 'node:util'
import { snapshot } from '../support/snapshot.mjs'
import { copyArtifact, said } from './artifacts.mjs'

const { NativeCache } = createRequire(import.meta.url)('../../index.js')
const work = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const { section, sources, restored, scratch, operations, expected, atOnce = 4 } = work

const cache = NativeCache.open({ section: JSON.stringify(section), workspaceRoot: restored, ci: true, verbose: true })
const tell = line => process.stdout.write(`${JSON.stringify(line)}\n`)

async function timed(action, hash, operate) {
  const began = performance.now()
  let outcome
  try {
    outcome = await operate()
  } catch (error) {
    outcome = `rejected: ${error.message}`
  }
  tell({ action, hash, outcome, ms: performance.now() - began })
}

async function retrieve(hash) {
  const found = await cache.retrieve(hash, restored)
  if (found === null) return 'miss'
  const { terminalOutput, code, outputs } = expected[hash]
  const same = found.terminalOutput === terminalOutput && found.code === code
  return same && isDeepStrictEqual(snapshot(found.outputsPath), outputs) ? 'hit' : 'MISMATCH'
}

function store(hash, from = sources) {
  const { terminalOutput, code } = said(hash)
  return cache.store(hash, from, terminalOutput, code)
}

/** The directory is taken away while it is being stored, as Nx does when it makes room. */
async function storeVanishing(hash) {
  mkdirSync(scratch, { recursive: true })
  // Of its own, as the same artifact may vanish twice at a time: what one removes is too early for the other, see below.
  const from = mkdtempSync(join(scratch, `${hash}-`))
  copyArtifact(sources, from, hash)
  const answer = store(hash, from)
  // File systems tell times apart from 10 ms on, and so what was removed before from what was removed after.
  await new Promise(resolve => setTimeout(resolve, 10 + (Number(hash) % 20)))
  rmSync(from, { recursive: true, force: true })
  return answer
}

const actions = { retrieve, store, vanish: storeVanishing }
// A few at a time, as tasks end, unless the order says otherwise.
const queue = [...operations]
const lane = async () => {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [action, hash] = next
    await timed(action, hash, () => actions[action](hash))
  }
}
await Promise.all(Array.from({ length: atOnce }, lane))
const began = performance.now()
const unfinished = cache.flush(cache.flushTimeoutMs)
tell({ action: 'flush', outcome: unfinished.length, ms: performance.now() - began })
for (const { title } of cache.takeWarnings()) tell({ action: 'warning', outcome: title })
tell({ action: 'end', outcome: cache.summary().line })
// As Nx ends: nothing may keep the process.
process.exit(0)
