import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Notices } from '../ts/notices'
import { catchExit, FakeNative, listen, withEnv } from './support/fakes'

const warning = { title: 'No credentials', body: ['Set AWS_PROFILE.', 'The build goes on.'] }

describe('while Nx prints line by line', () => {
  test('a warning goes through Nx at once', () => {
    const { notices, viaNx, written } = listen()
    notices.warn(warning)
    assert.deepEqual(viaNx, [warning])
    assert.deepEqual(written, [])
  })

  test('the same warning is shown once', () => {
    const { notices, viaNx } = listen()
    notices.warn(warning)
    notices.warn({ ...warning, body: ['again'] })
    assert.equal(viaNx.length, 1)
  })

  test('a warning Nx cannot print is written all the same', () => {
    const written: string[] = []
    const notices = new Notices({
      warn: () => {
        throw new Error("Cannot find module 'nx'")
      },
      write: text => written.push(text),
      close: () => {},
      screenIsTaken: () => false,
    })
    notices.warn(warning)
    assert.match(written.join(''), /No credentials/)
  })
})

describe('while Nx draws on the terminal', () => {
  test('nothing is printed until the run is over, then everything in order', async t => {
    catchExit(t)
    const { notices, viaNx, written } = listen({ taken: 'by the terminal UI' })
    notices.warn(warning)
    await withEnv('NX_VERBOSE_LOGGING', 'true', () => notices.event('hit 1'))
    assert.deepEqual([...viaNx, ...written], [])
    notices.runIsOver()
    assert.match(
      written.join(''),
      /NX +No credentials\n\nSet AWS_PROFILE\.\nThe build goes on\.\n\nnx-s3-cache: hit 1\n$/,
    )
  })

  test('what is held appears at exit even where no cache was opened', t => {
    const exit = catchExit(t)
    const { notices, written } = listen({ taken: 'by the terminal UI' })
    notices.warn(warning)
    exit()
    assert.match(written.join(''), /No credentials/)
  })

  test('a warning that comes after the run appears at once', () => {
    const { notices, viaNx, written } = listen({ taken: 'by the terminal UI' })
    notices.runIsOver()
    notices.warn(warning)
    assert.deepEqual(viaNx, [])
    assert.equal(written.length, 1)
  })
})

describe('an error that ends the run', () => {
  test('is repeated on a clean screen, after everything else, since the terminal UI draws over what Nx prints', t => {
    const exit = catchExit(t)
    const { notices, written } = listen({ taken: 'by the terminal UI' })
    notices.warn(warning)
    notices.error('s3.buckett is not an option\nDid you mean "bucket"?')
    notices.error('s3.buckett is not an option\nDid you mean "bucket"?')
    notices.runIsOver()
    notices.line('2 misses')
    assert.equal(written.length, 0)
    exit(1)
    const [text = '', closed, ...more] = written
    assert.ok(text.includes('\x1b[2J'))
    assert.match(
      text,
      /No credentials[\s\S]*2 misses\n[\s\S]* NX .*s3\.buckett is not an option\n\nDid you mean "bucket"\?\n/,
    )
    assert.deepEqual([closed, ...more], ['[closed]'])
  })

  test('is left to Nx everywhere else', () => {
    for (const taken of [false, 'by a live list'] as const) {
      const { notices, viaNx, written } = listen({ taken })
      notices.error('s3.buckett is not an option')
      notices.runIsOver()
      assert.deepEqual([...viaNx, ...written], [])
    }
  })
})

test('events appear in verbose runs only', async () => {
  const native = new FakeNative()
  const { notices, written } = listen()
  native.events = ['hit 1']
  await withEnv('NX_VERBOSE_LOGGING', undefined, () => notices.report(native.native))
  assert.deepEqual(written, [])
  native.events = ['hit 2']
  await withEnv('NX_VERBOSE_LOGGING', 'true', () => notices.report(native.native))
  assert.deepEqual(written, ['nx-s3-cache: hit 2\n'])
})
