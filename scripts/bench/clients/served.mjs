// nx-s3-cache on the second way: Nx's own client of a self-hosted cache, and the plugin's server in a process of its own.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { open as openClient } from './http.mjs'

const plugin = fileURLToPath(new URL('../plugin-process.mjs', import.meta.url))

export async function open() {
  const server = fork(plugin, { cwd: process.cwd(), env: process.env })
  const [environment] = await once(server, 'message')
  Object.assign(process.env, environment)
  const finish = async () => {
    server.send('finish')
    await once(server, 'exit')
  }
  process.on('exit', () => server.kill())
  return { ...(await openClient()), finish }
}
