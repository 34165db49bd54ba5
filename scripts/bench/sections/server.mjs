// Whether the server is the bottleneck: small GETs a second, from a client that does nothing but ask.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mustRun } from '../../support/command.mjs'
import { ours } from '../peers.mjs'
import { median } from '../statistics.mjs'

const loadGenerator = fileURLToPath(new URL('../ask.mjs', import.meta.url))
const REQUESTS = 32_000
const CONNECTIONS = 16

export async function server(bench, { rounds, tell }) {
  const { servers } = bench
  const { directory, entries } = await bench.corpus('small')
  await servers.clear()
  await bench.run(ours(servers), 'store', { hashes: [entries[0].hash], directory, atOnce: 1 })
  const asked = {
    ...servers,
    key: join('v1', 't', 'e', entries[0].hash),
    requests: bench.smoke ? 320 : REQUESTS,
    connections: CONNECTIONS,
  }
  const rates = []
  for (let round = 0; round < rounds; round++) {
    tell(`round ${round + 1} of ${rounds}`)
    const { stdout } = await mustRun(process.execPath, [loadGenerator, JSON.stringify(asked)])
    rates.push(JSON.parse(stdout))
  }
  const perSecond = median(rates.map(rate => rate.perSecond))
  return { connections: CONNECTIONS, bytes: rates[0].bytes, perSecond }
}
