// A process that uses the package as Nx does, without Nx: `node without-nx.mjs <JSON>` in a directory with an nx.json.
// It retrieves the hashes in `retrieve` all at once, then stores those in `store`, and ends in the way that `end` names.
// As Nx does, it ends itself on a signal.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const { retrieve = [], store = [], size = 1000, end } = JSON.parse(process.argv[2])
const directory = join(process.cwd(), 'cache')

/** What the task of a hash makes: the same each time. */
const output = hash => Buffer.alloc(size, `the output of ${hash} `)

/** The rest of a process that has stored what it had to. */
const ends = {
  'process.exit(3)': () => process.exit(3),
  'an exception': () =>
    setImmediate(() => {
      throw new Error('a bug of somebody else')
    }),
  'nothing left to do': () => {},
  'a signal': () => setInterval(() => {}, 1000),
}

process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))

const cache = await createRequire(import.meta.url)('../../../dist/index.js').getRemoteCache()
const counts = { hit: 0, miss: 0, wrong: 0, queued: 0 }

const outcomeOf = (hash, found) => {
  if (!found) return 'miss'
  return output(hash).equals(readFileSync(join(found.outputsPath, 'out'))) ? 'hit' : 'wrong'
}

const restored = await Promise.all(retrieve.map(hash => cache.retrieve(hash, directory)))
retrieve.forEach((hash, index) => {
  counts[outcomeOf(hash, restored[index])]++
})
for (const hash of store) {
  mkdirSync(join(directory, hash), { recursive: true })
  writeFileSync(join(directory, hash, 'out'), output(hash))
}
const queued = await Promise.all(store.map(hash => cache.store(hash, directory, `ran ${hash}\n`, 0)))
counts.queued = queued.filter(Boolean).length
process.stdout.write(`${JSON.stringify(counts)}\n`)
ends[end]()
