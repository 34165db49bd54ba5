// Builds one after the other: what storing and restoring all of them costs, near and far away.
import { SERIES, series } from '../corpora.mjs'
import { ours, TASKS_AT_ONCE } from '../peers.mjs'
import { FAR_MS } from '../plan.mjs'

export async function seriesSection(bench, { tell }) {
  const { servers } = bench
  const http = endpoint => ({
    id: 'http',
    client: 'http',
    environment: { NX_SELF_HOSTED_REMOTE_CACHE_SERVER: endpoint },
  })
  const near = [ours(servers), http(servers.http)]
  const far = [ours(servers, servers.farS3), http(servers.farHttp)]
  const results = {}
  await servers.far(FAR_MS)
  for (const name of bench.smoke ? ['smoke'] : SERIES) {
    const builds = bench.smoke ? [await bench.corpus(name), await bench.corpus(name)] : await series(name)
    const sum = key => builds.reduce((total, build) => total + build[key], 0)
    const peers = {}
    for (const [where, some] of Object.entries({ near, far })) {
      for (const peer of some) {
        tell(`${name}, ${where}: ${peer.id}`)
        peers[peer.id] = { ...peers[peer.id], [where]: await play(bench, peer, builds) }
      }
    }
    results[name] = { builds: builds.length, bytes: sum('bytes'), files: sum('files'), peers }
  }
  return results
}

/** Stores each build and restores it, as the next commit would. */
async function play(bench, peer, builds) {
  await bench.servers.clear()
  const total = { storeMs: 0, restoreMs: 0, put: 0, ask: 0, get: 0, kept: 0, replaced: 0 }
  for (const build of builds) {
    const hashes = build.entries.map(entry => entry.hash)
    const stored = await bench.run(peer, 'store', { hashes, directory: build.directory, atOnce: TASKS_AT_ONCE })
    const restored = await bench.run(peer, 'retrieve', { hashes, directory: bench.freshDirectory() })
    if (restored.hits !== hashes.length) throw new Error(`${peer.id} restored ${restored.hits} of ${hashes.length}`)
    total.storeMs += stored.wallMs
    total.restoreMs += restored.wallMs
    total.put += count(stored, 'PUT')
    total.ask += count(stored, 'HEAD', 'GET')
    total.get += count(restored, 'HEAD', 'GET')
    total.kept += stored.received
    total.replaced += stored.replaced
  }
  return total
}

function count({ requests }, ...methods) {
  const some = Object.entries(requests).filter(([name]) => methods.some(method => name.startsWith(method)))
  return some.reduce((sum, [, number]) => sum + number, 0)
}
