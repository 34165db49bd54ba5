// The typical corpus once more after 5 % of its files changed: how much of the large artifacts is sent again.
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashOf } from '../corpora.mjs'
import { filesBelow } from '../files.mjs'
import { ours } from '../peers.mjs'

const ONE_IN = 20

/** Below this many plain bytes an artifact surely stays in one object. */
const WORTH_TRYING = 4 << 20

/** Which files change: neighbours, as when somebody worked on one part of the project; or one here, one there. */
const choices = {
  neighbours: files => {
    const count = Math.ceil(files.length / ONE_IN)
    const first = Math.floor((files.length - count) / 2)
    return files.slice(first, first + count)
  },
  scattered: files => files.filter((_, index) => index % ONE_IN === 10),
}

export async function secondStore(bench, { tell }) {
  const { directory, entries } = await bench.corpus('typical')
  const large = entries.filter(({ bytes }) => bytes > WORTH_TRYING)
  const results = {}
  for (const [name, choose] of Object.entries(choices)) {
    const sum = { entries: 0, first: 0, second: 0, replaced: 0 }
    for (const [index, { hash }] of large.entries()) {
      tell(`${name}: artifact ${index + 1} of ${large.length}`)
      const { first, second } = await storeTwice(bench, join(directory, hash), hash, choose)
      if (putsOf(first) === 1) continue // it is in its entry, and sent whole
      sum.entries++
      sum.first += first.received
      sum.second += second.received
      sum.replaced += first.replaced + second.replaced
    }
    results[name] = { ...sum, ratio: sum.entries > 0 ? sum.second / sum.first : undefined }
  }
  return results
}

async function storeTwice(bench, source, hash, choose) {
  const peer = ours(bench.servers)
  const scratch = bench.freshDirectory()
  const store = name => bench.run(peer, 'store', { hashes: [name], directory: scratch, atOnce: 1 })
  await bench.servers.clear()
  cpSync(source, join(scratch, hash), { recursive: true })
  const first = await store(hash)
  for (const file of choose(filesBelow(join(scratch, hash)))) edit(file)
  const changed = hashOf(`${hash} changed`)
  renameSync(join(scratch, hash), join(scratch, changed))
  const second = await store(changed)
  rmSync(scratch, { recursive: true })
  return { first, second }
}

/** A line more in the middle. */
function edit(file) {
  const bytes = readFileSync(file)
  const middle = bytes.indexOf('\n', bytes.length >> 1) + 1
  writeFileSync(file, Buffer.concat([bytes.subarray(0, middle), Buffer.from('// changed\n'), bytes.subarray(middle)]))
}

function putsOf({ requests }) {
  return requests['PUT 200'] ?? 0
}
