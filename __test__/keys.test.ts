import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { takeKeys, takeKeysOfRun, takenKeys } from '../ts/keys'
import type { Launcher } from '../ts/nx'

const SIGNING = 'NX_S3_CACHE_SIGNING_KEY'
const ENCRYPTION = 'NX_S3_CACHE_ENCRYPTION_KEY'
const REMOVED = 'NX_S3_CACHE_KEYS_REMOVED'

/** What Nx has: copies of the environment that were made before anyone asked for a cache. */
function nxWith(copy: NodeJS.ProcessEnv) {
  const batches: unknown[][] = []
  const launcher: Launcher = {
    taskEnvironment: { getEnvVariablesForTask: task => ({ ...copy, TASK: String(task) }) },
    TaskRunner: {
      prototype: {
        forkProcessForBatch(...batch) {
          batches.push([this, ...batch])
          return 'forked'
        },
      },
    },
  }
  return { launcher, batches }
}

const unknown = () => {
  throw new Error('no such module')
}

function clean() {
  for (const name of [SIGNING, ENCRYPTION, REMOVED]) delete process.env[name]
}
beforeEach(clean)
afterEach(clean)

test('keys leave the environment, and whoever opens the cache next still gets them', () => {
  Object.assign(process.env, { [SIGNING]: 'main:secret', [ENCRYPTION]: 'passphrase' })
  takeKeys(unknown)
  assert.deepEqual([process.env[SIGNING], process.env[ENCRYPTION]], [undefined, undefined])
  assert.equal(process.env[REMOVED], `${SIGNING},${ENCRYPTION}`)
  takeKeys(unknown)
  assert.deepEqual(takenKeys(), { [SIGNING]: 'main:secret', [ENCRYPTION]: 'passphrase' })
})

test('a key that is set again later replaces the first', () => {
  Object.assign(process.env, { [ENCRYPTION]: 'the first' })
  takeKeys(unknown)
  Object.assign(process.env, { [ENCRYPTION]: 'the second' })
  takeKeys(unknown)
  assert.equal(takenKeys()[ENCRYPTION], 'the second')
  assert.equal(process.env[ENCRYPTION], undefined)
})

test('without keys nothing is noted, and Nx is left alone', () => {
  process.env[SIGNING] = ''
  takeKeys(() => assert.fail('Nx was asked'))
  assert.equal(process.env[REMOVED], undefined)
})

test('what Nx copied before starts no task and no batch with the keys', () => {
  const copy = { [SIGNING]: 'main:secret', PATH: '/bin' }
  const { launcher, batches } = nxWith(copy)
  process.env[SIGNING] = 'main:secret'
  assert.equal(
    takeKeys(() => launcher),
    true,
  )
  const cleaned = { PATH: '/bin', [REMOVED]: SIGNING }
  assert.deepEqual(launcher.taskEnvironment.getEnvVariablesForTask('lib:build'), { ...cleaned, TASK: 'lib:build' })
  const runner = Object.create(launcher.TaskRunner.prototype)
  assert.equal(runner.forkProcessForBatch('batch', 'projects', 'tasks', { ...copy }, 'more'), 'forked')
  assert.deepEqual(batches, [[runner, 'batch', 'projects', 'tasks', cleaned, 'more']])
})

test('with an Nx that starts tasks in another way, they leave the environment all the same, and that is said', () => {
  const { launcher } = nxWith({})
  for (const other of [
    unknown,
    () => ({ ...launcher, taskEnvironment: Object.freeze({ ...launcher.taskEnvironment }) }),
    () => ({ ...launcher, TaskRunner: { prototype: {} } }) as unknown as Launcher,
  ]) {
    process.env[SIGNING] = 'main:secret'
    assert.equal(takeKeys(other), false)
    assert.equal(process.env[SIGNING], undefined)
  }
})

test('where Nx passes on assignments only, keys are overwritten, and nobody takes what is left for a key', () => {
  Object.assign(process.env, { [SIGNING]: 'main:secret', [ENCRYPTION]: 'passphrase' })
  takeKeysOfRun(process.env)
  assert.deepEqual([process.env[SIGNING], process.env[ENCRYPTION]], ['removed', 'removed'])
  assert.equal(process.env[REMOVED], `${SIGNING},${ENCRYPTION}`)
  assert.deepEqual(takeKeysOfRun(process.env), { [SIGNING]: 'main:secret', [ENCRYPTION]: 'passphrase' })
  takeKeys(unknown)
  assert.deepEqual(takenKeys(), { [SIGNING]: 'main:secret', [ENCRYPTION]: 'passphrase' })
})

/** What a hook does while Nx records its assignments, in a process that other runs share. */
function inHook(own: NodeJS.ProcessEnv) {
  const passedOn: Record<string, unknown> = {}
  const set = (target: NodeJS.ProcessEnv, name: string, value: string) => {
    target[name] = value
    passedOn[name] = value
    return true
  }
  process.env = new Proxy(own, { set })
  try {
    return { keys: takeKeysOfRun(own), passedOn }
  } finally {
    process.env = own
  }
}

test('runs that share a process have the keys of their own environment, and none of another run', () => {
  const own = process.env
  Object.assign(own, { [SIGNING]: 'main:secret', [ENCRYPTION]: 'passphrase' })
  const keys = { [SIGNING]: 'main:secret', [ENCRYPTION]: 'passphrase' }
  const passedOn = { [SIGNING]: 'removed', [ENCRYPTION]: 'removed', [REMOVED]: `${SIGNING},${ENCRYPTION}` }
  assert.deepEqual(inHook(own), { keys, passedOn })
  assert.deepEqual(inHook(own), { keys, passedOn })
  // A run inside a task of the first, and one that never had a key.
  Object.assign(own, passedOn)
  assert.deepEqual(inHook(own), { keys: {}, passedOn: {} })
  clean()
  assert.deepEqual(inHook(own), { keys: {}, passedOn: {} })
})
