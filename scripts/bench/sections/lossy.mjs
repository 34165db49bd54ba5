// The large corpus over a link that loses packets: what one connection can't carry, and many can.
import { startLossyLink } from '../../soak/lossy-link.mjs'
import { random } from '../../soak/random.mjs'
import { tidy } from '../corpora.mjs'
import { ours, TASKS_AT_ONCE } from '../peers.mjs'
import { summarize } from '../statistics.mjs'

const WAY = { roundTrip: 66, loss: 0.01 }
/** The way decides, not chance: a few rounds are enough. */
const MOST_ROUNDS = 3

export async function lossy(bench, { rounds: wanted, tell }) {
  const rounds = Math.min(wanted, MOST_ROUNDS)
  const large = await bench.corpus('large')
  const hashes = large.entries.map(entry => entry.hash)
  const near = ours(bench.servers)
  await bench.servers.clear()
  await bench.run(near, 'store', { hashes, directory: large.directory, atOnce: TASKS_AT_ONCE })
  tidy(large)
  const link = await startLossyLink(new URL(bench.servers.s3).port, random(1), WAY)
  try {
    const runs = []
    for (let round = 0; round < rounds; round++) {
      tell(`round ${round + 1} of ${rounds}`)
      const directory = bench.freshDirectory(large)
      const run = await bench.run(ours(bench.servers, link.endpoint), 'retrieve', { hashes, directory })
      if (run.hits !== hashes.length) throw new Error(`${run.hits} of ${hashes.length} entries were restored`)
      runs.push(run)
    }
    return { ...WAY, restore: summarize(runs) }
  } finally {
    link.close()
  }
}
