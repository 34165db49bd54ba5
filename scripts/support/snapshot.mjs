import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join, relative } from 'node:path'

/** Everything below a directory: path → kind, mode and content, in words that a test's diff shows well. */
export function snapshot(directory) {
  const found = {}
  if (existsSync(directory)) visit(directory, directory, found)
  return found
}

function visit(root, directory, found) {
  for (const name of readdirSync(directory).sort()) {
    const path = join(directory, name)
    found[relative(root, path)] = describe(path)
    if (lstatSync(path).isDirectory()) visit(root, path, found)
  }
}

function describe(path) {
  const stat = lstatSync(path)
  if (stat.isSymbolicLink()) return `link to ${readlinkSync(path)}`
  const mode = (stat.mode & 0o777).toString(8)
  if (stat.isDirectory()) return `directory ${mode}`
  const digest = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16)
  return `file ${mode}, ${stat.size} bytes, ${digest}`
}
