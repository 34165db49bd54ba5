// MinIO, one node. Archived upstream; what is built is its last commit.
import { join } from 'node:path'
import { fromGo } from './install.mjs'
import { onePrefix, publicReads, readOnly } from './policies.mjs'
import { freePorts, Processes } from './processes.mjs'

const version = 'v0.0.0-20260212201848-7aac2a2c5b7c'
const keys = { id: 'minioadmin', secret: 'minioadmin-secret' }

export const minio = {
  name: 'minio',
  title: 'MinIO',
  version: 'its last commit (2026-02-12)',
  settings: '`forcePathStyle`, unless `MINIO_DOMAIN` is set',
  install: () => fromGo(`minio-${version}`, `github.com/minio/minio@${version}`),
  async start(directory, installed) {
    const [port, console] = await freePorts(2)
    const address = ['--address', `127.0.0.1:${port}`, '--console-address', `127.0.0.1:${console}`]
    const env = {
      ...process.env,
      MINIO_ROOT_USER: keys.id,
      MINIO_ROOT_PASSWORD: keys.secret,
      MINIO_DOMAIN: 's3.localhost',
      MINIO_CI_CD: 'true', // a directory on the system's disk will do
    }
    const processes = new Processes(join(directory, 'logs'))
    processes.start(join(installed, 'bin', 'minio'), ['server', ...address, join(directory, 'storage')], { env })
    const endpoint = `http://127.0.0.1:${port}`
    const ready = () =>
      fetch(`${endpoint}/minio/health/ready`).then(
        answer => answer.ok,
        () => false,
      )
    await processes.until(ready, 'MinIO is never ready')
    return {
      endpoint,
      hostStyle: `http://s3.localhost:${port}`,
      keys,
      publicBucket: 'public',
      policies: { public: publicReads },
      // Keys on time may do less than who asks for them, as their policy says.
      sts: { endpoint, roleArn: 'arn:minio:iam:::role/any' },
      readOnlyKey: { policy: readOnly() },
      prefixKey: { policy: onePrefix() },
      stop: () => processes.stop(),
    }
  },
}
