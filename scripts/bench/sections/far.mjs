// The small corpus from far away: what round trips cost.
import { tidy } from '../corpora.mjs'
import { aws, ours, TASKS_AT_ONCE } from '../peers.mjs'
import { FAR_MS } from '../plan.mjs'
import { median } from '../statistics.mjs'

const ROUND_TRIPS_MS = [0, 10, FAR_MS, 66]
/** The way decides, not chance: a few rounds are enough. */
const MOST_ROUNDS = 3

export async function far(bench, { rounds: wanted, tell }) {
  const rounds = Math.min(wanted, MOST_ROUNDS)
  const { servers } = bench
  const small = await bench.corpus('small')
  const hashes = small.entries.map(entry => entry.hash)
  const peers = [
    ours(servers, servers.farS3),
    { id: 'http', client: 'http', environment: { NX_SELF_HOSTED_REMOTE_CACHE_SERVER: servers.farHttp } },
    ...(bench.smoke ? [] : [await aws(servers, servers.farS3)]),
  ]
  const results = Object.fromEntries(peers.map(peer => [peer.id, []]))
  await servers.clear()
  await servers.far(0)
  for (const peer of peers)
    await bench.run(peer, 'store', { hashes, directory: small.directory, atOnce: TASKS_AT_ONCE })
  tidy(small)
  for (const roundTripMs of bench.smoke ? [0, FAR_MS] : ROUND_TRIPS_MS) {
    await servers.far(roundTripMs)
    const walls = Object.fromEntries(peers.map(peer => [peer.id, []]))
    for (let round = 0; round < rounds; round++) {
      for (const peer of peers) {
        tell(`${roundTripMs} ms, round ${round + 1} of ${rounds}: ${peer.id}`)
        const run = await bench.run(peer, 'retrieve', { hashes, directory: bench.freshDirectory() })
        if (run.hits !== hashes.length) throw new Error(`${peer.id} restored ${run.hits} of ${hashes.length} entries`)
        walls[peer.id].push(run.wallMs)
      }
    }
    for (const peer of peers) results[peer.id].push({ roundTripMs, wallMs: median(walls[peer.id]) })
  }
  return { entries: hashes.length, peers: results }
}
