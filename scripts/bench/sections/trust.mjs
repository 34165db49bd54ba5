// What it costs to verify what is restored: the small corpus unsigned, signed with a key, and signed by CI runs.
import { rmSync } from 'node:fs'
import { startIssuer } from '../../support/issuer.mjs'
import { signers, TASKS_AT_ONCE } from '../peers.mjs'
import { CI_RUNS } from '../plan.mjs'
import { mustHave, mustHaveCome, orderOf } from '../rounds.mjs'
import { summarize } from '../statistics.mjs'

/** The differences are smaller than those between two runs: medians of many. */
const RESTORES_A_ROUND = 5

export async function trust(bench, { rounds, tell }) {
  const issuer = await startIssuer()
  try {
    return await measure(bench, issuer, { rounds, tell })
  } finally {
    issuer.stop()
  }
}

async function measure(bench, issuer, { rounds, tell }) {
  const small = await bench.corpus('small')
  const peers = signers(bench.built, bench.servers, issuer)
  await bench.servers.clear()
  for (const peer of peers) {
    tell(`storing: ${peer.id}`)
    await storeByRuns(bench, peer, small)
  }
  const certificates = issuer.asked.tokens
  const runs = Object.fromEntries(peers.map(({ id }) => [id, []]))
  const restores = bench.smoke ? 1 : rounds * RESTORES_A_ROUND
  for (let n = 0; n < restores; n++) {
    tell(`restore ${n + 1} of ${restores}`)
    for (const peer of orderOf(peers, n)) runs[peer.id].push(await restore(bench, peer, small))
  }
  const summaries = Object.entries(runs).map(([id, values]) => [id, summarize(values)])
  return { entries: small.entries.length, certificates, peers: Object.fromEntries(summaries) }
}

/** Stores the corpus by several CI runs, a part each. */
async function storeByRuns(bench, peer, { entries, directory }) {
  const size = Math.ceil(entries.length / CI_RUNS)
  for (let first = 0; first < entries.length; first += size) {
    const hashes = entries.slice(first, first + size).map(({ hash }) => hash)
    const { stored } = await bench.run(peer, 'store', { hashes, directory, atOnce: TASKS_AT_ONCE })
    mustHave(peer, 'stored', stored, hashes.length)
  }
}

async function restore(bench, peer, corpus) {
  const hashes = corpus.entries.map(({ hash }) => hash)
  const directory = bench.freshDirectory()
  const run = await bench.run(peer, 'retrieve', { hashes, directory })
  mustHave(peer, 'restored', run.hits, hashes.length)
  mustHaveCome(peer, corpus, directory)
  rmSync(directory, { recursive: true })
  return run
}
