// How long Nx waits for its cache at the start: loading the package and the answer of `getRemoteCache()`.
import { fileURLToPath } from 'node:url'
import { ours } from '../peers.mjs'
import { median } from '../statistics.mjs'

const probe = fileURLToPath(new URL('../load.mjs', import.meta.url))
const PROCESSES = 20

export async function loadTime(bench, { tell }) {
  const processes = bench.smoke ? 2 : PROCESSES
  const times = []
  for (let n = 0; n < processes; n++) {
    tell(`process ${n + 1} of ${processes}`)
    times.push(JSON.parse((await bench.node(ours(bench.servers), [probe])).stdout))
  }
  const of = key => median(times.map(time => time[key]))
  return { processes, importMs: of('importMs'), answerMs: of('answerMs'), totalMs: of('totalMs') }
}
