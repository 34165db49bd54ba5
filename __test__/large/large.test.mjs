// Large artifacts, byte for byte, and the memory they take. Takes minutes and 10 GB of disk: `npm run test:large`.
import assert from 'node:assert/strict'
import { createHash, randomFillSync } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { mustRun } from '../../scripts/support/command.mjs'
import { startS3Server } from '../../scripts/support/s3-server.mjs'

const MIB = 1 << 20
const oneRun = join(dirname(fileURLToPath(import.meta.url)), 'one-run.mjs')

let server
let root
before(async () => {
  server = await startS3Server()
  root = mkdtempSync(join(tmpdir(), 'nx-s3-cache-large-'))
})
after(async () => {
  await server?.stop()
  rmSync(root, { recursive: true, force: true })
})

/** Stores `<from>/<hash>` in one process, restores it in another, compares, and prints what it took. */
async function roundTrip(t, hash, from) {
  const to = join(root, `to-${hash}`)
  const took = []
  for (const [action, directory] of [
    ['store', from],
    ['retrieve', to],
  ]) {
    const section = JSON.stringify(server.section())
    const run = await mustRun(process.execPath, [oneRun, action, hash, directory, section], {
      timeout: 600_000,
      env: { ...process.env, ...server.environment },
    })
    took.push(run.stdout.trim())
  }
  t.diagnostic(took.join('; '))
  assert.deepEqual(fingerprint(join(to, hash)), fingerprint(join(from, hash)))
  rmSync(to, { recursive: true })
}

/** Every path below a directory with its mode and content, as one digest and a count. */
function fingerprint(directory) {
  const digest = createHash('sha256')
  const buffer = Buffer.alloc(8 * MIB)
  const paths = readdirSync(directory, { recursive: true }).sort()
  for (const path of paths) {
    const at = join(directory, path)
    const stat = lstatSync(at)
    digest.update(`${path}\0${stat.mode}\0`)
    if (stat.isSymbolicLink()) digest.update(readlinkSync(at))
    if (stat.isFile()) {
      const file = openSync(at, 'r')
      for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
        digest.update(buffer.subarray(0, read))
      closeSync(file)
    }
  }
  return { paths: paths.length, digest: digest.digest('hex') }
}

/** Half noise, half zeros, so that it compresses as build outputs do. */
function writeLarge(path, mebibytes) {
  const file = openSync(path, 'w')
  const block = Buffer.alloc(16 * MIB)
  for (let written = 0; written < mebibytes; written += 16) {
    randomFillSync(block, 0, 8 * MIB)
    writeSync(file, block, 0, Math.min(16, mebibytes - written) * MIB)
  }
  closeSync(file)
}

test('3 GiB with a file of more than 2 GiB come back', async t => {
  const from = join(root, 'huge')
  mkdirSync(join(from, '1/dist'), { recursive: true })
  writeLarge(join(from, '1/dist/huge.bin'), 2100)
  writeLarge(join(from, '1/dist/large.bin'), 972)
  chmodSync(join(from, '1/dist/huge.bin'), 0o755)
  symlinkSync('huge.bin', join(from, '1/dist/link'))
  await roundTrip(t, '1', from)
  rmSync(from, { recursive: true })
})

test('50,000 files come back', async t => {
  const from = join(root, 'many')
  for (let directory = 0; directory < 500; directory++) {
    const path = join(from, '2/dist', `d${directory}`)
    mkdirSync(path, { recursive: true })
    for (let file = 0; file < 100; file++) {
      writeFileSync(join(path, `f${file}.js`), `export const n = ${directory * 100 + file}\n`.repeat(20))
    }
  }
  await roundTrip(t, '2', from)
})

test('a file of zero bytes comes back', async t => {
  const from = join(root, 'zero')
  mkdirSync(join(from, '3/dist'), { recursive: true })
  writeFileSync(join(from, '3/dist/empty'), '')
  await roundTrip(t, '3', from)
})
