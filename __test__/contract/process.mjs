// A process that uses the package as Nx does: `node process.mjs <job>`, a JSON file with its steps. Results go to the
// job's file `results`, and not to standard output, as everything that the package prints would be among them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const job = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const results = []
const warnings = []

for (const stream of ['stdout', 'stderr']) {
  process[stream].write = text => {
    warnings.push(String(text))
    return true
  }
}

const calls = {
  retrieve: (cache, { hash }) => cache.retrieve(hash, job.directory),
  store: (cache, { hash, output = '', code = 0 }) => cache.store(hash, job.directory, output, code),
}

process.on('exit', () => {
  writeFileSync(job.results, JSON.stringify({ results, warnings: warnings.join('') }))
})

const { getRemoteCache } = createRequire(import.meta.url)('../../dist/index.js')
try {
  const cache = await getRemoteCache()
  results.push(cache ? 'a cache' : 'no cache')
  for (const step of cache ? job.steps : []) {
    const each = Array.isArray(step) ? step : [step]
    const answers = await Promise.all(each.map(({ call, ...step }) => calls[call](cache, step)))
    results.push(Array.isArray(step) ? answers : answers[0])
  }
} catch (error) {
  results.push({ rejected: String(error.message) })
}
if (job.waitFor) while (!existsSync(job.waitFor)) await new Promise(resolve => setTimeout(resolve, 10))
process.exit(job.exitCode ?? 0)
