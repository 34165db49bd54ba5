// What came out of the last run on each platform, kept in the repository: one file a platform.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../support/paths.mjs'

const directory = join(repository, 'docs', 'platforms')

/** All results, by the names of the platforms. */
export function results() {
  const files = readdirSync(directory).filter(name => name.endsWith('.json'))
  const read = name => JSON.parse(readFileSync(join(directory, name), 'utf8'))
  return Object.fromEntries(files.map(name => [name.replace(/\.json$/, ''), read(name)]))
}

export function record({ name }, result) {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`)
}
