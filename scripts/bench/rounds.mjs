// The heart of the benchmark: all peers in turn, round after round, and nothing counted that did not come back whole.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { tidy } from './corpora.mjs'
import { mustBeTheSame } from './files.mjs'
import { TASKS_AT_ONCE } from './peers.mjs'
import { work } from './places.mjs'

/**
 * Lets every peer store and restore a corpus in each round, another first each time. Answers
 * `{ <peer>: { store: [run, …], restore: [run, …] } }`.
 */
export async function playRounds(bench, peers, corpus, rounds, tell) {
  const played = Object.fromEntries(peers.map(peer => [peer.id, { store: [], restore: [] }]))
  for (let round = 0; round < rounds; round++) {
    for (const peer of orderOf(peers, round)) {
      tell(`round ${round + 1} of ${rounds}: ${peer.id}`)
      const { store, restore } = await storeAndRestore(bench, peer, corpus)
      if (store) played[peer.id].store.push(store)
      played[peer.id].restore.push(restore)
    }
  }
  return played
}

/** The peers in the order of a round: another first in each. */
export function orderOf(peers, round) {
  const first = round % peers.length
  return [...peers.slice(first), ...peers.slice(0, first)]
}

/** One store and one restore, each in a process of its own, and the proof that nothing was lost between. */
export async function storeAndRestore(bench, peer, corpus) {
  const hashes = corpus.entries.map(entry => entry.hash)
  await bench.servers.clear()
  const archives = join(work, 'archives')
  mkdirSync(archives, { recursive: true })
  let store
  if (!peer.storesNothing) {
    store = await bench.run(peer, 'store', { hashes, directory: corpus.directory, atOnce: TASKS_AT_ONCE })
    tidy(corpus)
    mustHave(peer, 'stored', store.stored, hashes.length)
  }
  const directory = bench.freshDirectory(corpus)
  const atOnce = peer.retrievesAtOnce
  const restore = await bench.run(peer, 'retrieve', { hashes, directory, atOnce, from: corpus.directory })
  mustHave(peer, 'restored', restore.hits, hashes.length)
  mustHaveCome(peer, corpus, directory)
  rmSync(directory, { recursive: true })
  rmSync(archives, { recursive: true })
  return { store, restore }
}

/** Throws unless the whole corpus is in `directory`, byte for byte. */
export function mustHaveCome(peer, corpus, directory) {
  for (const { hash } of corpus.entries) {
    mustBeTheSame(join(corpus.directory, hash), join(directory, hash), { exact: peer.exact === true })
  }
}

export function mustHave(peer, what, got, expected) {
  if (got !== expected) throw new Error(`${peer.id} ${what} ${got} of ${expected} entries`)
}
