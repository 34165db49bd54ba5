// Trees of files: what is in them, and whether two are the same to the byte.
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import { join, relative } from 'node:path'

const PIECE = 16 << 20

/** The paths of all files below a directory, in the order of their names; no directories. */
export function filesBelow(directory) {
  const found = []
  const visit = path => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const child = join(path, entry.name)
      if (entry.isDirectory()) visit(child)
      else found.push(child)
    }
  }
  visit(directory)
  return found.sort()
}

/** Throws unless each file of `expected` is in `actual` with the same bytes; `exact` asks for nothing more than these. */
export function mustBeTheSame(expected, actual, { exact }) {
  const files = filesBelow(expected)
  for (const file of files) {
    const path = relative(expected, file)
    if (!same(file, join(actual, path), exact)) throw new Error(`${path} did not come back as it was, in ${actual}`)
  }
  const more = filesBelow(actual).length - files.length
  if (exact && more !== 0) throw new Error(`${more} files too many in ${actual}`)
}

function same(one, other, exact) {
  const [before, after] = [lstatSync(one), lstatSync(other, { throwIfNoEntry: false })]
  if (!after || before.size !== after.size || (exact && before.mode !== after.mode)) return false
  if (before.isSymbolicLink()) return readlinkSync(one) === readlinkSync(other)
  return before.size <= PIECE ? readFileSync(one).equals(readFileSync(other)) : samePieces(one, other)
}

/** Compares files that are too large to be read at once. */
function samePieces(...paths) {
  const files = paths.map(path => openSync(path))
  const buffers = files.map(() => Buffer.alloc(PIECE))
  try {
    for (;;) {
      const [read, also] = files.map((file, index) => readSync(file, buffers[index]))
      if (read !== also || !buffers[0].equals(buffers[1])) return false
      if (read === 0) return true
    }
  } finally {
    for (const file of files) closeSync(file)
  }
}
