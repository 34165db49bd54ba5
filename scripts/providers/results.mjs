// The findings of the last run against each server, kept in the repository: one file a server.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../support/paths.mjs'

const directory = join(repository, 'docs', 'providers', 'results')

/** All results, by the names of the servers. */
export function results() {
  const files = readdirSync(directory).filter(name => name.endsWith('.json'))
  return Object.fromEntries(files.map(name => [name.replace(/\.json$/, ''), read(name)]))
}

/** Keeps what came out. What this run left out stays as it was, if it is of the same version. */
export function record(server, findings) {
  const { name, version } = server
  const before = results()[name]
  const earlier = before?.version === version ? before.findings : {}
  const date = new Date().toISOString().slice(0, 10)
  const all = Object.entries({ ...earlier, ...findings }).sort(([a], [b]) => (a < b ? -1 : 1))
  const result = { version, date, findings: Object.fromEntries(all) }
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`)
}

function read(file) {
  return JSON.parse(readFileSync(join(directory, file), 'utf8'))
}
