// The benchmark keeps working: a tiny run of all of it, without the registry, on the build of the tests.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { mustRun } from '../../scripts/support/command.mjs'
import { repository } from '../../scripts/support/paths.mjs'

test('the benchmark restores everything to the byte and writes its page with every table and chart', async () => {
  const out = mkdtempSync(join(tmpdir(), 'nx-s3-cache-bench-'))
  after(() => rmSync(out, { recursive: true, force: true }))
  const words = ['--smoke', '--as-built', '--only', 'server,load,small,crowd,trust,series,far,nx', '--out', out]
  await mustRun(process.execPath, ['scripts/bench.mjs', ...words], { cwd: repository })

  const page = readFileSync(join(out, 'benchmarks.md'), 'utf8')
  for (const peer of [
    'nx-s3-cache',
    'nx-s3-cache, encrypted and signed',
    "Nx's `HttpRemoteCache`",
    '`cp -r`, the floor',
  ]) {
    assert.ok(page.includes(`| ${peer} `), `${peer} is missing`)
  }
  assert.match(page, /requests for an artifact of up to 4 MiB: store, hit, miss +\| +one each \| +1 each \| ✓/)
  assert.match(page, /\| hit +\|.*4 GET, 1 HEAD 501 \|/)
  assert.match(page, /\| signed by 4 CI runs +\|.* ms .* ms .* × .* ms .* × \|/)
  assert.match(page, /signed by CI runs: time over unsigned.*more/)
  assert.match(page, /from the bucket +\| +\d/)
  assert.match(page, /\*smoke\*: nx-s3-cache +\| +\d+ \/ \d+ \/ \d+ /)
  assert.match(page, /series of builds, dollars.*\d ×/)
  for (const [, chart] of page.matchAll(/!\[.*\]\((.*\.svg)\)/g)) assert.ok(existsSync(join(out, chart)), chart)
  assert.doesNotMatch(page, /NaN|undefined|Infinity/)
})
