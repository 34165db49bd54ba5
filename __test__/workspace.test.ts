import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'

/** Writes one file after the other for half a second, as a process of Nx does that is about to end. */
const writer = `const { mkdirSync, writeFileSync } = require('node:fs')
  const end = Date.now() + 500
  for (let n = 0; n <= 100 || Date.now() < end; n++) {
    mkdirSync(process.argv[1], { recursive: true })
    try { writeFileSync(process.argv[1] + '/' + n, '') } catch {}
    if (n === 100) process.stdout.write('writing')
  }`

test('a workspace can be wiped while a process of Nx still writes into it', async () => {
  const { emptyWorkspace } = await import(pathToFileURL(join(__dirname, '../scripts/support/workspace.mjs')).href)
  const workspace = emptyWorkspace()
  const written = join(workspace.root, '.nx/workspace-data')
  const child = spawn(process.execPath, ['-e', writer, written], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  await once(child.stdout, 'data')
  workspace.wipe()
  await ended
  workspace.wipe()
  assert.equal(existsSync(written), false)
  workspace.dispose()
})
