// The three corpora: every peer stores and restores each.
import { allPeers } from '../peers.mjs'
import { playRounds, storeAndRestore } from '../rounds.mjs'
import { summarize } from '../statistics.mjs'

/** A section that measures the corpus `name`. */
export function corpusSection(name) {
  return async (bench, { rounds, tell }) => {
    const measured = await bench.corpus(name)
    const peers = await allPeers(bench.built, bench.servers, { withAws: !bench.smoke })
    await storeAndRestore(bench, peers.at(-1), measured) // warms the page cache
    const played = await playRounds(bench, peers, measured, rounds, tell)
    const summaries = Object.entries(played).map(([id, { store, restore }]) => [
      id,
      { store: summarize(store), restore: summarize(restore) },
    ])
    const { entries, files, bytes } = measured
    return { entries: entries.length, files, bytes, peers: Object.fromEntries(summaries) }
  }
}
