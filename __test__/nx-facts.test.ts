import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import type { NxFacts } from '../index'

const loader = join(resolve(__dirname, '..'), 'index.js')

/** What `doctor` prints, and what it complains of, when it is told this about Nx. */
function doctor(facts: Partial<NxFacts>): { stdout: string; stderr: string } {
  const script = `const [loader, facts] = process.argv.slice(1)
    const options = { workspaceRoot: ${JSON.stringify(__dirname)}, ci: false, verbose: false }
    require(loader).runCli(['doctor'], options, JSON.parse(facts)).catch(error => console.error(error.message))`
  return spawnSync(process.execPath, ['-e', script, loader, JSON.stringify(facts)], { encoding: 'utf8', env: {} })
}

const facts = { node: 'v20.1.0', packageVersion: '1.2.3', candidates: [], cloudUsed: false, cloudNamedBy: [] }

test('what JavaScript knows of Nx reaches doctor', () => {
  assert.match(doctor({ ...facts, nx: '24.0.6' }).stdout, /Nx 24\.0\.6 on Node\.js 20\.1\.0/)
})

test('facts that lack a part are an error rather than dropped', () => {
  const { packageVersion: _, ...incomplete } = facts
  const { stdout, stderr } = doctor(incomplete)
  assert.match(stderr, /packageVersion/)
  assert.equal(stdout, '')
})
