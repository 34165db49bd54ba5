// Loads the package in a fresh process as Nx does, and prints how long that took.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'

const require = createRequire(join(process.cwd(), 'nx.json'))
// Nx has loaded these of its own modules when it asks for its cache.
const loaded = ['config/nx-json', 'utils/output', 'tasks-runner/cache', 'tasks-runner/forked-process-task-runner']
for (const path of loaded) require(`nx/src/${path}`)

const started = performance.now()
const { getRemoteCache } = await import(require.resolve('@nx/s3-cache'))
const imported = performance.now()
if (!(await getRemoteCache())) throw new Error('there is no cache')
const answered = performance.now()
const times = { importMs: imported - started, answerMs: answered - imported, totalMs: answered - started }
process.stdout.write(JSON.stringify(times))
process.exit()
