import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { loadNative, type Machine } from '../ts/native'

const linux = 'linux-x64-gnu'

function explain(answers: Record<string, Error>, over: Partial<Machine> = {}): string {
  const loaded = loadNative({
    target: () => linux,
    libraryPath: undefined,
    require: id => {
      throw (
        answers[id] ??
        Object.assign(new Error(`Cannot find module '${id}'\nRequire stack: …`), { code: 'MODULE_NOT_FOUND' })
      )
    },
    ...over,
  })
  assert.ok('problem' in loaded)
  assert.match(loaded.problem.title, /S3 remote cache is off/)
  return loaded.problem.body.join('\n')
}

test('the native module comes from the loader beside this package', () => {
  const module = { NativeCache: class {} }
  const loaded = loadNative({
    target: () => linux,
    libraryPath: undefined,
    require: id => (id === '../index.js' ? module : null),
  })
  assert.equal(loaded, module)
})

test('a platform we build nothing for hears which ones there are, and how to build', () => {
  const text = explain({}, { target: () => 'freebsd-x64' })
  assert.match(text, /no binary for freebsd-x64.*linux-x64-gnu/)
  assert.match(text, /build:release.*NX_S3_CACHE_LIBRARY_PATH/)
})

test('a platform package that is not installed is named, with the usual causes', () => {
  const text = explain({})
  assert.match(text, /nx-s3-cache-linux-x64-gnu/)
  assert.match(text, /--omit=optional/)
  assert.match(text, /lockfile/)
  assert.match(text, /local cache only/)
})

test('a platform package that does not load says what the system said', () => {
  const error = Object.assign(new Error("/lib/libc.so.6: version `GLIBC_2.38' not found"), {
    code: 'ERR_DLOPEN_FAILED',
  })
  assert.match(explain({ 'nx-s3-cache-linux-x64-gnu': error }), /installed but does not load: .*GLIBC_2\.38/)
})

test('NX_S3_CACHE_LIBRARY_PATH is loaded first, relative to the working directory', () => {
  const asked: string[] = []
  const module = { NativeCache: class {} }
  const require = (id: string) => {
    asked.push(id)
    return module
  }
  assert.equal(loadNative({ target: () => linux, libraryPath: 'own.node', require }), module)
  assert.deepEqual(asked, [resolve('own.node')])
})

test('a wrong NX_S3_CACHE_LIBRARY_PATH is named rather than passed over', () => {
  assert.match(
    explain({}, { libraryPath: 'own.node' }),
    /NX_S3_CACHE_LIBRARY_PATH names own\.node, which does not load: Cannot find/,
  )
})
