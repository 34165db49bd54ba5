import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

const module = join(__dirname, '../ts/process-end.ts')

/** How a process ends, and what it prints, that is needed for so long and told to end at once. */
function ended(neededMs: number) {
  const program = `
    const { putOffExit } = require(${JSON.stringify(module)})
    const began = Date.now()
    putOffExit(() => Date.now() - began < ${neededMs})
    setTimeout(() => console.log('answered'), 100)
    setTimeout(() => { throw new Error('a connection is gone') }, 150)
    process.on('exit', () => process.exit(0))
    process.exit(3)`
  const { status, stdout } = spawnSync(process.execPath, ['--import', 'tsx', '--eval', program], { encoding: 'utf8' })
  return { status, stdout }
}

test('a process that is needed goes on when it is told to end, and ends when it no longer is', () => {
  assert.deepEqual(ended(1000), { status: 3, stdout: 'answered\n' })
})

test('a process that is not needed ends at once', () => {
  assert.equal(ended(0).stdout, '')
})
