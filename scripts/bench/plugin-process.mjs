// What Nx's process for the plugin does in a run: its hook before the first task, and the one after the last.
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(join(process.cwd(), 'nx.json'))
const { preTasksExecution, postTasksExecution } = require('@nx/s3-cache/dist/plugin.js')
const run = { id: 'bench', argv: [] }
await preTasksExecution({}, run)
const names = ['NX_SELF_HOSTED_REMOTE_CACHE_SERVER', 'NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN']
process.send(Object.fromEntries(names.map(name => [name, process.env[name]])))
process.once('message', async () => {
  await postTasksExecution({}, run)
  process.exit()
})
