// One artifact of 3 GiB, with a file of more than 2 GiB: what it takes in memory. Half noise, half zeros.
import { randomFillSync } from 'node:crypto'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { ours } from '../peers.mjs'
import { storeAndRestore } from '../rounds.mjs'

const MIB = 1 << 20

export async function huge(bench, { tell }) {
  const directory = bench.freshDirectory({ large: true })
  tell('writing 3 GiB')
  mkdirSync(join(directory, '1', 'dist'), { recursive: true })
  write(join(directory, '1', 'dist', 'huge.bin'), 2100)
  write(join(directory, '1', 'dist', 'large.bin'), 972)
  tell('storing and restoring 3 GiB')
  const corpus = { directory, entries: [{ hash: '1' }], large: true }
  const { store, restore } = await storeAndRestore(bench, ours(bench.servers), corpus)
  rmSync(directory, { recursive: true })
  await bench.servers.clear()
  return { bytes: 3072 * MIB, store, restore }
}

function write(path, mebibytes) {
  const file = openSync(path, 'w')
  const block = Buffer.alloc(16 * MIB)
  for (let written = 0; written < mebibytes; written += 16) {
    randomFillSync(block, 0, 8 * MIB)
    writeSync(file, block, 0, Math.min(16, mebibytes - written) * MIB)
  }
  closeSync(file)
}
