// 2,000 small entries at once, and as many misses: what they take in memory and requests.
import { hashOf } from '../corpora.mjs'
import { ours } from '../peers.mjs'
import { storeAndRestore } from '../rounds.mjs'
import { summarize } from '../statistics.mjs'

export async function crowd(bench, { rounds, tell }) {
  const many = await bench.corpus('crowd')
  const missing = many.entries.map(({ hash }) => hashOf(`missing ${hash}`))
  const peer = ours(bench.servers)
  const runs = { store: [], restore: [], miss: [] }
  for (let round = 0; round < rounds; round++) {
    tell(`round ${round + 1} of ${rounds}`)
    const { store, restore } = await storeAndRestore(bench, peer, many)
    const miss = await bench.run(peer, 'retrieve', { hashes: missing, directory: bench.freshDirectory() })
    if (miss.misses !== missing.length) throw new Error(`${miss.misses} misses instead of ${missing.length}`)
    runs.store.push(store)
    runs.restore.push(restore)
    runs.miss.push(miss)
  }
  const { entries, files, bytes } = many
  const summaries = Object.entries(runs).map(([name, values]) => [name, summarize(values)])
  return { entries: entries.length, files, bytes, ...Object.fromEntries(summaries) }
}
