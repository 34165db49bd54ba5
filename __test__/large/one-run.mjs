// One run of the native cache in a process of its own: `one-run.mjs store|retrieve HASH DIRECTORY SECTION`.
// Prints the time and the memory it took beyond an idle process with the addon loaded.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { performance } from 'node:perf_hooks'

const { NativeCache } = createRequire(import.meta.url)('../../index.js')
const [action, hash, directory, section] = process.argv.slice(2)

const mebibytes = name => Number(readFileSync('/proc/self/status', 'utf8').match(`${name}:\\s+(\\d+) kB`)[1]) / 1024

const cache = NativeCache.open({ section, workspaceRoot: directory, ci: false, verbose: true })
const idle = mebibytes('VmRSS')
const began = performance.now()
if (action === 'store') {
  await cache.store(hash, directory, 'large\n', 0)
  if (cache.flush(590_000).length > 0) throw new Error('the upload did not end')
  if (cache.summary().stored !== 1) throw new Error(cache.takeEvents().join('\n'))
} else if (!(await cache.retrieve(hash, directory))) {
  throw new Error(cache.takeEvents().join('\n'))
}
const seconds = (performance.now() - began) / 1000
process.stdout.write(`${action} ${seconds.toFixed(1)} s, ${(mebibytes('VmHWM') - idle).toFixed(0)} MiB over idle\n`)
