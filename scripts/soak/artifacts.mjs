// The artifacts of a soak: each hash stands for one tree, whoever makes it, so that every hit can be judged.
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { snapshot } from '../support/snapshot.mjs'
import { random } from './random.mjs'

const KIB = 1024

/** Makes `count` artifacts below `directory`, as Nx keeps them; returns what a restored one has to be. */
export function makeArtifacts(directory, count, seed) {
  const artifacts = []
  for (let number = 0; number < count; number++) {
    const hash = String(10_000 + number)
    makeOutputs(join(directory, hash), random(seed * 1_000_003 + number), number)
    artifacts.push({ hash, ...said(hash), outputs: snapshot(join(directory, hash)) })
  }
  return artifacts
}

/** What the task of this hash printed, and its exit code. */
export function said(hash) {
  return { terminalOutput: `built ${hash}\n`.repeat((hash % 7) + 1), code: hash % 3 === 0 ? 1 : 0 }
}

function makeOutputs(root, chance, number) {
  mkdirSync(root, { recursive: true })
  // One in ten has no outputs, one in ten is too large for a single object.
  const [files, size] = number % 10 === 0 ? [0, 0] : number % 10 === 1 ? [3, 3000 * KIB] : [6, 40 * KIB]
  for (let file = 0; file < files; file++) {
    const path = join(root, 'dist', `d${file % 3}`, `file ${file}.js`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content(chance, chance.between(0, size)))
    if (file === 1) chmodSync(path, 0o755)
  }
  if (files > 0) symlinkSync('d0', join(root, 'dist', 'link'))
}

/** Half noise, half repetition, as build outputs compress. */
function content(chance, size) {
  const noise = chance.bytes(Math.min(size, 64 * KIB))
  const parts = []
  for (let left = size, n = 0; left > 0; left -= noise.length, n++) {
    // A different first byte keeps the parts apart, or deduplication would leave nothing to send.
    parts.push(Buffer.from(`${n}${chance.next()}`), noise)
  }
  return Buffer.concat(parts).subarray(0, size)
}

/** A copy of an artifact that can be taken away while it is being stored. */
export function copyArtifact(from, to, hash) {
  cpSync(join(from, hash), join(to, hash), { recursive: true, verbatimSymlinks: true })
}
