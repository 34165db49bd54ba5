// Stores and restores an artifact of 3 GiB, each in a process of its own, and compares every byte.
import { createHash, randomFillSync } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from '../support/command.mjs'
import { repository } from '../support/paths.mjs'
import { nxSection } from './survey.mjs'

const MIB = 1 << 20
const hash = '1'
const files = { 'huge.bin': 2100, 'large.bin': 972 }

export async function roundTrip(server, directory) {
  const [from, to] = [join(directory, 'from'), join(directory, 'to')]
  try {
    mkdirSync(join(from, hash, 'dist'), { recursive: true })
    for (const [name, size] of Object.entries(files)) write(join(from, hash, 'dist', name), size)
    await oneRun(server, 'store', from)
    await oneRun(server, 'retrieve', to)
    for (const name of Object.keys(files)) {
      const [one, other] = [from, to].map(root => digest(join(root, hash, 'dist', name)))
      if (one !== other) throw new Error(`${name} came back different`)
    }
  } finally {
    for (const path of [from, to]) rmSync(path, { recursive: true, force: true })
  }
}

function oneRun(server, action, directory) {
  const program = join(repository, '__test__', 'large', 'one-run.mjs')
  const { id, secret } = server.keys
  const section = { ...nxSection(server), timeouts: { deadline: '20m' } } // several servers may share a slow machine
  return mustRun(process.execPath, [program, action, hash, directory, JSON.stringify(section)], {
    timeout: 1_200_000,
    env: { ...process.env, AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret },
  })
}

/** Half noise, half zeros, so that it compresses as build outputs do. */
function write(path, mebibytes) {
  const file = openSync(path, 'w')
  const block = Buffer.alloc(4 * MIB)
  for (let written = 0; written < mebibytes; written += 4) {
    randomFillSync(block, 0, 2 * MIB)
    writeSync(file, block)
  }
  closeSync(file)
}

function digest(path) {
  const sum = createHash('sha256')
  const buffer = Buffer.alloc(8 * MIB)
  const file = openSync(path, 'r')
  for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) sum.update(buffer.subarray(0, read))
  closeSync(file)
  return sum.digest('hex')
}
