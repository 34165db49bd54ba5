// What can be seen of the cache while Nx runs, and what the doctor says of a real workspace.
import assert from 'node:assert/strict'
import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { run, stripAnsi } from '../../scripts/support/command.mjs'
import { repository } from '../../scripts/support/paths.mjs'
import { assertOneWarning, assertRan, notices } from './support/expect.mjs'
import { serverAndWorkspace } from './support/setting.mjs'

const build = ['run', 'lib:build', '--outputStyle=static']

describe('Seen while Nx runs', async () => {
  const { server, workspace } = await serverAndWorkspace()
  const file = name => join(workspace.root, '..', name)

  it('logs requests, writes down the run, and adds to the summary of the job', async () => {
    const environment = {
      NX_S3_CACHE_LOG: 'debug',
      NX_S3_CACHE_STATS: file('runs.jsonl'),
      NX_S3_CACHE_JOB_SUMMARY: 'true',
      GITHUB_STEP_SUMMARY: file('summary.md'),
    }
    const outcome = await workspace.nx(build, { environment })
    assertRan(outcome, ['lib', 'ui'])
    assert.deepEqual(notices(outcome), [])
    assert.match(outcome.text, /nx-s3-cache: \d\.\d{3} s {2}GET http:\S+\/v1\/t\/e\/\d+: 404 in \d+ ms/)
    assert.match(outcome.text, /PUT http:\S+\/v1\/t\/e\/\d+: 200 in \d+ ms, .* sent/)
    assert.ok(!outcome.text.includes(server.secretAccessKey))
    workspace.wipe()
    const verbose = { NX_S3_CACHE_LOG: 'trace', NX_VERBOSE_LOGGING: 'true' }
    const again = await workspace.nx(build, { environment: { ...environment, ...verbose } })
    assert.match(again.text, /GET http:\S+\/v1\/t\/e\/\d+: 200 in \d+ ms/)
    assert.match(again.text, /nx-s3-cache: lib:build \(\d+\): restored .* in \d+ ms/)
    assert.match(again.text, /nx-s3-cache: 2 restored, 0 missed, 0 stored; .* received, 0 B sent/)
    assert.ok(!again.text.includes(server.secretAccessKey))
    const [first, second, ...more] = readFileSync(file('runs.jsonl'), 'utf8').trim().split('\n').map(JSON.parse)
    assert.deepEqual(more, [])
    assert.deepEqual([first.misses, first.stored, first.mode, first.scope], [2, 2, 'read-write', 't'])
    assert.deepEqual([second.hits, second.stored, second.ci], [2, 0, false])
    assert.ok(second.secondsWaited > 0 && second.secondsWaited <= second.wallSeconds && first.bytesSent > 0)
    assert.match(
      readFileSync(file('summary.md'), 'utf8'),
      /\| restored \| 0 of 2 [\s\S]*\| restored \| 2 of 2 \(100 %\) \|/,
    )
  })

  it('a file that can not be written, or a kind of log that there is not, is one warning', async () => {
    const unwritable = await workspace.nx(build, { environment: { NX_S3_CACHE_STATS: '/nowhere/runs.jsonl' } })
    assertOneWarning(unwritable, /could not be written to the file in NX_S3_CACHE_STATS/, /\/nowhere\/runs\.jsonl/)
    assertOneWarning(
      await workspace.nx(build, { environment: { NX_S3_CACHE_LOG: 'loud' } }),
      /invalid value "loud"; expected `debug` or `trace`/,
    )
  })

  /** The doctor, out of the package that is installed in this directory of `node_modules`. */
  const doctor = installed => {
    const program = join(workspace.root, 'node_modules', installed, 'dist/cli.js')
    return run(process.execPath, [program, 'doctor'], { cwd: workspace.root, env: workspace.variables() })
  }

  it('the doctor finds nothing wrong here, and sees what Nx loads', async () => {
    const { code, output } = await doctor('@nx/s3-cache')
    const text = stripAnsi(output)
    assert.equal(code, 0, text)
    assert.match(text, /✓ nx +Nx \d+\.\d+\.\d+ on Node\.js/)
    assert.match(text, /✓ package +Nx loads nx-s3-cache \S+ as @nx\/s3-cache/)
    assert.match(text, /✓ entries +the newest 2 in t can be restored[\s\S]*All is well/)
  })

  it('docs/cli.md shows the steps that there are', async () => {
    const steps = text =>
      [...text.matchAll(/^ {2}([✓✗!–]) (.{17})/gm)].map(([, mark, name]) => `${mark} ${name.trim()}`)
    const page = readFileSync(join(repository, 'docs/cli.md'), 'utf8')
    const documented = page.split('$ npx nx-s3-cache doctor\n')[1].split('```')[0]
    const { output } = await doctor('@nx/s3-cache')
    assert.deepEqual(steps(documented), steps(stripAnsi(output)))
  })

  it('the doctor finds that the alias is missing', async () => {
    const modules = join(workspace.root, 'node_modules')
    renameSync(join(modules, '@nx/s3-cache'), join(modules, 'nx-s3-cache'))
    const { code, output } = await doctor('nx-s3-cache')
    assert.equal(code, 1)
    assert.match(
      stripAnsi(output),
      /✗ package +nothing is installed under the name @nx\/s3-cache[\s\S]*npm:nx-s3-cache@/,
    )
  })
})
