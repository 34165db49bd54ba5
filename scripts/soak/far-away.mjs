// A soak 66 ms away from the bucket, by a way that loses one packet in a hundred: slow, and in perfect health. So every
// store has to be restorable, and every restore a hit.
import { createCipheriv } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { startS3Server } from '../support/s3-server.mjs'
import { snapshot } from '../support/snapshot.mjs'
import { said } from './artifacts.mjs'
import { startLossyLink } from './lossy-link.mjs'
import { runProcess } from './process.mjs'
import { random } from './random.mjs'
import { Tally } from './tally.mjs'

const way = { roundTrip: 66, loss: 0.01 }
/** How many artifacts of how many bytes; nothing of it compresses. The large ones share the bandwidth for seconds. */
const artifacts = [
  { count: 30, size: 20_000 },
  { count: 4, size: 1_000_000 },
  { count: 3, size: 10_000_000 },
]
/** Restores get a twelfth of the default, as the artifacts are small beside what the default is meant for. */
const options = { store: { flushTimeout: '2m' }, retrieve: { timeouts: { deadline: '25s' } } }
const hung = 180_000

/** Stores and restores for `seconds`, and once at least; returns a {@link Tally} and the link's counts. */
export async function soakFarAway({ seconds, seed }) {
  const root = mkdtempSync(join(tmpdir(), 'nx-s3-cache-far-away-'))
  const server = await startS3Server()
  const link = await startLossyLink(new URL(server.endpoint).port, random(seed), way)
  const tally = new Tally()
  try {
    const end = performance.now() + seconds * 1000
    for (let number = 0; number === 0 || performance.now() < end; number++) {
      await round({ directory: join(root, `${number}`), server, link, tally, seed: seed + number, number })
    }
  } finally {
    link.close()
    await server.stop()
    rmSync(root, { recursive: true, force: true })
  }
  return { tally, counts: link.counts }
}

/** One machine stores, another one asks for all of it at once, as Nx does. */
async function round({ directory, server, link, tally, seed, number }) {
  const sources = join(directory, 'sources')
  const expected = makeArtifacts(sources, seed, number)
  for (const action of ['store', 'retrieve']) {
    const section = server.section({ endpoint: link.endpoint, ...options[action] })
    const restored = join(directory, action)
    mkdirSync(restored)
    const operations = Object.keys(expected).map(hash => [action, hash])
    const order = { section, sources, restored, operations, expected, atOnce: operations.length }
    const settings = { environment: server.environment, timeout: hung }
    tally.process(await runProcess(join(directory, `${action}.json`), order, settings))
  }
  rmSync(directory, { recursive: true, force: true })
}

/** What is to be restored, by hash. */
function makeArtifacts(sources, seed, number) {
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, String(seed)), Buffer.alloc(16))
  const sizes = artifacts.flatMap(({ count, size }) => Array(count).fill(size))
  const made = sizes.map((size, at) => {
    const hash = String(10_000 + number * sizes.length + at)
    mkdirSync(join(sources, hash, 'dist'), { recursive: true })
    writeFileSync(join(sources, hash, 'dist', 'main.js'), noise.update(Buffer.alloc(size)))
    return [hash, { ...said(hash), outputs: snapshot(join(sources, hash)) }]
  })
  return Object.fromEntries(made)
}
