// Writes the tables of docs/providers.md between their markers, from the results.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../support/paths.mjs'
import { results } from './results.mjs'
import { servers } from './servers.mjs'

export const page = join(repository, 'docs', 'providers.md')

/** The rows: the names that the survey gives, and what they mean to a reader. */
export const features = {
  objects: 'put, get, head, 404; 0 bytes to 8 MiB',
  large: 'an artifact of 3 GiB, stored and restored',
  listing: 'listing 10,000 keys, page by page',
  batchDelete: 'deleting many objects in a request',
  copies: 'copies',
  oddPrefixes: "prefixes with `!-_.*'()`",
  longKeys: 'keys of 490 bytes',
  hostStyle: 'bucket in the host name',
  noChecksums: 'all of this with `disableChecksum`',
  wrongChecksum: 'a put with a wrong checksum is refused',
  conditionalPut: 'a second `If-None-Match: *` put is refused (412)',
  racingWriters: 'of 16 such puts at once, one wins',
  wholeObjects: 'racing writers leave one whole object',
  commands: '`doctor` is content with keys from the environment, a profile, a process, nx.json',
  sessionToken: 'assumed roles, session tokens',
  readOnlyKey: 'a read-only key',
  prefixKey: 'a key for one prefix',
  anonymousReads: 'a bucket for anonymous reads',
  wrongKeys: 'a wrong secret, an unknown key: refused as such',
  missingBucket: 'a missing bucket is named',
  lifecycle: 'lifecycle rules',
}

const marks = { ok: '✓', differs: '≠', no: '–', failed: '✗' }

/** The page with its tables made anew. */
export function rendered(text, all = results()) {
  return Object.entries({ servers: serverTable(all), features: featureTable(all) }).reduce(
    (text, [name, table]) =>
      text.replace(
        new RegExp(`(<!-- ${name}:[^]*?-->\n)[^]*?(<!-- /${name} -->)`),
        (_, start, end) => `${start}\n${table}\n\n${end}`,
      ),
    text,
  )
}

export function writePage() {
  writeFileSync(page, rendered(readFileSync(page, 'utf8')))
}

function serverTable(all) {
  const rows = run(all).map(({ name, title, settings }) => [title, all[name].version, settings, all[name].date])
  return table(['server', 'version', 'settings besides `endpoint`', 'run on'], rows)
}

function featureTable(all) {
  const columns = run(all)
  const rows = Object.entries(features).map(([feature, meaning]) => [
    meaning,
    ...columns.map(({ name }) => cell(all[name].findings[feature])),
  ])
  return table(['', ...columns.map(({ title }) => title)], rows)
}

/** The servers that there are results of. */
function run(all) {
  return servers.filter(({ name }) => name in all)
}

/** What differs is told, what is as everywhere is not; why something fails would fill the page. */
function cell(finding) {
  if (!finding) return 'not run'
  const told = ['differs', 'no'].includes(finding.result) ? finding.how.replace(/\|/g, '\\|') : ''
  return [marks[finding.result], told].filter(Boolean).join(' ')
}

function table(head, rows) {
  const line = cells => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}
