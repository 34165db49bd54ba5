// Writes the tables of docs/providers.md between their markers, from the results.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../support/paths.mjs'
import { results } from './results.mjs'

export const page = join(repository, 'docs', 'providers.md')

/** The rows: the names that the survey gives, and what they mean to a reader. */
export const features = {
  objects: 'put, get, head, 404; 0 bytes to 8 MiB',
  wholeObjects: 'racing writers leave one whole object',
  conditionalPut: 'second `If-None-Match: *` put',
  racingWriters: '16 such puts at once',
  wrongChecksum: 'put with a wrong checksum',
  noChecksums: '`disableChecksum: true`',
  hostStyle: 'bucket in the host name',
  listing: 'listing 10,000 keys',
  batchDelete: 'deletes, 1,000 a request',
  copies: 'copies',
  oddPrefixes: "prefixes with `!-_.*'()`",
  longKeys: 'keys of 490 bytes',
  commands: '`doctor` with keys from environment, profile, process, nx.json',
  sessionToken: 'assumed role, session token',
  anonymousReads: 'a bucket for anonymous reads',
  readOnlyKey: 'a read-only key',
  prefixKey: 'a key for one prefix',
  wrongKeys: 'wrong secret, unknown key',
  missingBucket: 'a missing bucket is named',
  lifecycle: 'lifecycle rules',
  large: 'an artifact of 3 GiB',
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
  const rows = Object.values(all).map(({ title, version, date, settings }) => [title, version, settings, date])
  return table(['server', 'version', 'settings besides `endpoint`', 'run on'], rows)
}

function featureTable(all) {
  const columns = Object.values(all)
  const rows = Object.entries(features).map(([name, meaning]) => [
    meaning,
    ...columns.map(({ findings }) => cell(findings[name])),
  ])
  return table(['', ...columns.map(({ title }) => title)], rows)
}

function cell(finding) {
  if (!finding) return 'not run'
  const how = finding.result === 'failed' ? 'fails' : finding.how.replace(/\|/g, '\\|')
  return [marks[finding.result], how].filter(Boolean).join(' ')
}

function table(head, rows) {
  const line = cells => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}
