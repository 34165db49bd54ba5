// Writes the tables of docs/platforms.md between their markers, from the results.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../support/paths.mjs'
import { platforms } from './list.mjs'
import { results } from './results.mjs'
import { suites } from './suites.mjs'

export const page = join(repository, 'docs', 'platforms.md')

/** The page with its tables made anew. */
export function rendered(text, all = results()) {
  const tables = { runs: runTable(all), failures: failureTable(all) }
  return Object.entries(tables).reduce(
    (text, [name, table]) =>
      text.replace(new RegExp(`(<!-- ${name}:[^]*?-->\n)[^]*?(<!-- /${name} -->)`), (_, start, end) =>
        [start, table, '', end].join('\n'),
      ),
    text,
  )
}

export function writePage() {
  writeFileSync(page, rendered(readFileSync(page, 'utf8')))
}

function runTable(all) {
  const titles = Object.values(suites).map(({ title }) => title)
  const rows = platforms.map(platform => [platform.name, ...cells(platform, all[platform.name])])
  return table(['platform', 'commit', 'built as', 'run with', ...titles], rows)
}

function cells(platform, result) {
  if (!result) return ['–', 'not built here', '–', ...Object.keys(suites).map(() => '–')]
  const { crates, seconds } = result.build
  const compiled = crates ? `${crates} ${crates === 1 ? 'crate' : 'crates'} in ` : ''
  const built = `\`${platform.target}\`, ${compiled}${seconds} s`
  const ran = Object.keys(suites).map(name => counts(result.suites[name]))
  return [result.commit, built, result.with ?? 'not run', ...ran]
}

function counts(result) {
  if (!result) return 'not run'
  const { passed, failed, skipped, seconds } = result
  const words = [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`].filter(Boolean)
  return `${words.join(', ')} (${seconds} s)`
}

function failureTable(all) {
  const rows = platforms.flatMap(platform =>
    Object.values(all[platform.name]?.suites ?? {}).flatMap(({ failures }) =>
      failures.map(name => [platform.name, `\`${name.split('\n')[0].replaceAll('|', '\\|')}\``]),
    ),
  )
  return rows.length > 0 ? table(['platform', 'test'], rows) : 'None.'
}

function table(head, rows) {
  const line = cells => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}
